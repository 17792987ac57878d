/**
 * Detect: frames of one partition in, candidates out, by the detectors whose partition this is.
 *
 * In: frames in stream order. Out: candidates in tick order. Promises: a pure function of the frames and the
 * configuration; after `restore` and the muted frames since `rewindTo` it stands exactly where the snapshot was taken;
 * a tick it cannot use is counted by reason and costs nothing else.
 */
import { Option } from "effect"
import type { Suspicion } from "../domain/AssetIdentity.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Frame from "../domain/Frame.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { RejectionReason } from "../domain/Opportunity.ts"
import type { BookUpdate } from "../domain/Book.ts"
import type { Candidate } from "./detectors/Candidate.ts"
import { type DetectState, resumeSlot, type SlotState, slotState } from "./DetectState.ts"
import { Conversions, isConversion } from "./detectors/Conversions.ts"
import { detectorsOf } from "./detectors/All.ts"
import type { BookTrigger, CandleEvent, Detector, FundingEvent } from "./detectors/Detector.ts"
import type { Revalue } from "./Outcomes.ts"
import { makeSlot, type Slot, type SlotNote } from "./detectors/Slot.ts"

/** How a series of a frame is served. */
interface Series {
  readonly series: Frame.Series
  /** Null: it takes no part (no fee, unknown contract size), which `notes` tells. */
  readonly slot: Slot | null
}

/** What is read on the books as they stood at an instant, before a later tick changes them. */
export interface Followed {
  readonly dueAt: number
  readonly advance: (nowMs: number, revalue: Revalue) => void
}

const NOBODY: Followed = { dueAt: Infinity, advance: () => {} }

export class Detect {
  readonly #config: DetectConfig
  readonly #conversions: Conversions
  readonly #detectors: ReadonlyArray<Detector>
  /** Ticks of a venue's own partition are counted where their asset's is worked off. */
  readonly #counted: boolean
  readonly #followed: Followed
  readonly #series = new Map<string, Series | null>()
  readonly #slots = new Map<string, Slot>()
  /** Stream sequence of the message from which on each slot's book events matter: its last full book, or its break. */
  readonly #bookFrom = new Map<Slot, number>()
  #sequence = 0
  #muted = false
  /** What `restore` was given, until `resume`. */
  #restored: DetectState = { slots: [], detectors: {} }
  ticks = 0
  /** Ingest time of the newest tick, ms. */
  now = 0
  /** What the operator must know, by "venue|instrument". */
  readonly notes = new Map<string, ReadonlyArray<SlotNote>>()
  /** Ticks that were no use: malformed in the frame, or leaving a crossed book. */
  readonly refused = new Map<string, number>()

  constructor(config: DetectConfig, partition: Frame.Partition, followed: Followed = NOBODY) {
    this.#config = config
    this.#followed = followed
    this.#conversions = new Conversions(config.parity)
    this.#detectors = detectorsOf(config, partition, this.#conversions)
    this.#counted = typeof partition === "number"
  }

  get checks(): number {
    return this.#detectors.reduce((sum, { checks }) => sum + checks, 0)
  }

  /** By reason, of all detectors. */
  get rejected(): ReadonlyMap<RejectionReason, number> {
    const sums = new Map<RejectionReason, number>()
    for (const { rejected } of this.#detectors) {
      for (const [reason, count] of rejected) sums.set(reason, (sums.get(reason) ?? 0) + count)
    }
    return sums
  }

  /** Doubts about identities since the last call. */
  takeSuspicions(): ReadonlyArray<Suspicion> {
    return this.#detectors.flatMap((detector) => detector.takeSuspicions?.() ?? [])
  }

  release(fingerprint: string): void {
    for (const detector of this.#detectors) detector.release(fingerprint)
  }

  watch(fingerprint: string): void {
    for (const detector of this.#detectors) detector.watch(fingerprint)
  }

  /** Whether the indicators of a market confirm a direction; null: they are not known now. */
  confirms(venue: string, instrument: string, direction: "buy" | "sell", atMs: number): boolean | null {
    for (const detector of this.#detectors) {
      const answer = detector.confirms?.(venue, instrument, direction, atMs) ?? null
      if (answer !== null) return answer
    }
    return null
  }

  /** What a plan once told would bring now; the reason where it cannot be had, null for a route unknown here. */
  readonly #revalue: Revalue = (fingerprint, size, atMs) => {
    for (const detector of this.#detectors) {
      const found = detector.revalue(fingerprint, size, atMs)
      if (found !== null) return found
    }
    return null
  }

  /**
   * All ticks of one frame. `sequence` is its message's place in the stream (0 outside one). Muted: books are rebuilt,
   * quotes are left as restored, nothing is checked.
   */
  frame(frame: Frame.Frame, sequence: number, out: Array<Candidate>, muted = false): void {
    this.#sequence = sequence
    this.#muted = muted
    const series = frame.d.map((text) => this.#resolve(text))
    let q = 0, quote = 0, trade = 0, other = 0, told = out.length
    for (let k = 0; k < frame.s.length; k++) {
      const known = series[frame.s[k] ?? -1]
      if (known === undefined || known === null) {
        this.#refuse("unknown_series")
        return
      }
      const at = frame.t + (frame.i[k] ?? 0)
      if (at > this.now) this.now = at
      if (at > this.#followed.dueAt && !muted) this.#followed.advance(at, this.#revalue)
      switch (known.series.kind) {
        case "quote": {
          const n = quote++
          this.#quote(
            known,
            at,
            frame.b[n] ?? "",
            frame.B[n] ?? "",
            frame.a[n] ?? "",
            frame.A[n] ?? "",
            frame.q[q++] ?? null,
            out,
          )
          break
        }
        case "book":
          this.#book(known, at, Frame.bookEvent(frame.x[other++]), frame.q[q++] ?? null, out)
          break
        case "trade": {
          const n = trade++
          this.#trade(known, at, frame.P[n] ?? "", frame.Z[n] ?? "", frame.S[n] === "b" ? "buy" : "sell", out)
          break
        }
        case "funding":
          this.#funding(known, at, Frame.fundingEvent(frame.x[other++]), out)
          break
        case "candle":
          this.#candle(known, at, Frame.candleEvent(frame.x[other++]), out)
          break
        case "heartbeat":
          other++
          if (known.slot !== null && at > known.slot.seenAt) known.slot.seenAt = at
          break
        case "gap":
          other++
          this.#gap(known, at, out)
          break
        default:
          other++
      }
      if (out.length > told) {
        this.#measured(out, told)
        told = out.length
      }
    }
    if (!muted && this.#counted) this.ticks += frame.s.length
  }

  /** Everything but deep books, for a checkpoint. */
  snapshot(): DetectState {
    const detectors = Object.fromEntries(this.#detectors.map((detector) => [detector.name, detector.snapshot()]))
    const slots = [...this.#slots].map(([key, slot]) => slotState(slot, key.startsWith("ref:")))
    return { slots, detectors }
  }

  /** From this stream sequence on, the stream rebuilds every deep book; none: there are none. */
  get rewindTo(): Option.Option<number> {
    const needed = [...this.#bookFrom].filter(([{ book }]) =>
      (book.state === "synced" && !book.fromQuotes) || book.waiting > 0
    )
    return needed.length === 0 ? Option.none() : Option.some(Math.min(...needed.map(([, sequence]) => sequence)))
  }

  /** Before the muted frames ... */
  restore(state: DetectState): void {
    this.#restored = state
    for (const state of this.#restored.slots) {
      const slot = this.#restoredSlot(state)
      if (state.broken) slot?.break()
    }
  }

  /** ... and after them: what the stream does not tell again is put back. */
  resume(): void {
    for (const state of this.#restored.slots) {
      const slot = this.#restoredSlot(state)
      if (slot === null) continue
      resumeSlot(slot, state)
      this.now = Math.max(this.now, slot.seenAt)
    }
    for (const detector of this.#detectors) detector.restore(this.#restored.detectors[detector.name])
    this.#restored = { slots: [], detectors: {} }
    this.#conversions.changed()
  }

  #restoredSlot({ instrument, reference, venue }: SlotState): Slot | null {
    return this.#resolve(`${venue}|${instrument}|quote${reference ? "|ref" : ""}`)?.slot ?? null
  }

  #quote(
    known: Series,
    at: number,
    bid: string,
    bidSize: string,
    ask: string,
    askSize: string,
    seq: number | null,
    out: Array<Candidate>,
  ): void {
    const slot = known.slot
    if (slot === null || this.#muted) return
    const ordinal = slot.stamp("quote", at)
    slot.quote(bid, bidSize, ask, askSize, seq)
    if (slot.book.fromQuotes) this.#changed(known, slot, "quote", at, ordinal, out)
  }

  #book(
    known: Series,
    at: number,
    event: ReturnType<typeof Frame.bookEvent>,
    seq: number | null,
    out: Array<Candidate>,
  ): void {
    const { slot } = known
    if (slot === null) return
    if (event === null) return this.#refuse("malformed_book")
    const update: BookUpdate = { seq, ...event }
    if (known.series.mark === "refresh") return this.#refresh(slot, update, at)
    const ordinal = slot.stamp("book", at)
    // A snapshot that deltas waited for is whole only with them.
    const from = slot.book.waiting > 0 && update.snapshot ? this.#bookFrom.get(slot) : undefined
    const applied = slot.event(update)
    if (update.snapshot || applied === "gap" || !this.#bookFrom.has(slot)) {
      this.#bookFrom.set(slot, from ?? this.#sequence)
    }
    if (applied === "applied") this.#changed(known, slot, "book", at, ordinal, out)
    if (applied === "gap") {
      this.#refuse("sequence_gap")
      this.#tell(slot, "gap", at, ordinal, out)
    }
  }

  /** A full book again: only for readers that have none yet. */
  #refresh(slot: Slot, update: BookUpdate, at: number): void {
    const synced = slot.book.state === "synced" && !slot.book.fromQuotes
    const from = slot.book.waiting > 0 ? this.#bookFrom.get(slot) : undefined
    if (!synced) {
      slot.event(update)
      slot.seenAt = at
    }
    this.#bookFrom.set(slot, from ?? this.#sequence)
  }

  #gap(known: Series, at: number, out: Array<Candidate>): void {
    const { slot } = known
    if (slot === null) return
    slot.break()
    if (this.#bookFrom.has(slot)) this.#bookFrom.set(slot, this.#sequence)
    if (isConversion(slot.instrument)) this.#conversions.changed()
    if (known.series.mark !== "ref") this.#tell(slot, "gap", at, 0, out)
  }

  #changed(
    known: Series,
    slot: Slot,
    kind: "quote" | "book",
    at: number,
    ordinal: number,
    out: Array<Candidate>,
  ): void {
    if (slot.book.crossed) this.#refuse("crossed_book")
    if (known.series.mark === "ref" || isConversion(slot.instrument)) this.#conversions.changed()
    if (known.series.mark === "ref" || this.#muted) return
    slot.measure(at)
    this.#tell(slot, kind, at, ordinal, out)
  }

  #tell(slot: Slot, kind: BookTrigger, at: number, ordinal: number, out: Array<Candidate>): void {
    if (this.#muted) return
    for (const detector of this.#detectors) detector.book(slot, kind, at, ordinal, out)
  }

  /** Candidates from `from` on are told with the volatility of their markets now: later ticks of the frame change it. */
  #measured(out: Array<Candidate>, from: number): void {
    for (let at = from; at < out.length; at++) {
      const candidate = out[at]
      if (candidate === undefined || candidate.plan === null) continue
      const volatility = candidate.plan.legs.map(({ instrument, venue }) =>
        this.#slots.get(`${venue}|${instrument}`)?.volatility.bps ?? null
      )
      out[at] = { ...candidate, volatility }
    }
  }

  #trade(
    { slot }: Series,
    at: number,
    price: string,
    size: string,
    side: "buy" | "sell",
    out: Array<Candidate>,
  ): void {
    if (slot === null || this.#muted) return
    const ordinal = slot.stamp("trade", at)
    for (const detector of this.#detectors) detector.trade?.(slot, { price, size, side }, at, ordinal, out)
  }

  #funding({ slot }: Series, at: number, event: FundingEvent | null, out: Array<Candidate>): void {
    if (slot === null || this.#muted) return
    if (event === null) return this.#refuse("malformed_funding")
    const ordinal = slot.stamp("funding", at)
    for (const detector of this.#detectors) detector.funding?.(slot, event, at, ordinal, out)
  }

  #candle({ slot }: Series, at: number, event: CandleEvent | null, out: Array<Candidate>): void {
    if (slot === null || this.#muted) return
    if (event === null) return this.#refuse("malformed_candle")
    const ordinal = slot.stamp("candle", at)
    for (const detector of this.#detectors) detector.candle?.(slot, event, at, ordinal, out)
  }

  #refuse(reason: string): void {
    if (this.#muted || !this.#counted) return
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + 1)
  }

  #resolve(text: string): Series | null {
    const hit = this.#series.get(text)
    if (hit !== undefined) return hit
    const series = Frame.parseSeries(text)
    const instrument = series === null ? Option.none() : Instrument.parse(series.instrument)
    const resolved = series === null || Option.isNone(instrument)
      ? null
      : { series, slot: this.#slot(series, instrument.value) }
    this.#series.set(text, resolved)
    return resolved
  }

  #slot(series: Frame.Series, instrument: Instrument.Instrument): Slot | null {
    const reference = series.mark === "ref"
    const key = `${reference ? "ref:" : ""}${series.venue}|${series.instrument}`
    const known = this.#slots.get(key)
    if (known !== undefined) return known
    const { notes, slot } = makeSlot(this.#config, series.venue, instrument)
    const told = [...notes]
    if (Option.isSome(slot)) {
      this.#slots.set(key, slot.value)
      if (isConversion(instrument)) this.#conversions.add(slot.value)
      for (const detector of reference ? [] : this.#detectors) {
        const note = detector.add(slot.value)
        if (note !== undefined) told.push(note)
      }
    }
    if (told.length > 0) this.notes.set(`${series.venue}|${series.instrument}`, told)
    return Option.getOrNull(slot)
  }
}
