/**
 * Splitting what is asked for into subscriptions a venue accepts.
 *
 * In: instruments. Out: groups of at most so many, one market type each where a venue has a socket a type.
 * Promises: every instrument is in exactly one group; order is kept.
 */
import type { CcxtExchange } from "./CcxtShape.ts"
import type { Subscribe } from "./VenueAdapter.ts"

/** Groups of at most `limit`. */
export const inGroups = (limit: number, start: Subscribe): Subscribe => (exchange, instruments, depth) =>
  Array.from(
    { length: Math.ceil(instruments.length / limit) },
    (_, index) => start(exchange, instruments.slice(index * limit, (index + 1) * limit), depth),
  ).flat()

/** One group a market type (spot, linear, inverse), each of at most `limit`. */
export const byMarketType = (limit: number, start: Subscribe): Subscribe => (exchange, instruments, depth) => {
  const groups = Map.groupBy(instruments, (instrument) => marketType(exchange, instrument))
  return [...groups.values()].flatMap((group) => inGroups(limit, start)(exchange, group, depth))
}

export const marketType = (exchange: CcxtExchange, instrument: string): "spot" | "linear" | "inverse" => {
  const market = exchange.market(instrument)
  return market.spot === true ? "spot" : market.inverse === true ? "inverse" : "linear"
}

/** The smallest depth a venue offers that holds `wanted` levels, else its greatest. */
export const depthOf = (offered: ReadonlyArray<number>, wanted: number): number =>
  offered.find((depth) => depth >= wanted) ?? offered.at(-1) ?? wanted
