/**
 * Market view: what pricing reads of one market on one venue, as it stands now or as evidence kept it.
 *
 * In: whoever holds the market. Out: depth in base units, fees, lot rules at a price, and the age of the book. Promises:
 * a plan depends on this and on nothing else of a market, so that the same view gives the same plan to the last digit.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import type { Depth } from "./Depth.ts"
import type { Lot } from "./DetectConfig.ts"
import type { MarketFees } from "./Fees.ts"
import { type Instrument, isInverse, toBase } from "./Instrument.ts"

type Exact = Decimal.Decimal
export type Side = "bids" | "asks"

/** A depth that knows how many of its levels were looked at. */
export interface WatchedDepth extends Depth {
  readonly seen: number
}

export const watched = (depth: Depth): WatchedDepth => {
  let seen = 0
  const look = (at: number): number => {
    if (at >= seen) seen = at + 1
    return at
  }
  return {
    length: depth.length,
    price: (at) => depth.price(look(at)),
    size: (at) => depth.size(look(at)),
    get seen() {
      return Math.min(seen, depth.length)
    },
  }
}

export interface MarketView {
  readonly venue: string
  readonly instrument: Instrument
  readonly fees: MarketFees
  readonly fee: Exact
  readonly contractSize: Exact
  readonly lot: Lot
  readonly book: { readonly seq: number | null }
  /** Ingest time of the last frame or heartbeat, ms. */
  readonly seenAt: number
  readonly depth: (side: Side) => Depth
  /** Base units on the whole side. */
  readonly visible: (side: Side) => Exact
  /** Amount step in base units at this price; none where no limit is known. */
  readonly stepAt: (price: Exact) => Option.Option<Exact>
  readonly minAmountAt: (price: Exact) => Option.Option<Exact>
  /** Contracts behind `base` units filled over `levels`; null on spot. */
  readonly contracts: (levels: ReadonlyArray<readonly [price: Exact, size: Exact]>) => string | null
}

type Sized = Pick<MarketView, "instrument" | "contractSize">

/** A limit as the venue states it, in base units at this price; none where it states none. */
export const limitAt = (
  { contractSize, instrument }: Sized,
  limit: string | undefined,
  price: Exact,
): Option.Option<Exact> =>
  Option.map(
    Option.fromUndefinedOr(limit),
    (text) => toBase(instrument, contractSize, Decimal.fromChecked(text), price),
  )

export const contractsOf = (
  { contractSize, instrument }: Sized,
  levels: ReadonlyArray<readonly [price: Exact, size: Exact]>,
): string | null => {
  if (instrument.market === "spot") return null
  const inverse = isInverse(instrument)
  let units = Decimal.ZERO
  for (const [price, size] of levels) units = Decimal.add(units, inverse ? Decimal.multiply(price, size) : size)
  return Decimal.format(Decimal.divide(units, contractSize, inverse ? 6 : Decimal.SCALE.size))
}
