/**
 * A small market made by hand for tests of faults, and what becomes of it under a plan.
 *
 * In: a plan. Out: ticks of two venues, numbered quotes, trades, and one numbered order book; what a feed's guard tells of
 * them, and what the analysis finds. Promises: prices pay again and again for 3 of every 8 seconds; pure, no clock.
 */
import { Schema } from "effect"
import * as FaultPlan from "../../src/domain/FaultPlan.ts"
import type { FeedEvent } from "../../src/domain/Feed.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick, TickKind, TickOf } from "../../src/domain/Tick.ts"
import { FeedGuard } from "../../src/programs/replay/FeedGuard.ts"
import { Analysis, type Figures } from "../../src/streams/Analysis.ts"
import { book, configOf, framesOf, quote, T0 } from "./ticks.ts"

export const CONFIG = {
  fees: { a: { taker: "0" }, b: { taker: "0" } },
  lots: {},
  minNetBps: 5,
}

const EVERY_MS = 100
const PERIOD_MS = 8_000
const OPEN_MS = 3_000

/** Quotes of BTC on both venues, a trade now and then, deltas of a book of ETH on `a`, quotes of ETH on `b`. */
export const ticks = (lengthMs: number): ReadonlyArray<Tick> => {
  const out: Array<Tick> = [
    book("a", "ETH/USDT", T0, { bids: [["1999", "5"]], asks: [["2000", "5"]] }, { seq: 0, venueTime: T0 - 5 }),
  ]
  for (let n = 1; n * EVERY_MS < lengthMs; n++) {
    const at = T0 + n * EVERY_MS, isUp = at % PERIOD_MS < OPEN_MS
    const numbered = { seq: n, venueTime: at - 5, bidSize: "100", askSize: "100" }
    out.push(quote("a", "BTC/USDT", at, ["99.99", "100"], numbered))
    out.push(quote("b", "BTC/USDT", at, isUp ? ["100.3", "100.31"] : ["99.99", "100"], numbered))
    const delta = { snapshot: false, firstSeq: n, seq: n, prevSeq: n - 1, venueTime: at - 5 }
    out.push(book("a", "ETH/USDT", at, { asks: [["2000.5", `${1 + n % 7}`]] }, delta))
    out.push(quote("b", "ETH/USDT", at, isUp ? ["2010", "2011"] : ["1999", "2000"], numbered))
    if (n % 5 === 0) out.push(tradeAt(at, n))
  }
  return out
}

const tradeAt = (ingestTime: number, n: number): TickOf<"trade"> => ({
  ...{ v: 1, venue: "a", instrument: "BTC/USDT", venueTime: ingestTime - 5, ingestTime, kind: "trade" },
  ...{ tradeId: `${n}`, price: "100", size: "0.1", side: "buy" },
})

const decode = Schema.decodeUnknownSync(FaultPlan.FaultPlan)

export const planOf = (...faults: ReadonlyArray<string>): FaultPlan.FaultPlan =>
  decode({ seed: 7, faults: faults.map(FaultPlan.parseFault) })

export interface Faulted {
  readonly events: ReadonlyArray<FeedEvent>
  readonly report: FeedGuard["report"]
  /** Of the events, in order. */
  readonly ticks: ReadonlyArray<Tick>
  readonly ticksOf: <K extends TickKind>(kind: K) => ReadonlyArray<TickOf<K>>
  readonly bad: ReadonlyArray<string>
  readonly opportunities: ReadonlyArray<Opportunity>
  readonly figures: Figures
}

/** What the service is told, in batches of `batch` ticks, and what it finds. */
export const faulted = (recording: ReadonlyArray<Tick>, plan: FaultPlan.FaultPlan, batch = 50): Faulted => {
  const guard = new FeedGuard(plan), events: Array<FeedEvent> = []
  for (let from = 0; from < recording.length; from += batch) {
    events.push(...guard.push(recording.slice(from, from + batch)))
  }
  events.push(...guard.end(recording.at(-1)?.ingestTime ?? 0))
  const told = events.flatMap((event) => event._tag === "Ticks" ? event.ticks : [])
  const analysis = new Analysis(configOf({ ...CONFIG, staleness: {}, hysteresis: true }))
  const opportunities = [...analysis.frames(framesOf(told), 1), ...analysis.finish()]
  return {
    events,
    report: guard.report,
    ticks: told,
    ticksOf: <K extends TickKind>(kind: K) => told.filter((tick): tick is TickOf<K> => tick.kind === kind),
    bad: events.flatMap((event) => event._tag === "Bad" ? [event.reason] : []),
    opportunities,
    figures: analysis.figures,
  }
}
