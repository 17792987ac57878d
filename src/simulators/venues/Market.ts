/**
 * One simulated market: what it publishes at each of its events.
 *
 * In: its book, its arrivals, its faults. Out: ticks, usually one an event. Promises: a book begins with a snapshot;
 * deltas then chain in Binance's way (`firstSeq` = the last `seq` + 1, `prevSeq` = the last `seq`); a repeated snapshot
 * equals what the deltas before it have built. What a reader did not ask for is left out without changing the rest.
 */
import type { FeedKind } from "../../domain/Feed.ts"
import type { Level, Tick, TickOf } from "../../domain/Tick.ts"
import type { Arrivals } from "./Arrivals.ts"
import type { BookMaker } from "./BookMaker.ts"
import type { SimulationConfig } from "./Config.ts"
import type { MarketFaults } from "./Faults.ts"
import * as Funding from "./Funding.ts"
import * as Randomness from "./Randomness.ts"
import type { MarketSpec } from "./Venues.ts"

export interface Market {
  readonly arrivals: Arrivals
  /** Adds the ticks of the event that arrives now, then moves on to the next event. */
  readonly emit: (out: Array<Tick>) => void
  /** The next book event is a snapshot: for a reader who joins late. */
  readonly resnapshot: () => void
}

export interface MarketParts {
  readonly config: SimulationConfig
  readonly spec: MarketSpec
  /** Epoch of the simulation's first moment. */
  readonly startMs: number
  readonly book: BookMaker
  readonly arrivals: Arrivals
  readonly faults: MarketFaults | null
  /** What the reader wants of what the configuration publishes. */
  readonly wanted: (kind: FeedKind) => boolean
}

const HEARTBEAT_MS = 1_000
/** One event in eight is a trade, where trades are published beside something else. */
const TRADE_EVERY = 8

export const make = (parts: MarketParts): Market => {
  const { config, spec, startMs, book, arrivals, faults, wanted } = parts
  const { instrument } = spec
  const venue = spec.venue.id
  const randomness = Randomness.make(config.seed, "market", venue, instrument)
  const publishes = (kind: FeedKind): boolean => config.kinds.includes(kind)
  const quotes = publishes("quote"), books = publishes("book"), trades = publishes("trade")
  const wants: Readonly<Record<string, boolean>> = {
    quote: wanted("quote"),
    book: wanted("book"),
    trade: wanted("trade"),
    funding: wanted("funding"),
  }
  const fundingAt = publishes("funding") && spec.venue.market === "linear"
    ? Funding.make(Randomness.make(config.seed, "funding", venue, instrument))
    : null

  let seq = 0
  let quoteCount = 0
  let tradeCount = 0
  let snapshotDueMs = 0
  /** This event's delta is followed by the whole book. */
  let repeats = false
  /** The reader holds no valid book: the next book event is the whole book alone. */
  let afresh = false
  let lastBeatMs = Number.NEGATIVE_INFINITY
  /** In a gap: whether what had to be lost is lost. */
  let lost = false

  // These three are the times of the event in hand.
  let timeMs = 0, ingestTime = 0, venueTime = 0

  const quote = (): Tick => ({
    v: 1,
    venue,
    instrument,
    venueTime,
    ingestTime,
    kind: "quote",
    seq: ++quoteCount,
    bid: book.priceText(book.bids.best()),
    bidSize: book.sizeText(book.bids.lotsAt(0)),
    ask: book.priceText(book.asks.best()),
    askSize: book.sizeText(book.asks.lotsAt(0)),
  })

  const bookTick = (
    snapshot: boolean,
    prevSeq: number | null,
    bids: ReadonlyArray<Level>,
    asks: ReadonlyArray<Level>,
  ): Tick => ({
    v: 1,
    venue,
    instrument,
    venueTime,
    ingestTime,
    kind: "book",
    snapshot,
    firstSeq: prevSeq === null ? null : prevSeq + 1,
    seq,
    prevSeq,
    bids,
    asks,
  })

  /** The first time the whole book, then what changed. */
  const publishChanges = (): Tick => {
    const bids: Array<Level> = [], asks: Array<Level> = []
    book.bids.publishChanges(bids)
    book.asks.publishChanges(asks)
    const prevSeq = seq
    seq += Math.max(1, bids.length + asks.length)
    repeats = prevSeq > 0 && timeMs >= snapshotDueMs
    if (prevSeq === 0 || repeats) snapshotDueMs = timeMs + config.snapshotEveryMs
    return bookTick(prevSeq === 0, prevSeq === 0 ? null : prevSeq, bids, asks)
  }

  const wholeBook = (): Tick => bookTick(true, null, book.bids.published(), book.asks.published())

  const trade = (): Tick => {
    const buys = randomness.below(2) === 0
    const side = buys ? book.asks : book.bids
    const resting = side.lotsAt(0)
    const taken = 1 + Math.floor(randomness.below(resting) / 2)
    side.setLots(0, Math.max(1, resting - taken))
    tradeCount++
    return {
      v: 1,
      venue,
      instrument,
      venueTime,
      ingestTime,
      kind: "trade",
      tradeId: String(tradeCount),
      price: book.priceText(side.best()),
      size: book.sizeText(taken),
      side: buys ? "buy" : "sell",
    }
  }

  /** The tick of this event, whether the reader asked for it or not: what is read never changes what happens. */
  const produce = (): Tick => {
    const notice = fundingAt === null ? null : fundingAt(startMs + timeMs)
    if (notice !== null) {
      const intervalMs = Funding.FUNDING_INTERVAL_MS
      return { v: 1, venue, instrument, venueTime, ingestTime, kind: "funding", intervalMs, ...notice }
    }
    const roll = randomness.below(2 * TRADE_EVERY)
    book.moveTo(arrivals.eventUs)
    if (trades && (roll < 2 || !(quotes || books))) return trade()
    return books && (!quotes || roll % 2 === 0) ? publishChanges() : quote()
  }

  const deliver = (tick: Tick, out: Array<Tick>): void => {
    if (wants[tick.kind] !== true) return
    if (tick.kind === "book" && afresh) {
      afresh = false
      out.push(wholeBook())
      return
    }
    out.push(tick)
    if (tick.kind === "book" && repeats) out.push(wholeBook())
  }

  const heartbeat = (out: Array<Tick>): void => {
    if (timeMs - lastBeatMs < HEARTBEAT_MS) return
    lastBeatMs = timeMs
    out.push({ v: 1, venue, instrument, venueTime: null, ingestTime, kind: "heartbeat" })
  }

  /** A quote turned round, or a delta that puts a bid on the best ask. */
  const cross = (tick: TickOf<"quote" | "book">): Tick => {
    if (tick.kind === "quote") {
      return { ...tick, bid: tick.ask, bidSize: tick.askSize, ask: tick.bid, askSize: tick.bidSize }
    }
    afresh = true
    return { ...tick, bids: [[book.priceText(book.asks.best()), book.sizeText(book.asks.lotsAt(0))], ...tick.bids] }
  }

  const isDelta = (tick: Tick): boolean => tick.kind === "book" && !tick.snapshot

  /** The same event where something is made to go wrong. */
  const emitWithFaults = (out: Array<Tick>, trouble: MarketFaults): void => {
    const silence = trouble.silence(timeMs)
    if (silence !== null) return silence.heartbeats ? heartbeat(out) : undefined
    const gap = trouble.gap(timeMs)
    if (gap !== null && lost && timeMs >= gap.atMs + gap.durationMs) {
      trouble.closeGap()
      lost = false
      afresh ||= gap.announced
      if (gap.announced) {
        out.push({ v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason: gap.reason })
      }
    }
    const tick = produce()
    if (trouble.gap(timeMs) !== null) {
      lost ||= !books || isDelta(tick)
    } else if (tick.kind === "quote" && trouble.take("crossed", timeMs)) {
      deliver(cross(tick), out)
    } else if (tick.kind === "book" && isDelta(tick) && !afresh && trouble.take("crossed", timeMs)) {
      if (wants["book"] === true) out.push(cross(tick))
    } else {
      const before = out.length
      deliver(tick, out)
      const last = out.length > before ? out.at(-1) : undefined
      if (last !== undefined && trouble.take("duplicate", timeMs)) out.push(last)
    }
  }

  return {
    arrivals,
    resnapshot: () => {
      afresh = seq > 0
    },
    emit: (out) => {
      timeMs = Math.floor(arrivals.arrivalUs / 1_000)
      ingestTime = startMs + timeMs
      venueTime = Math.max(0, startMs + Math.floor(arrivals.eventUs / 1_000) + spec.venue.clockOffsetMs)
      if (faults === null) deliver(produce(), out)
      else emitWithFaults(out, faults)
      arrivals.advance()
    },
  }
}
