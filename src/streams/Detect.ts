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

const Stamp = Schema.Struct({ at: Schema.Int, ordinal: Schema.Int })

/**
 * An instrument as it stood at a checkpoint, in the order in which they were first heard of. Only books of quotes are
 * held here; deep ones are rebuilt from the stream instead.
 */
export const SlotState = Schema.Struct({
  venue: Schema.String,
  instrument: Schema.String,
  reference: Schema.Boolean,
  /** Its best level, where its book came from quotes. */
  quote: Schema.NullOr(Schema.Struct({
    bid: Schema.String,
    bidSize: Schema.String,
    ask: Schema.String,
    askSize: Schema.String,
    seq: Schema.NullOr(Schema.Int),
  })),
  broken: Schema.Boolean,
  /** Null: never. */
  seenAt: Schema.NullOr(Schema.Int),
  stamps: Schema.Struct({ quote: Stamp, book: Stamp }),
})
export type SlotState = typeof SlotState.Type

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
  /** Stream sequence of the message from which on each slot's book events matter: its last full book, or its break. */
  readonly #bookFrom = new Map<Slot, number>()
  #sequence = 0
  #muted = false
  /** What `restore` was given, until `resume`. */
  #restored: ReadonlyArray<SlotState> = []
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

  /** Everything but deep books, for a checkpoint. */
  snapshot(): ReadonlyArray<SlotState> {
    return [...this.#slots].map(([key, slot]) => {
      const { asks, bids, fromQuotes, seq, state } = slot.book
      const [bid, bidSize] = bids.at(0) ?? EMPTY_LEVEL, [ask, askSize] = asks.at(0) ?? EMPTY_LEVEL
      return {
        venue: slot.venue,
        instrument: slot.instrument.name,
        reference: key.startsWith("ref:"),
        quote: fromQuotes ? { bid, bidSize, ask, askSize, seq } : null,
        broken: state === "broken",
        seenAt: slot.seenAt === -Infinity ? null : slot.seenAt,
        stamps: { quote: slot.lastStamp("quote"), book: slot.lastStamp("book") },
      }
    })
  }

  /** From this stream sequence on, the stream rebuilds every deep book; none: there are none. */
  get rewindTo(): Option.Option<number> {
    const needed = [...this.#bookFrom].filter(([{ book }]) =>
      (book.state === "synced" && !book.fromQuotes) || book.waiting > 0
    )
    return needed.length === 0 ? Option.none() : Option.some(Math.min(...needed.map(([, sequence]) => sequence)))
  }

  /** Before the muted frames ... */
  restore(slots: ReadonlyArray<SlotState>): void {
    this.#restored = slots
    for (const state of slots) {
      const slot = this.#restoredSlot(state)
      if (state.broken) slot?.break()
    }
  }

  /** ... and after them: what the stream does not tell again is put back. */
  resume(): void {
    for (const state of this.#restored) {
      const slot = this.#restoredSlot(state)
      if (slot === null) continue
      const { quote, seenAt, stamps } = state
      if (quote !== null) slot.quote(quote.bid, quote.bidSize, quote.ask, quote.askSize, quote.seq)
      slot.restoreStamp("quote", stamps.quote.at, stamps.quote.ordinal)
      slot.restoreStamp("book", stamps.book.at, stamps.book.ordinal)
      slot.seenAt = seenAt ?? -Infinity
      this.now = Math.max(this.now, slot.seenAt)
    }
    this.#restored = []
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
    // A snapshot that deltas waited for is whole only with them.
    const from = slot.book.waiting > 0 && tick.snapshot ? this.#bookFrom.get(slot) : undefined
    const applied = slot.event(tick)
    if (tick.snapshot || applied === "gap" || !this.#bookFrom.has(slot)) {
      this.#bookFrom.set(slot, from ?? this.#sequence)
    }
    if (applied === "applied") this.#changed(known, slot, "book", at, ordinal, out)
    if (applied === "gap") {
      this.#refuse("sequence_gap")
      if (!this.#muted) this.#crossExchange.check(slot, "gap", at, ordinal, out)
    }
  }

  /** A full book again: only for readers that have none yet. */
  #refresh(slot: Slot, tick: TickOf<"book">): void {
    const synced = slot.book.state === "synced" && !slot.book.fromQuotes
    const from = slot.book.waiting > 0 ? this.#bookFrom.get(slot) : undefined
    if (!synced) {
      slot.event(tick)
      slot.seenAt = tick.ingestTime
    }
    this.#bookFrom.set(slot, from ?? this.#sequence)
  }

  #gap(known: Series, at: number, out: Array<Candidate>): void {
    const { slot } = known
    if (slot === null) return
    slot.break()
    if (this.#bookFrom.has(slot)) this.#bookFrom.set(slot, this.#sequence)
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
    if (this.#muted) return
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
