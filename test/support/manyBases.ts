/**
 * A recording of several bases on several venues, spot and perpetual, with conversion books: every partition and every
 * detector has something to do.
 *
 * Out: its ticks, the configuration, what one unbroken analysis tells of them. Promises: the same every time.
 */
import type { Frame } from "../../src/domain/Frame.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { configure, DEFAULT_START_MS } from "../../src/simulators/venues/Config.ts"
import { simulate } from "../../src/simulators/venues/Simulation.ts"
import * as Venues from "../../src/simulators/venues/Venues.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { configOf, heartbeat, quote } from "./ticks.ts"

const DURATION_MS = 12_000

const simulation = configure({
  venues: ["binance", "okx", "kraken", "bybit"],
  venueSettings: { kraken: { quote: "USD" }, bybit: { market: "linear" } },
  assets: ["BTC", "ETH", "SOL", "XRP", "DOGE", "ADA"],
  crossPairs: ["ETH/BTC", "SOL/BTC", "SOL/ETH"],
  kinds: ["book", "quote", "trade", "funding"],
  depth: 5,
  durationMs: DURATION_MS,
  ticksPerSecond: 500,
  dislocations: { everyMs: 150, minBps: 30, maxBps: 200, minMs: 100, maxMs: 2_000 },
})

/** What a dollar is worth in the other dollar changes twice a second. */
const conversions = Array.from(
  { length: DURATION_MS / 500 },
  (_, n) =>
    quote("kraken", "USDT/USD", DEFAULT_START_MS + 500 * n, [`0.999${n % 5}`, `1.000${n % 7}`], {
      bidSize: "1000000",
      askSize: "1000000",
    }),
)

const market: ReadonlyArray<Tick> = [...conversions, ...simulate(simulation)]
  .toSorted((a, b) => a.ingestTime - b.ingestTime)

/** A minute later everybody is heard once more, and again: what was followed has become whole. */
const goodbyes = [75_000, 150_000].flatMap((afterMs) =>
  [...new Map(market.map((tick) => [`${tick.venue} ${tick.instrument}`, tick])).values()]
    .map(({ instrument, venue }) => heartbeat(venue, instrument, DEFAULT_START_MS + afterMs))
)

export const ticks: ReadonlyArray<Tick> = [...market, ...goodbyes]

export const config = configOf({
  fees: { ...Venues.fees(simulation) },
  lots: Venues.lots(simulation),
  detectors: ["cross_exchange", "triangular", "funding", "technical"],
  hysteresis: true,
  minNetBps: 5,
})

/** By asset and by venue, as an ingest process writes them. */
export const frames = (): ReadonlyArray<Frame> => {
  const framing = new Framing("test.0", "simulated", { venues: true })
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  return framing.take()
}

/** What makes a transition the same one. */
export const named = ({ fingerprint, id, revision, state }: Opportunity): string =>
  `${fingerprint} ${id} ${revision} ${state}`

/** One analysis of everything, that nothing interrupts. `toldAfter`: how many transitions the first frames bring about. */
export const unbroken = (all: ReadonlyArray<Frame>) => {
  const analysis = new Analysis(config)
  const each = all.map((frame, at) => analysis.frames([frame], at + 1))
  return {
    transitions: each.flat(),
    outcomes: analysis.findings().outcomes,
    toldAfter: (frames: number) => each.slice(0, frames).flat().length,
  }
}
