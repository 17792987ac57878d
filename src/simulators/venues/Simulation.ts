/**
 * The market simulator: all markets of a configuration as one sequence of ticks.
 *
 * In: a configuration, and which part of it to read. Out: ticks in order of `ingestTime`, for ever or for the configured
 * duration. Promises: pure and deterministic, byte for byte on every runtime; what a reader leaves out (venues, kinds)
 * changes nothing of what remains, so every venue's feed shows its part of one common world.
 */
import { Option } from "effect"
import { FeedKind, type FeedRequest } from "../../domain/Feed.ts"
import type { Tick } from "../../domain/Tick.ts"
import * as Arrivals from "./Arrivals.ts"
import * as BookMaker from "./BookMaker.ts"
import { DEFAULT_START_MS, type SimulationConfig } from "./Config.ts"
import * as Dislocations from "./Dislocations.ts"
import * as FairPrice from "./FairPrice.ts"
import * as Faults from "./Faults.ts"
import * as Market from "./Market.ts"
import * as Venues from "./Venues.ts"

/** A simulation in progress; mutable, for one reader. */
export interface Simulation {
  /** Arrival of the next event (epoch); null at the end. */
  readonly nextTimeMs: () => number | null
  /** Adds the ticks of the next event: usually one, or none that the reader asked for. */
  readonly step: (out: Array<Tick>) => void
  /** Lets every book begin anew with a snapshot. */
  readonly resnapshot: () => void
}

/** The markets to simulate: those of a request, or all. */
const specsOf = (config: SimulationConfig, request: FeedRequest | null): ReadonlyArray<Venues.MarketSpec> =>
  (request === null ? config.venues : [request.venue]).flatMap((venue) =>
    Option.getOrElse(Venues.specsOf(config, venue), (): ReadonlyArray<Venues.MarketSpec> => [])
  ).filter((spec) => request === null || request.instruments.includes(spec.instrument))

const marketsOf = (
  config: SimulationConfig,
  startMs: number,
  request: FeedRequest | null,
): ReadonlyArray<Market.Market> => {
  const kinds = new Set<FeedKind>(request === null ? FeedKind.literals : request.kinds)
  const wanted = (kind: FeedKind): boolean => kinds.has(kind)
  const depth = Math.max(1, Math.min(config.depth, request?.depth ?? config.depth))
  const marketCount = specsOf(config, null).length
  const meanIntervalUs = Math.max(1, Math.round(1_000_000 * marketCount / config.ticksPerSecond))
  const schedules = new Map<string, Dislocations.Schedule>()
  const scheduleOf = (name: string): Dislocations.Schedule => {
    const schedule = schedules.get(name) ?? Dislocations.scheduleOf(config, name)
    schedules.set(name, schedule)
    return schedule
  }
  const fairPrices = new Map<string, FairPrice.FairPrice>()
  const fairOf = (asset: string): FairPrice.FairPrice => {
    const { startTicks } = Venues.assetGrid(config, asset)
    const fair = fairPrices.get(asset) ?? FairPrice.make(config, asset, startTicks, scheduleOf(asset))
    fairPrices.set(asset, fair)
    return fair
  }
  const digitsOf = (asset: string): number => Venues.assetGrid(config, asset).priceDigits
  return specsOf(config, request).map((spec) => {
    const { base, instrument, pricedIn, priceDigits } = spec
    const schedule = scheduleOf(pricedIn === null ? base : instrument)
    const fair = pricedIn === null ? fairOf(base) : FairPrice.cross(
      fairOf(base),
      fairOf(pricedIn),
      priceDigits,
      { base: digitsOf(base), quote: digitsOf(pricedIn) },
    )
    return Market.make({
      config,
      spec,
      startMs,
      book: BookMaker.make(config, spec, depth, fair, schedule),
      arrivals: Arrivals.make(config, spec.venue, spec.instrument, meanIntervalUs),
      faults: Faults.forMarket(config.faults, spec.venue.id, spec.instrument),
      wanted,
    })
  })
}

/** A binary heap by arrival; the earlier market of the configuration goes first on equal times. */
const queueOf = (markets: ReadonlyArray<Market.Market>) => {
  const order = new Map(markets.map((market, index) => [market, index]))
  const heap = [...markets]
  const isBefore = (a: Market.Market, b: Market.Market): boolean =>
    a.arrivals.arrivalUs < b.arrivals.arrivalUs ||
    (a.arrivals.arrivalUs === b.arrivals.arrivalUs && (order.get(a) ?? 0) < (order.get(b) ?? 0))
  const sink = (from: number): void => {
    let hole = from
    for (;;) {
      const left = heap[2 * hole + 1], right = heap[2 * hole + 2], here = heap[hole]
      if (left === undefined || here === undefined) return
      const child = right !== undefined && isBefore(right, left) ? 2 * hole + 2 : 2 * hole + 1
      const first = child === 2 * hole + 1 ? left : right
      if (first === undefined || !isBefore(first, here)) return
      heap[hole] = first
      heap[child] = here
      hole = child
    }
  }
  for (let i = heap.length >> 1; i >= 0; i--) sink(i)
  return { first: (): Market.Market | undefined => heap[0], sinkFirst: () => sink(0) }
}

/** Begins at the first moment. `request` null: every market, every kind, full depth. */
export const begin = (config: SimulationConfig, startMs: number, request: FeedRequest | null): Simulation => {
  const markets = marketsOf(config, startMs, request)
  const queue = queueOf(markets)
  return {
    nextTimeMs: () => {
      const market = queue.first()
      if (market === undefined) return null
      const timeMs = Math.floor(market.arrivals.arrivalUs / 1_000)
      return config.durationMs !== null && timeMs >= config.durationMs ? null : startMs + timeMs
    },
    step: (out) => {
      queue.first()?.emit(out)
      queue.sinkFirst()
    },
    resnapshot: () => {
      for (const market of markets) market.resnapshot()
    },
  }
}

/** All ticks of a configuration, or those of one venue's request; the first moment is `startTimeMs` or a fixed day. */
export function* simulate(config: SimulationConfig, request: FeedRequest | null = null): Generator<Tick, void> {
  const simulation = begin(config, config.startTimeMs ?? DEFAULT_START_MS, request)
  const out: Array<Tick> = []
  while (simulation.nextTimeMs() !== null) {
    out.length = 0
    simulation.step(out)
    for (const tick of out) yield tick
  }
}
