/**
 * Pricing: what a plan of two legs costs and brings, walked through the depth of both books. EXAMPLES rules 1 to 4.
 *
 * In: asks and bids as levels in base units, best first; fees as fractions; a conversion of the selling leg's currency
 * into the buying leg's. Out: exact decimals. Promises: the last level is filled in part; too little depth is said,
 * never priced; no binary float takes part.
 *
 *   A(q) cost of buying q, B(q) proceeds of selling q, fb and fs taker fees, r conversion rate
 *   fee in quote: net(q) = r B(q)(1-fs) - A(q)(1+fb)      fee in base on the buy: A(q / (1-fb)) instead of A(q)(1+fb)
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"

type Exact = Decimal.Decimal

/** Levels best first; asked for one by one, so that only what is walked is parsed. */
export interface Depth {
  readonly length: number
  readonly price: (at: number) => Exact
  /** Base units. */
  readonly size: (at: number) => Exact
}

export const depthOf = (levels: ReadonlyArray<readonly [price: string, size: string]>): Depth => {
  const parsed = levels.map(([price, size]) => [Decimal.fromChecked(price), Decimal.fromChecked(size)] as const)
  const at = (index: number, part: 0 | 1): Exact => parsed[index]?.[part] ?? Decimal.ZERO
  return { length: parsed.length, price: (index) => at(index, 0), size: (index) => at(index, 1) }
}

/** Rate `numerator / denominator`: how much of the buying leg's currency one unit of the selling leg's becomes. */
export interface Rate {
  readonly numerator: Exact
  readonly denominator: Exact
}
export const PAR: Rate = { numerator: Decimal.ONE, denominator: Decimal.ONE }

export interface Terms {
  readonly buyFee: Exact
  readonly sellFee: Exact
  readonly buyFeeIn: "quote" | "base"
  /** After the conversion's own fee. */
  readonly rate: Rate
}

export interface Fill {
  /** Quote currency, before fees. */
  readonly total: Exact
  readonly levels: ReadonlyArray<readonly [price: Exact, size: Exact]>
}

/** Takes `quantity` from the depth; none where the depth does not hold it ("insufficient depth"). */
export const fill = (depth: Depth, quantity: Exact): Option.Option<Fill> => {
  const levels: Array<readonly [Exact, Exact]> = []
  let left = quantity, total = Decimal.ZERO
  for (let at = 0; at < depth.length && Decimal.isPositive(left); at++) {
    const price = depth.price(at), take = Decimal.min(left, depth.size(at))
    total = Decimal.add(total, Decimal.multiply(price, take))
    left = Decimal.subtract(left, take)
    levels.push([price, take])
  }
  return Decimal.isPositive(left) ? Option.none() : Option.some({ total, levels })
}

const without = (fee: Exact): Exact => Decimal.subtract(Decimal.ONE, fee)
const plus = (fee: Exact): Exact => Decimal.add(Decimal.ONE, fee)

/** Base units to buy so that `quantity` is left after a fee taken in base (scale 20: times a price, right to scale 8). */
const grossBuy = (quantity: Exact, terms: Terms): Exact =>
  terms.buyFeeIn === "base" ? Decimal.divide(quantity, without(terms.buyFee), Decimal.SCALE.grossSize) : quantity

/** Whether selling at `bid` what was bought at `ask` still pays after fees, strictly. */
const pays = (ask: Exact, bid: Exact, terms: Terms): boolean => {
  const gain = Decimal.multiply(Decimal.multiply(bid, without(terms.sellFee)), terms.rate.numerator)
  const cost = Decimal.multiply(ask, terms.rate.denominator)
  return terms.buyFeeIn === "base"
    ? Decimal.isGreater(Decimal.multiply(gain, without(terms.buyFee)), cost)
    : Decimal.isGreater(gain, Decimal.multiply(cost, plus(terms.buyFee)))
}

/** Rule 3: base units sold until the next slice stops paying; zero where already the first does not pay. */
export const bestSize = (asks: Depth, bids: Depth, terms: Terms): Exact => {
  const kept = terms.buyFeeIn === "base" ? without(terms.buyFee) : Decimal.ONE
  let size = Decimal.ZERO, ask = 0, bid = 0
  let askLeft = asks.length > 0 ? Decimal.multiply(asks.size(0), kept) : Decimal.ZERO
  let bidLeft = bids.length > 0 ? bids.size(0) : Decimal.ZERO
  while (ask < asks.length && bid < bids.length && pays(asks.price(ask), bids.price(bid), terms)) {
    const take = Decimal.min(askLeft, bidLeft)
    size = Decimal.add(size, take)
    askLeft = Decimal.subtract(askLeft, take)
    bidLeft = Decimal.subtract(bidLeft, take)
    if (!Decimal.isPositive(askLeft) && ++ask < asks.length) askLeft = Decimal.multiply(asks.size(ask), kept)
    if (!Decimal.isPositive(bidLeft) && ++bid < bids.length) bidLeft = bids.size(bid)
  }
  return size
}

export interface Priced {
  readonly size: Exact
  readonly buy: Fill
  readonly sell: Fill
  /** What the buying leg costs and the selling leg brings, fees included, both in the buying leg's currency. */
  readonly cost: Exact
  readonly proceedsNumerator: Exact
  /** Scale 8, half-even. */
  readonly netProfit: Exact
  /** Scale 4, half-even. */
  readonly netBps: Exact
}

/** Both legs at `quantity` base units; none where either depth does not hold it. */
export const priceAt = (asks: Depth, bids: Depth, quantity: Exact, terms: Terms): Option.Option<Priced> =>
  Option.gen(function* () {
    const buy = yield* fill(asks, grossBuy(quantity, terms))
    const sell = yield* fill(bids, quantity)
    const { denominator, numerator } = terms.rate
    const cost = terms.buyFeeIn === "base" ? buy.total : Decimal.multiply(buy.total, plus(terms.buyFee))
    const proceedsNumerator = Decimal.multiply(Decimal.multiply(sell.total, without(terms.sellFee)), numerator)
    const costScaled = Decimal.multiply(cost, denominator)
    const netScaled = Decimal.subtract(proceedsNumerator, costScaled)
    return {
      size: quantity,
      buy,
      sell,
      cost,
      proceedsNumerator,
      netProfit: Decimal.divide(netScaled, denominator, Decimal.SCALE.profit),
      netBps: Decimal.isZero(costScaled)
        ? Decimal.ZERO
        : Decimal.divide(Decimal.multiply(netScaled, Decimal.TEN_THOUSAND), costScaled, Decimal.SCALE.bps),
    }
  })

/** Whether net basis points lie strictly above `thresholdBps`, decided before any rounding. */
export const isAbove = (priced: Priced, rate: Rate, thresholdBps: Exact): boolean =>
  Decimal.isGreater(
    Decimal.multiply(priced.proceedsNumerator, Decimal.TEN_THOUSAND),
    Decimal.multiply(
      Decimal.multiply(priced.cost, rate.denominator),
      Decimal.add(Decimal.TEN_THOUSAND, thresholdBps),
    ),
  )

/** `(B / A - 1) x 10^4` without fees, scale 4. `gross` is the conversion's rate without its fee. */
export const grossBps = (priced: Priced, gross: Rate): Exact => {
  const cost = Decimal.multiply(priced.buy.total, gross.denominator)
  const gain = Decimal.subtract(Decimal.multiply(priced.sell.total, gross.numerator), cost)
  return Decimal.isZero(cost)
    ? Decimal.ZERO
    : Decimal.divide(Decimal.multiply(gain, Decimal.TEN_THOUSAND), cost, Decimal.SCALE.bps)
}

/** Sum of all visible sizes, base units. */
export const visible = (depth: Depth): Exact => {
  let sum = Decimal.ZERO
  for (let at = 0; at < depth.length; at++) sum = Decimal.add(sum, depth.size(at))
  return sum
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
