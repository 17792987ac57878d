/**
 * Routes: where an opportunity goes through, and the text that makes two detections the same one.
 *
 * In: type, asset, legs. Out: fingerprints and coordinator keys. Promises: a fingerprint holds type, asset, and the
 * venues and instruments in their direction, and nothing that changes with price or size.
 */
import type { OpportunityType } from "./Opportunity.ts"

export interface RouteLeg {
  readonly venue: string
  readonly instrument: string
}

export interface Route {
  readonly type: OpportunityType
  readonly asset: string
  readonly buy: RouteLeg
  readonly sell: RouteLeg
}

/** `cross_exchange:BTC:binanceusdm|BTC/USDT:USDT>binancecoinm|BTC/USD:BTC`. */
export const fingerprint = (route: Route): string =>
  `${route.type}:${route.asset}:${route.buy.venue}|${route.buy.instrument}>${route.sell.venue}|${route.sell.instrument}`

/** One coordinator for each unordered pair of venues. */
export const coordinatorKey = (legs: ReadonlyArray<{ readonly venue: string }>): string =>
  [...new Set(legs.map((leg) => leg.venue))].sort().join("|")
