/**
 * The feed of a replay with faults: it does with what arrives what the feeds of real venues do (src/layers/ccxt).
 *
 * In: arrivals of domain/Faults.ts. Out: feed events for Ingest, and what became of each fault. Promises: a repeated
 * event is ignored; one behind its time, or crossed, is refused by its reason and quarantined; a break in a book's
 * numbers, a lost connection and what was lost on our side are each announced by a `gap` tick at their place, and a
 * broken book says nothing until it is whole again. Pure: its time is the ticks'.
 */
import type { FaultPlan } from "../../domain/FaultPlan.ts"
import { type Arrival, Faults } from "../../domain/Faults.ts"
import type { FeedEvent } from "../../domain/Feed.ts"
import { Book } from "../../domain/Book.ts"
import { type BadTickReason, type GapReason, isCrossed, type Tick, type TickOf } from "../../domain/Tick.ts"
import { ClockOffset } from "../../layers/ccxt/ClockOffset.ts"
import { TimeGuard } from "../../layers/ccxt/Plausibility.ts"
import { fullBook } from "../../streams/Framing.ts"

const RAW_CHARACTERS = 2_000
const OFFSET_EVERY_MS = 1_000
/** Trades of an instrument remembered at most, to know a repeated one; then it begins anew. */
const TRADES_KEPT = 256

/** What a feed knows of one instrument. */
class Series {
  readonly book = new Book()
  quote: TickOf<"quote"> | null = null
  times = new TimeGuard(0)
  readonly trades = new Set<string>()
  /** Faults whose loss is not announced yet. */
  losses: Array<number> = []
}

/** What became of struck ticks, counted, by the fault's place in the plan. */
export type Fates = ReadonlyArray<Readonly<Record<string, number>>>

const count = (into: Record<string, number>, what: string, by = 1): void => {
  into[what] = (into[what] ?? 0) + by
}

export class FeedGuard {
  readonly #plan: FaultPlan
  readonly #faults: Faults
  readonly #series = new Map<string, Series>()
  readonly #offsets = new Map<string, ClockOffset>()
  readonly #fates: ReadonlyArray<Record<string, number>>
  /** When each broken book comes whole again, by series. */
  readonly #resyncs = new Map<string, { readonly venue: string; readonly instrument: string; readonly atMs: number }>()
  #offsetsSaidAt = -Infinity
  #events: Array<FeedEvent> = []
  #ticks: Array<Tick> = []

  constructor(plan: FaultPlan) {
    this.#plan = plan
    this.#faults = new Faults(plan)
    this.#fates = plan.faults.map(() => ({}))
  }

  /** What the service is told while these ticks should have come. */
  push(ticks: ReadonlyArray<Tick>): ReadonlyArray<FeedEvent> {
    for (const tick of ticks) {
      for (const arrival of this.#faults.push(tick)) this.#arrive(arrival, tick.ingestTime)
      this.#resynchronise(tick.ingestTime)
      this.#sayOffsets(tick.ingestTime)
    }
    return this.#take()
  }

  /** The recording's end. */
  end(atMs: number): ReadonlyArray<FeedEvent> {
    for (const arrival of this.#faults.flush()) this.#arrive(arrival, atMs)
    for (const { losses } of this.#series.values()) {
      for (const fault of losses.splice(0)) this.#fate(fault, "nothing came after it")
    }
    return this.#take()
  }

  /** Ticks struck, and outages, by the fault's place in the plan; and what became of them. */
  get report(): { readonly struck: ReadonlyArray<number>; readonly fates: Fates } {
    return { struck: this.#faults.struck, fates: this.#fates }
  }

  #take(): ReadonlyArray<FeedEvent> {
    this.#close()
    const events = this.#events
    this.#events = []
    return events
  }

  #close(): void {
    if (this.#ticks.length === 0) return
    this.#events.push({ _tag: "Ticks", ticks: this.#ticks })
    this.#ticks = []
  }

  #fate(fault: number | null, what: string): void {
    const into = fault === null ? undefined : this.#fates[fault]
    if (into !== undefined) count(into, what)
  }

  #arrive(arrival: Arrival, atMs: number): void {
    switch (arrival._tag) {
      case "Arrived":
        return this.#tick(arrival.tick, arrival.fault, atMs)
      case "Lost":
        return this.#lost(arrival.tick, arrival.fault)
      case "Down":
        for (const instrument of this.#faults.instruments(arrival.venue)) {
          this.#fate(arrival.fault, "announced by a gap (disconnect)")
          this.#break(arrival.venue, instrument, "disconnect", atMs)
        }
        return
      case "Up":
        for (const instrument of this.#faults.instruments(arrival.venue)) {
          this.#loadBook(arrival.venue, instrument, atMs)
        }
    }
  }

  #of(venue: string, instrument: string): Series {
    const key = `${venue}|${instrument}`
    let known = this.#series.get(key)
    if (known === undefined) this.#series.set(key, known = new Series())
    return known
  }

  #lost(tick: Tick, fault: number): void {
    if (this.#faults.isDown(tick.venue)) return this.#fate(fault, "ticks lost meanwhile")
    this.#of(tick.venue, tick.instrument).losses.push(fault)
  }

  #tick(tick: Tick, fault: number | null, atMs: number): void {
    const series = this.#of(tick.venue, tick.instrument)
    // What carries no numbers can only have been lost on our side of the socket, and there it is known.
    if (series.losses.length > 0 && !(tick.kind === "book" && tick.seq !== null && !tick.snapshot)) {
      this.#announce(series, tick, "overflow", atMs)
    }
    switch (tick.kind) {
      case "quote":
        return this.#quote(series, tick, fault)
      case "book":
        return this.#book(series, tick, fault, atMs)
      case "trade":
        if (series.trades.has(tick.tradeId)) return this.#fate(fault, "ignored")
        if (series.trades.size >= TRADES_KEPT) series.trades.clear()
        series.trades.add(tick.tradeId)
        return this.#tell(tick, fault)
      case "gap":
        series.book.break()
        return this.#tell(tick, fault)
      default:
        return this.#tell(tick, fault)
    }
  }

  #quote(series: Series, tick: TickOf<"quote">, fault: number | null): void {
    const before = series.quote
    if (isCrossed(tick.bid, tick.ask)) return this.#refuse(tick, "crossed", `bid ${tick.bid}, ask ${tick.ask}`, fault)
    if (before !== null && isRepeated(before, tick)) return this.#fate(fault, "ignored")
    const isBehind = tick.seq !== null && before?.seq !== null && before !== null && tick.seq < before.seq
    if (isBehind || (tick.venueTime !== null && !series.times.accepts(tick.venueTime))) {
      return this.#refuse(tick, "time_backwards", `quote ${tick.seq} at ${tick.venueTime}`, fault)
    }
    series.quote = tick
    this.#tell(tick, fault)
  }

  #book(series: Series, tick: TickOf<"book">, fault: number | null, atMs: number): void {
    const wasBroken = series.book.state === "broken"
    const applied = series.book.apply(tick)
    if (applied === "ignored") return this.#fate(fault, "ignored")
    if (applied === "gap") {
      this.#fate(fault, "broke its book")
      return this.#announce(series, tick, "sequence", atMs)
    }
    if (series.book.crossed) {
      this.#refuse(tick, "crossed", "book", fault)
      return this.#break(tick.venue, tick.instrument, "sequence", atMs)
    }
    if (applied === "buffered" && wasBroken) return this.#fate(fault, "came while its book was broken")
    if (tick.snapshot) this.#resyncs.delete(`${tick.venue}|${tick.instrument}`)
    this.#tell(tick, fault)
  }

  #tell(tick: Tick, fault: number | null): void {
    this.#fate(fault, "told")
    this.#ticks.push(tick)
    if (tick.venueTime === null || tick.kind === "ticker") return
    let offset = this.#offsets.get(tick.venue)
    if (offset === undefined) this.#offsets.set(tick.venue, offset = new ClockOffset())
    offset.observe(tick.ingestTime, tick.venueTime)
  }

  #refuse(tick: Tick, reason: BadTickReason, detail: string, fault: number | null): void {
    this.#fate(fault, `refused: ${reason}`)
    this.#close()
    const { ingestTime, instrument, venue } = tick
    const raw = JSON.stringify(tick).slice(0, RAW_CHARACTERS)
    this.#events.push({ _tag: "Bad", venue, instrument, reason, detail, raw, ingestTime })
  }

  #announce(series: Series, tick: Tick, reason: GapReason, atMs: number): void {
    for (const fault of series.losses.splice(0)) this.#fate(fault, `announced by a gap (${reason})`)
    this.#break(tick.venue, tick.instrument, reason, atMs)
  }

  /** Nothing of this instrument may be relied on until it is told anew. */
  #break(venue: string, instrument: string, reason: GapReason, ingestTime: number): void {
    this.#ticks.push({ v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason })
    const series = this.#of(venue, instrument)
    series.quote = null
    series.times = new TimeGuard(0)
    if (series.book.state === "empty") return
    series.book.break()
    const atMs = ingestTime + this.#plan.resyncAfterMs
    this.#resyncs.set(`${venue}|${instrument}`, { venue, instrument, atMs })
  }

  #resynchronise(nowMs: number): void {
    for (const { atMs, instrument, venue } of this.#resyncs.values()) {
      if (nowMs >= atMs && !this.#faults.isDown(venue)) this.#loadBook(venue, instrument, nowMs)
    }
  }

  /** The whole book, as a venue gives it to who asks. */
  #loadBook(venue: string, instrument: string, ingestTime: number): void {
    this.#resyncs.delete(`${venue}|${instrument}`)
    const known = this.#faults.book(venue, instrument)
    if (known === null) return
    const snapshot = fullBook({ ...known.newest, ingestTime }, known.book)
    this.#of(venue, instrument).book.apply(snapshot)
    this.#ticks.push(snapshot)
  }

  #sayOffsets(ingestTime: number): void {
    if (ingestTime - this.#offsetsSaidAt < OFFSET_EVERY_MS) return
    this.#offsetsSaidAt = ingestTime
    for (const [venue, offset] of this.#offsets) {
      const offsetMs = offset.news()
      if (offsetMs === null) continue
      this.#close()
      this.#events.push({ _tag: "ClockOffset", venue, offsetMs, ingestTime })
    }
  }
}

/** Whether a quote says again what the one before said, as far as the venue lets it be known. */
const isRepeated = (before: TickOf<"quote">, tick: TickOf<"quote">): boolean =>
  tick.seq === null
    ? tick.venueTime !== null && tick.venueTime === before.venueTime && tick.bid === before.bid &&
      tick.bidSize === before.bidSize && tick.ask === before.ask && tick.askSize === before.askSize
    : tick.seq === before.seq
