/**
 * LatestMarkets: the newest this process has heard of each market.
 *
 * In: ticks as they are framed, or live ticks of `md.v1.>`. Out: quote, ticker, funding and book of a market, each with
 * the time at which its subscription was last alive. Promises: after a gap nothing from before it is told; a book is
 * only told while every delta is proven to follow, so one whose deltas have no numbers, or of which live ticks left
 * some out, waits for the next snapshot. Holds 10,000 markets; then those silent for a minute go, or the new one does.
 */
import { Effect, Metric, Schedule, Stream } from "effect"
import { Book } from "../domain/Book.ts"
import type { LatestKind } from "../domain/MarketQuery.ts"
import * as Subject from "../domain/Subject.ts"
import type { Tick, TickOf } from "../domain/Tick.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { Bus, type LiveMessage } from "../layers/Bus.ts"

export const BOOK_LEVELS = 50
const MAX_MARKETS = 10_000
const SILENT_MS = 60_000
const LIVE_CAPACITY = 8_192

const refusedTotal = Metric.counter("latest_markets_refused_total", {
  description: "Ticks of markets for which the table of newest values had no room",
})

export interface Latest<K extends LatestKind = LatestKind> {
  readonly tick: TickOf<K>
  /** Ingest time of the last tick or heartbeat of the subscription. */
  readonly asOf: number
}

export type Touch = Pick<TickOf<"quote">, "bid" | "ask">

/** One market. */
export class LatestMarket {
  readonly venue: string
  readonly instrument: string
  heardAtMs = 0
  quote: TickOf<"quote"> | undefined
  ticker: TickOf<"ticker"> | undefined
  funding: TickOf<"funding"> | undefined
  #book: Book | undefined
  #bookTick: TickOf<"book"> | undefined
  /** Made of the book when somebody asks; forgotten when it changes. */
  #shown: { readonly book: TickOf<"book">; readonly quote: TickOf<"quote"> | undefined } | undefined

  constructor(venue: string, instrument: string) {
    this.venue = venue
    this.instrument = instrument
  }

  push(tick: Tick): void {
    this.heardAtMs = Math.max(this.heardAtMs, tick.ingestTime)
    switch (tick.kind) {
      case "quote":
        this.quote = tick
        break
      case "ticker":
        this.ticker = tick
        break
      case "funding":
        this.funding = tick
        break
      case "book":
        this.#apply(tick)
        break
      case "gap":
        this.#forget(tick.ingestTime)
        break
      case "trade":
      case "candle":
      case "heartbeat":
        break
    }
  }

  get(kind: LatestKind): TickOf<LatestKind> | undefined {
    switch (kind) {
      case "quote":
        return this.quote ?? this.#show()?.quote
      case "ticker":
        return this.ticker
      case "funding":
        return this.funding
      case "book":
        return this.#show()?.book
    }
  }

  /** The best bid and ask alone. */
  get touch(): Touch | undefined {
    if (this.quote !== undefined) return this.quote
    const book = this.#book
    if (book === undefined || book.state !== "synced" || book.crossed) return undefined
    const bid = book.bids.at(0), ask = book.asks.at(0)
    return bid === undefined || ask === undefined ? undefined : { bid: bid[0], ask: ask[0] }
  }

  /** Live ticks of different kinds may change places within 20 ms: what is newer than the gap stays. */
  #forget(gapMs: number): void {
    const kept = <T extends Tick>(tick: T | undefined) =>
      tick !== undefined && tick.ingestTime > gapMs ? tick : undefined
    this.quote = kept(this.quote)
    this.ticker = kept(this.ticker)
    this.funding = kept(this.funding)
    if (kept(this.#bookTick) !== undefined) return
    this.#shown = undefined
    this.#book?.break()
  }

  #apply(tick: TickOf<"book">): void {
    this.#shown = undefined
    const book = this.#book ??= new Book()
    if (tick.snapshot) book.apply(tick)
    else if (book.state !== "synced") return
    else if (tick.seq === null || (tick.firstSeq === null && tick.prevSeq === null)) book.break()
    else book.apply(tick)
    this.#bookTick = tick
  }

  #show() {
    const book = this.#book, last = this.#bookTick
    if (book === undefined || last === undefined || book.state !== "synced" || book.crossed) return undefined
    return this.#shown ??= shownOf(book, last)
  }
}

const shownOf = (book: Book, { ingestTime, instrument, venue, venueTime }: TickOf<"book">) => {
  const origin = { v: 1, venue, instrument, venueTime, ingestTime, seq: book.seq } as const
  const bid = book.bids.at(0), ask = book.asks.at(0)
  const whole: TickOf<"book"> = {
    ...origin,
    kind: "book",
    snapshot: true,
    firstSeq: null,
    prevSeq: null,
    bids: book.bids.levels(BOOK_LEVELS),
    asks: book.asks.levels(BOOK_LEVELS),
  }
  const quote: TickOf<"quote"> | undefined = bid === undefined || ask === undefined
    ? undefined
    : { ...origin, kind: "quote", bid: bid[0], bidSize: bid[1], ask: ask[0], askSize: ask[1] }
  return { book: whole, quote }
}

export class LatestMarkets {
  readonly #markets = new Map<string, LatestMarket>()
  /** Ticks for which there was no room. */
  refused = 0

  /** The tick's market; none where there was no room. */
  push(tick: Tick): LatestMarket | undefined {
    const key = `${tick.venue}|${tick.instrument}`
    let market = this.#markets.get(key)
    if (market === undefined) {
      if (this.#markets.size >= MAX_MARKETS) this.#forget(tick.ingestTime - SILENT_MS)
      if (this.#markets.size >= MAX_MARKETS) {
        this.refused++
        return undefined
      }
      market = new LatestMarket(tick.venue, tick.instrument)
      this.#markets.set(key, market)
    }
    market.push(tick)
    return market
  }

  get(kind: LatestKind, venue: string, instrument: string): Latest | undefined {
    const market = this.#markets.get(`${venue}|${instrument}`), tick = market?.get(kind)
    return market === undefined || tick === undefined ? undefined : { tick, asOf: market.heardAtMs }
  }

  all(): IterableIterator<LatestMarket> {
    return this.#markets.values()
  }

  #forget(beforeMs: number): void {
    for (const [key, market] of this.#markets) if (market.heardAtMs < beforeMs) this.#markets.delete(key)
  }
}

const decoder = new TextDecoder()

/** Notices of conflation and the like are no ticks; a book notices by its numbers what was left out. */
const hear = (table: LatestMarkets, { data }: LiveMessage): void => {
  const tick = TickCodec.fromLine(decoder.decode(data))
  if (!TickCodec.isBad(tick)) table.push(tick)
}

const again = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("2 seconds")]).pipe(Schedule.jittered)

/** Hears `md.v1.>` into the table until interrupted; while the bus is away nothing is heard and everything ages. */
export const follow = (table: LatestMarkets): Effect.Effect<never, never, Bus> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const listening = Stream.runForEach(bus.subscribeLive(Subject.ALL_LIVE, LIVE_CAPACITY), (message) =>
      Effect.suspend(() => {
        const before = table.refused
        hear(table, message)
        return table.refused === before ? Effect.void : Metric.update(refusedTotal, table.refused - before)
      }))
    return yield* listening.pipe(
      Effect.tapError((error) =>
        Effect.logDebug("live ticks are not heard", error.reason)
      ),
      Effect.retry(again),
      Effect.andThen(Effect.never),
      Effect.orDie,
    )
  })
