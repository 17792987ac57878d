/**
 * Exchanging: what one currency becomes in another, by a rate or through the depth of a priced book. EXAMPLES rule 6.
 *
 * In: an amount, and a rate or one side of a book with its taker fee. Out: the exact amount received as a fraction, what
 * was taken from each level, and the same without the fee. Promises: exact; the last level is used in part; too little
 * depth is said, never priced.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import type { Depth, Fill } from "./Depth.ts"

type Exact = Decimal.Decimal

/** `numerator / denominator`: how much of the one currency a unit of the other becomes. */
export interface Rate {
  readonly numerator: Exact
  readonly denominator: Exact
}

/**
 * `sell`: the amount is the book's base and is sold into its bids. `buy`: the amount is its quote and buys its base from
 * the asks. A rate holds for any amount.
 */
export type Exchange =
  | { readonly kind: "rate"; readonly rate: Rate }
  | {
    readonly kind: "book"
    readonly side: "buy" | "sell"
    readonly depth: Depth
    readonly fee: Exact
    readonly feeIn: "quote" | "base"
  }

export const PAR: Rate = { numerator: Decimal.ONE, denominator: Decimal.ONE }
export const SAME: Exchange = { kind: "rate", rate: PAR }

/** One level of a book, as the one who exchanges sees it. */
interface Step {
  /** The most it takes, its fee included, and what it gives for all of it. */
  readonly takes: Exact
  readonly gives: Exact
  readonly rate: Rate
}

type Book = Extract<Exchange, { readonly kind: "book" }>

export const stepOf = ({ depth, fee, feeIn, side }: Book, at: number): Step => {
  const price = depth.price(at), size = depth.size(at), value = Decimal.multiply(price, size)
  const kept = Decimal.subtract(Decimal.ONE, fee)
  if (side === "sell") {
    const numerator = Decimal.multiply(price, kept)
    return { takes: size, gives: Decimal.multiply(size, numerator), rate: { numerator, denominator: Decimal.ONE } }
  }
  if (feeIn === "base") {
    return { takes: value, gives: Decimal.multiply(size, kept), rate: { numerator: kept, denominator: price } }
  }
  const paid = Decimal.add(Decimal.ONE, fee)
  return {
    takes: Decimal.multiply(value, paid),
    gives: size,
    rate: { numerator: Decimal.ONE, denominator: Decimal.multiply(price, paid) },
  }
}

/** The rate of the first unit, without the fee. */
export const grossRate = (exchange: Exchange): Rate => {
  if (exchange.kind === "rate") return exchange.rate
  const price = exchange.depth.price(0)
  return exchange.side === "sell"
    ? { numerator: price, denominator: Decimal.ONE }
    : { numerator: Decimal.ONE, denominator: price }
}

export interface Exchanged {
  /** After the fee: an exact fraction. */
  readonly received: Rate
  /** Without the fee: what a unit became on average. */
  readonly gross: Rate
  /** What the book traded; null where no book was used. A size that division made has scale 12. */
  readonly fill: Fill | null
}

/** None where the book does not hold it. */
export const exchange = (way: Exchange, amount: Exact): Option.Option<Exchanged> => {
  if (way.kind === "rate") {
    const numerator = Decimal.multiply(amount, way.rate.numerator)
    return Option.some({ received: { ...way.rate, numerator }, gross: way.rate, fill: null })
  }
  const { depth, side } = way, levels: Array<readonly [Exact, Exact]> = []
  let left = amount, received = Decimal.ZERO, base = Decimal.ZERO, quote = Decimal.ZERO
  let denominator = Decimal.ONE, rest = Decimal.ZERO, restBase = Decimal.ZERO, restQuote = Decimal.ZERO
  for (let at = 0; Decimal.isPositive(left); at++) {
    if (at >= depth.length) return Option.none()
    const step = stepOf(way, at), price = depth.price(at), size = depth.size(at)
    if (Decimal.isLess(left, step.takes)) {
      // Both in units of 1 / denominator, as no division is exact here.
      denominator = step.rate.denominator
      rest = Decimal.multiply(left, step.rate.numerator)
      restBase = left
      restQuote = Decimal.multiply(left, price)
      levels.push([price, Decimal.divide(left, denominator, Decimal.SCALE.size)])
      break
    }
    left = Decimal.subtract(left, step.takes)
    received = Decimal.add(received, step.gives)
    base = Decimal.add(base, size)
    quote = Decimal.add(quote, Decimal.multiply(price, size))
    levels.push([price, size])
  }
  const baseScaled = Decimal.add(Decimal.multiply(base, denominator), restBase)
  const quoteScaled = Decimal.add(Decimal.multiply(quote, denominator), restQuote)
  return Option.some({
    received: { numerator: Decimal.add(Decimal.multiply(received, denominator), rest), denominator },
    gross: side === "sell"
      ? { numerator: quoteScaled, denominator: baseScaled }
      : { numerator: baseScaled, denominator: quoteScaled },
    fill: {
      total: levels.reduce((sum, [price, size]) => Decimal.add(sum, Decimal.multiply(price, size)), Decimal.ZERO),
      levels,
    },
  })
}
