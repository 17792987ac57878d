/**
 * Detect: frames of one partition in, candidates out.
 *
 * In: frames in stream order. Out: candidates in tick order. Promises: a pure function of the frames and the
 * configuration; after `restore` and the muted frames since `rewindTo` it stands exactly where the snapshot was taken;
 * a tick it cannot use is counted by reason and costs nothing else.
 */
import { Option, Schema } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import * as Frame from "../domain/Frame.ts"
import * as Instrument from "../domain/Instrument.ts"
import type { TickOf } from "../domain/Tick.ts"
import type { Candidate } from "./detectors/Candidate.ts"
import { Conversions, isConversion } from "./detectors/Conversions.ts"
import { CrossExchange } from "./detectors/CrossExchange.ts"
import { makeSlot, type Slot, type SlotNote } from "./detectors/Slot.ts"

/** A quoted instrument as it stood at a checkpoint; deep books are rebuilt from the stream instead. */
export const QuoteState = Schema.Struct({
  venue: Schema.String,
  instrument: Schema.String,
  reference: Schema.Boolean,
  bid: Schema.String,
  bidSize: Schema.String,
  ask: Schema.String,
  askSize: Schema.String,
  seq: Schema.NullOr(Schema.Int),
  seenAt: Schema.Int,
  stampedAt: Schema.Int,
  ordinal: Schema.Int,
})
export type QuoteState = typeof QuoteState.Type

/** A side that holds nothing. */
const EMPTY_LEVEL = ["0", "0"] as const

/** How a series of a frame is served. */
interface Series {
  readonly series: Frame.Series
  /** Null: it takes no part (no fee, unknown contract size), which `notes` tells. */
  readonly slot: Slot | null
}

export class Detect {
  readonly #config: DetectConfig
  readonly #conversions: Conversions
  readonly #crossExchange: CrossExchange
  readonly #series = new Map<string, Series | null>()
  readonly #slots = new Map<string, Slot>()
  /** Stream sequence of the message that holds the last full book of each deep slot. */
  readonly #bookFrom = new Map<Slot, number>()
  #sequence = 0
  #muted = false
  ticks = 0
  /** Ingest time of the newest tick, ms. */
  now = 0
  /** What the operator must know, by "venue|instrument". */
  readonly notes = new Map<string, ReadonlyArray<SlotNote>>()
  /** Ticks that were no use: malformed in the frame, or leaving a crossed book. */
  readonly refused = new Map<string, number>()

  constructor(config: DetectConfig) {
    this.#config = config
    this.#conversions = new Conversions(config.parity)
    this.#crossExchange = new CrossExchange(config, this.#conversions)
  }

  get checks(): number {
    return this.#crossExchange.checks
  }

  get rejected(): ReadonlyMap<string, number> {
    return this.#crossExchange.rejected
  }

  release(fingerprint: string): void {
    this.#crossExchange.release(fingerprint)
  }

  watch(fingerprint: string): void {
    this.#crossExchange.watch(fingerprint)
  }

  /**
   * All ticks of one frame. `sequence` is its message's place in the stream (0 outside one). Muted: books are rebuilt,
   * quotes are left as restored, nothing is checked.
   */
  frame(frame: Frame.Frame, sequence: number, out: Array<Candidate>, muted = false): void {
    this.#sequence = sequence
    this.#muted = muted
    const series = frame.d.map((text) => this.#resolve(text))
    let q = 0, quote = 0, other = 0
    for (let k = 0; k < frame.s.length; k++) {
      const known = series[frame.s[k] ?? -1]
      if (known === undefined || known === null) {
        this.#refuse("unknown_series")
        return
      }
      const at = frame.t + (frame.i[k] ?? 0)
      if (at > this.now) this.now = at
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
        case "trade":
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
    }
    if (!muted) this.ticks += frame.s.length
  }

  /** Quotes as they stand, for a checkpoint. */
  snapshot(): ReadonlyArray<QuoteState> {
    return [...this.#slots].flatMap(([key, slot]) => {
      const { asks, bids, fromQuotes, seq } = slot.book
      if (!fromQuotes) return []
      const { at, ordinal } = slot.lastStamp("quote")
      const bid = bids.at(0) ?? EMPTY_LEVEL, ask = asks.at(0) ?? EMPTY_LEVEL
      return [{
        venue: slot.venue,
        instrument: slot.instrument.name,
        reference: key.startsWith("ref:"),
        bid: bid[0],
        bidSize: bid[1],
        ask: ask[0],
        askSize: ask[1],
        seq,
        seenAt: slot.seenAt,
        stampedAt: at,
        ordinal,
      }]
    })
  }

  /** From this stream sequence on, the stream rebuilds every deep book; none: there are none. */
  get rewindTo(): Option.Option<number> {
    const deep = [...this.#bookFrom].filter(([slot]) => !slot.book.fromQuotes).map(([, sequence]) => sequence)
    return deep.length === 0 ? Option.none() : Option.some(Math.min(...deep))
  }

  restore(quotes: ReadonlyArray<QuoteState>): void {
    for (const quote of quotes) {
      const mark = quote.reference ? "|ref" : ""
      const slot = this.#resolve(`${quote.venue}|${quote.instrument}|quote${mark}`)?.slot
      if (slot === null || slot === undefined) continue
      slot.quote(quote.bid, quote.bidSize, quote.ask, quote.askSize, quote.seq)
      slot.restoreStamp("quote", quote.stampedAt, quote.ordinal)
      slot.seenAt = quote.seenAt
    }
    this.#conversions.changed()
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
    const tick: TickOf<"book"> = {
      v: 1,
      venue: slot.venue,
      instrument: slot.instrument.name,
      venueTime: null,
      ingestTime: at,
      kind: "book",
      seq,
      ...event,
    }
    if (known.series.mark === "refresh") return this.#refresh(slot, tick)
    const ordinal = slot.stamp("book", at)
    const applied = slot.event(tick)
    if (tick.snapshot) this.#bookFrom.set(slot, this.#sequence)
    if (applied === "applied") this.#changed(known, slot, "book", at, ordinal, out)
    if (applied === "gap") {
      this.#refuse("sequence_gap")
      if (!this.#muted) this.#crossExchange.check(slot, "gap", at, ordinal, out)
    }
  }

  /** A full book again: only for readers that have none yet. */
  #refresh(slot: Slot, tick: TickOf<"book">): void {
    const synced = slot.book.state === "synced" && !slot.book.fromQuotes
    if (!synced) {
      slot.event(tick)
      slot.seenAt = tick.ingestTime
    }
    this.#bookFrom.set(slot, this.#sequence)
  }

  #gap(known: Series, at: number, out: Array<Candidate>): void {
    const { slot } = known
    if (slot === null) return
    if (this.#muted && slot.book.fromQuotes) return
    slot.break()
    if (known.series.mark === "ref") this.#conversions.changed()
    else if (!this.#muted) this.#crossExchange.check(slot, "gap", at, 0, out)
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
    if (known.series.mark !== "ref" && !this.#muted) this.#crossExchange.check(slot, kind, at, ordinal, out)
  }

  #refuse(reason: string): void {
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
    if (notes.length > 0) this.notes.set(`${series.venue}|${series.instrument}`, notes)
    if (Option.isNone(slot)) return null
    this.#slots.set(key, slot.value)
    if (isConversion(instrument)) this.#conversions.add(slot.value)
    if (!reference) this.#crossExchange.add(slot.value)
    return slot.value
  }
}
