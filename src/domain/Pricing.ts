/**
 * Pricing: what a plan of two legs costs and brings, walked through the depth of every book. EXAMPLES rules 1 to 6.
 *
 * In: asks and bids as levels in base units, best first; fees as fractions; how the selling leg's currency becomes the
 * buying leg's; what a transfer takes. Out: exact decimals. Promises: the last level is filled in part; too little depth
 * is said, never priced; no binary float takes part.
 *
 *   A(q) cost of buying q, B(q) proceeds of selling q, fb and fs taker fees, C(x) what x of the selling leg's currency
 *   becomes, w the network's fee in base (0 when pre-funded), c other costs, m amortised rebalancing as a part of A
 *   fee in quote: net(q) = C(B(q)(1-fs)) - A(q+w)(1+fb+m) - c      fee in base: A((q+w)/(1-fb))(1+m) instead
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import { type Depth, type Fill, fill } from "./Depth.ts"
import { type Exchange, exchange, type Exchanged, type Rate, stepOf } from "./Exchanging.ts"

export { type Depth, depthOf, type Fill, fill, visible } from "./Depth.ts"

type Exact = Decimal.Decimal

export interface Terms {
  readonly buyFee: Exact
  readonly sellFee: Exact
  readonly buyFeeIn: "quote" | "base"
  readonly exchange: Exchange
  /** Base units that the network keeps; zero when nothing is transferred. */
  readonly withdrawal: Exact
  /** Flat, in the buying leg's currency. */
  readonly otherCosts: Exact
  /** A fraction of what is paid for the purchase before fees. */
  readonly rebalancing: Exact
}

/** Both legs at once from funds on both venues, at no further cost. */
export const PRE_FUNDED = { withdrawal: Decimal.ZERO, otherCosts: Decimal.ZERO, rebalancing: Decimal.ZERO }

const without = (fee: Exact): Exact => Decimal.subtract(Decimal.ONE, fee)
const plus = (fee: Exact): Exact => Decimal.add(Decimal.ONE, fee)
const kept = (terms: Terms): Exact => terms.buyFeeIn === "base" ? without(terms.buyFee) : Decimal.ONE

/** Base units to buy so that `quantity` is left to sell (scale 20 after a fee in base: times a price, right to scale 8). */
const grossBuy = (quantity: Exact, terms: Terms): Exact => {
  const arrived = Decimal.add(quantity, terms.withdrawal)
  return terms.buyFeeIn === "base" ? Decimal.divide(arrived, kept(terms), Decimal.SCALE.grossSize) : arrived
}

/** Whether selling at `bid` what was bought at `ask` still pays after fees, strictly. */
const pays = (ask: Exact, bid: Exact, rate: Rate, terms: Terms): boolean => {
  const gain = Decimal.multiply(Decimal.multiply(bid, without(terms.sellFee)), rate.numerator)
  const factor = plus(terms.buyFeeIn === "base" ? terms.rebalancing : Decimal.add(terms.buyFee, terms.rebalancing))
  return Decimal.isGreater(
    Decimal.multiply(gain, kept(terms)),
    Decimal.multiply(Decimal.multiply(ask, factor), rate.denominator),
  )
}

/**
 * Walks all books together, one slice after the other: each ends where one of the books comes to a new level, and its
 * size (base units sold so far) is told with whether the slice paid. Stops where a book ends or `onSlice` says so.
 */
const walk = (asks: Depth, bids: Depth, terms: Terms, onSlice: (size: Exact, paid: boolean) => boolean): void => {
  const { exchange: way } = terms, share = kept(terms), keeps = without(terms.sellFee)
  let ask = 0, bid = 0, step = 0, size = Decimal.ZERO, lost = terms.withdrawal
  let askLeft = asks.length > 0 ? Decimal.multiply(asks.size(0), share) : Decimal.ZERO
  let bidLeft = bids.length > 0 ? bids.size(0) : Decimal.ZERO
  // The network keeps the first that was bought.
  while (Decimal.isPositive(lost) && ask < asks.length) {
    const part = Decimal.min(lost, askLeft)
    lost = Decimal.subtract(lost, part)
    askLeft = Decimal.subtract(askLeft, part)
    if (!Decimal.isPositive(askLeft) && ++ask < asks.length) askLeft = Decimal.multiply(asks.size(ask), share)
  }
  const takes = (at: number): Exact =>
    way.kind === "book" && at < way.depth.length ? stepOf(way, at).takes : Decimal.ZERO
  let sold = Decimal.ZERO, room = takes(0)
  while (ask < asks.length && bid < bids.length && (way.kind === "rate" || step < way.depth.length)) {
    const rate = way.kind === "rate" ? way.rate : stepOf(way, step).rate
    const paid = pays(asks.price(ask), bids.price(bid), rate, terms)
    const unit = Decimal.multiply(bids.price(bid), keeps)
    let take = Decimal.min(askLeft, bidLeft), full = false
    if (way.kind === "book" && Decimal.isGreater(Decimal.multiply(take, unit), Decimal.subtract(room, sold))) {
      // What is too little for a unit of scale 12 goes on to the next level.
      take = Decimal.divideDown(Decimal.subtract(room, sold), unit, Decimal.SCALE.size)
      full = true
    }
    size = Decimal.add(size, take)
    sold = Decimal.add(sold, Decimal.multiply(take, unit))
    if (Decimal.isPositive(take) && !onSlice(size, paid)) return
    if (full) room = Decimal.add(room, takes(++step))
    askLeft = Decimal.subtract(askLeft, take)
    bidLeft = Decimal.subtract(bidLeft, take)
    if (!Decimal.isPositive(askLeft) && ++ask < asks.length) askLeft = Decimal.multiply(asks.size(ask), share)
    if (!Decimal.isPositive(bidLeft) && ++bid < bids.length) bidLeft = bids.size(bid)
  }
}

/** Rule 3: base units sold until the next slice stops paying; zero where already the first does not pay. */
export const bestSize = (asks: Depth, bids: Depth, terms: Terms): Exact => {
  let best = Decimal.ZERO
  walk(asks, bids, terms, (size, paid) => {
    if (paid) best = size
    return paid
  })
  return best
}

/** Sizes at which one of the books comes to a new level, ascending: those that pay, and up to `beyond` that do not. */
export const breakpoints = (asks: Depth, bids: Depth, terms: Terms, beyond: number): ReadonlyArray<Exact> => {
  const sizes: Array<Exact> = []
  let unpaid = 0
  walk(asks, bids, terms, (size, paid) => {
    if (!paid && ++unpaid > beyond) return false
    sizes.push(size)
    return true
  })
  return sizes
}

export interface Priced {
  /** Base units sold. */
  readonly size: Exact
  readonly buy: Fill
  readonly sell: Fill
  /** What the selling leg paid out, in the buying leg's currency. */
  readonly exchanged: Exchanged
  /** What the buying leg costs, its fee included; what net basis points are measured against. */
  readonly cost: Exact
  /** Beyond both fees: flat costs and amortised rebalancing. */
  readonly otherCosts: Exact
  /** Net profit and cost, both in units of 1 / `exchanged.received.denominator`. */
  readonly netScaled: Exact
  readonly costScaled: Exact
  /** Scale 8, half-even. */
  readonly netProfit: Exact
  /** Scale 4, half-even. */
  readonly netBps: Exact
}

/** Both legs at `quantity` base units; none where one of the books does not hold it. */
export const priceAt = (asks: Depth, bids: Depth, quantity: Exact, terms: Terms): Option.Option<Priced> =>
  Option.gen(function* () {
    const buy = yield* fill(asks, grossBuy(quantity, terms))
    const sell = yield* fill(bids, quantity)
    const exchanged = yield* exchange(terms.exchange, Decimal.multiply(sell.total, without(terms.sellFee)))
    const { denominator, numerator } = exchanged.received
    const cost = terms.buyFeeIn === "base" ? buy.total : Decimal.multiply(buy.total, plus(terms.buyFee))
    const otherCosts = Decimal.add(terms.otherCosts, Decimal.multiply(buy.total, terms.rebalancing))
    const costScaled = Decimal.multiply(cost, denominator)
    const netScaled = Decimal.subtract(
      numerator,
      Decimal.add(costScaled, Decimal.multiply(otherCosts, denominator)),
    )
    return {
      size: quantity,
      buy,
      sell,
      exchanged,
      cost,
      otherCosts,
      netScaled,
      costScaled,
      netProfit: Decimal.divide(netScaled, denominator, Decimal.SCALE.profit),
      netBps: Decimal.isZero(costScaled)
        ? Decimal.ZERO
        : Decimal.divide(Decimal.multiply(netScaled, Decimal.TEN_THOUSAND), costScaled, Decimal.SCALE.bps),
    }
  })

/** Whether net basis points lie strictly above `thresholdBps`, decided before any rounding. */
export const isAbove = (priced: Priced, thresholdBps: Exact): boolean =>
  Decimal.isGreater(
    Decimal.multiply(priced.netScaled, Decimal.TEN_THOUSAND),
    Decimal.multiply(priced.costScaled, thresholdBps),
  )

/** `(B / A - 1) x 10^4` without fees and other costs, scale 4. */
export const grossBps = ({ buy, exchanged, sell }: Priced): Exact => {
  const cost = Decimal.multiply(buy.total, exchanged.gross.denominator)
  const gain = Decimal.subtract(Decimal.multiply(sell.total, exchanged.gross.numerator), cost)
  return Decimal.isZero(cost)
    ? Decimal.ZERO
    : Decimal.divide(Decimal.multiply(gain, Decimal.TEN_THOUSAND), cost, Decimal.SCALE.bps)
}

/** The price of a synthetic pair through two books (A4): base/mid times mid/quote, bid with bid and ask with ask. */
export const synthetic = (
  first: { readonly bid: Exact; readonly ask: Exact },
  second: { readonly bid: Exact; readonly ask: Exact },
): { readonly bid: Exact; readonly ask: Exact } => ({
  bid: Decimal.multiply(first.bid, second.bid),
  ask: Decimal.multiply(first.ask, second.ask),
})

/**
 * The spread (fraction, scale 10) that a pair of positions must have at entry to leave `target` after both fees (A6).
 */
export const entrySpread = (longFee: Exact, shortFee: Exact, target: Exact): Exact =>
  Decimal.subtract(
    Decimal.divide(Decimal.multiply(plus(longFee), plus(target)), without(shortFee), Decimal.SCALE.ratio),
    Decimal.ONE,
  )
