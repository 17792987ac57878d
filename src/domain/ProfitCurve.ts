/**
 * The profit-size curve: what a plan would earn at other sizes than the one chosen.
 *
 * In: the books, the terms and the size chosen. Out: at most `MAX_POINTS` points, ascending, priced exactly; among them
 * the best size and the one chosen. Promises: points lie where one of the books comes to a new level, between which net
 * profit runs straight; beyond the best size a few show how it falls.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import type { CurvePoint } from "./Details.ts"
import { breakpoints, type Depth, priceAt, type Terms } from "./Pricing.ts"

export const MAX_POINTS = 12
const BEYOND_BEST = 3

type Exact = Decimal.Decimal

/** Evenly, with the last one: the curve bends most where it ends. */
const thinned = (sizes: ReadonlyArray<Exact>, most: number): ReadonlyArray<Exact> =>
  sizes.length <= most
    ? sizes
    : sizes.filter((_, at) => Math.floor((at + 1) * most / sizes.length) > Math.floor(at * most / sizes.length))

export const profitCurve = (
  asks: Depth,
  bids: Depth,
  terms: Terms,
  { best, chosen }: { readonly best: Exact; readonly chosen: Exact },
): ReadonlyArray<CurvePoint> => {
  const sizes = breakpoints(asks, bids, terms, BEYOND_BEST)
  const before = sizes.filter((size) => Decimal.isLess(size, best))
  const beyond = sizes.filter((size) => Decimal.isGreater(size, best)).slice(0, BEYOND_BEST)
  const marks = Decimal.compare(best, chosen) === 0 ? [best] : [best, chosen]
  const rest = thinned(before, MAX_POINTS - beyond.length - marks.length)
  const points = [...rest, ...beyond].filter((size) => marks.every((mark) => Decimal.compare(mark, size) !== 0))
  return [...points, ...marks].sort(Decimal.compare).flatMap((size) =>
    Option.toArray(priceAt(asks, bids, size, terms)).map(({ netBps, netProfit }) => ({
      size: Decimal.format(size),
      netProfit: Decimal.format(netProfit),
      netBps: Decimal.format(netBps),
    }))
  )
}
