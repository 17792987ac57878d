/**
 * Routes: where an opportunity goes through, and the text that makes two detections the same one.
 *
 * In: type, asset, legs. Out: fingerprints and coordinator keys. Promises: a fingerprint holds type, asset, the venues
 * and instruments in their order, and nothing that changes with price or size.
 */
import type { OpportunityType } from "./Opportunity.ts"

export interface RouteLeg {
  readonly venue: string
  readonly instrument: string
}

export interface Route {
  readonly type: OpportunityType
  readonly asset: string
  /**
   * In the order in which they are gone through. Cross-exchange: buy, sell. Funding: long, short. Triangular: from the
   * start asset round to it again, which also says which of them buy. Technical: the one market.
   */
  readonly legs: ReadonlyArray<RouteLeg>
  /** Tells apart what shares its legs: "transfer", the side and name of a signal; null where nothing does. */
  readonly variant: string | null
}

/** `cross_exchange:BTC:binanceusdm|BTC/USDT:USDT>binancecoinm|BTC/USD:BTC`, and `:variant` where there is one. */
export const fingerprint = ({ asset, legs, type, variant }: Route): string =>
  [
    type,
    asset,
    legs.map(({ instrument, venue }) => `${venue}|${instrument}`).join(">"),
    ...(variant === null ? [] : [variant]),
  ]
    .join(":")

/** One coordinator for each unordered pair of venues; one for each venue where a route stays on it. */
export const coordinatorKey = (legs: ReadonlyArray<{ readonly venue: string }>): string =>
  [...new Set(legs.map((leg) => leg.venue))].sort().join("|")
