/**
 * Cycles: what going round three or more markets of one venue brings, walked through every book. EXAMPLES rule 10.
 *
 * In: legs in order, each with its levels, fee and lot rules; an amount of the asset one begins with. Out: exact
 * decimals, or why there is none. Promises: too little depth is said, never priced; what flooring leaves over is told
 * and counts for nothing; no binary float takes part.
 *
 *   a the amount at hand, f taker fee, q a multiple of the market's step, A(q) and B(q) as in Pricing.ts
 *   buy:  greatest q with A(q) <= a; spends A(q), receives q (1 - f)
 *   sell: greatest q <= a;           spends q,    receives B(q) (1 - f)
 *   profit = received by the last leg - spent by the first
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import { type Depth, type Fill, fill } from "./Depth.ts"
import type { RejectionReason } from "./Opportunity.ts"

type Exact = Decimal.Decimal

/** One market gone through in one direction. */
export interface CycleLeg {
  readonly side: "buy" | "sell"
  readonly depth: Depth
  /** A fraction of what is received. */
  readonly fee: Exact
  /** What sizes are multiples of, base units. */
  readonly step: Exact
  readonly minAmount: Option.Option<Exact>
  readonly minNotional: Option.Option<Exact>
  /** Base units that may be taken at most; none: all that is there. */
  readonly most: Option.Option<Exact>
}

/** The step where a market names none. */
export const FINEST_STEP: Exact = Decimal.fromChecked("0.000000000001")

/** What one leg did with the amount that it was given. */
export interface Trade extends Fill {
  /** Base units. */
  readonly size: Exact
  /** Of the asset given; the rest of it is left over. */
  readonly spent: Exact
  readonly leftOver: Exact
  /** Of the other asset, in which the fee is taken too. */
  readonly received: Exact
  readonly fee: Exact
}

export interface Round {
  readonly trades: ReadonlyArray<Trade>
  /** Spent by the first leg and received by the last, in the start asset. */
  readonly start: Exact
  readonly end: Exact
  /** Scale 8, half-even. */
  readonly netProfit: Exact
  /** Scale 4, half-even. */
  readonly netBps: Exact
}

const kept = ({ fee }: CycleLeg): Exact => Decimal.subtract(Decimal.ONE, fee)

/** Base units that `budget` buys, before flooring; none where the book ends first. */
const affordable = (depth: Depth, budget: Exact): Option.Option<Exact> => {
  let left = budget, size = Decimal.ZERO
  for (let at = 0; at < depth.length; at++) {
    const price = depth.price(at), there = depth.size(at), value = Decimal.multiply(price, there)
    if (!Decimal.isLess(value, left)) {
      return Option.some(Decimal.add(size, Decimal.divideDown(left, price, Decimal.SCALE.grossSize)))
    }
    left = Decimal.subtract(left, value)
    size = Decimal.add(size, there)
  }
  return Option.none()
}

const trade = (leg: CycleLeg, amount: Exact): Trade | RejectionReason => {
  const wanted = leg.side === "sell" ? Option.some(amount) : affordable(leg.depth, amount)
  if (Option.isNone(wanted)) return "insufficient_depth"
  const size = Decimal.floorTo(wanted.value, leg.step)
  if (!Decimal.isPositive(size)) return "below_lot"
  if (Option.exists(leg.minAmount, (least) => Decimal.isLess(size, least))) return "below_min_amount"
  const filled = fill(leg.depth, size)
  if (Option.isNone(filled)) return "insufficient_depth"
  const { levels, total } = filled.value
  if (Option.exists(leg.minNotional, (least) => Decimal.isLess(total, least))) return "below_min_notional"
  const [spent, gross] = leg.side === "buy" ? [total, size] : [size, total]
  return {
    levels,
    total,
    size,
    spent,
    leftOver: Decimal.subtract(amount, spent),
    received: Decimal.multiply(gross, kept(leg)),
    fee: Decimal.multiply(gross, leg.fee),
  }
}

/** All legs, one after the other, beginning with at most `amount` of the start asset. */
export const roundAt = (legs: ReadonlyArray<CycleLeg>, amount: Exact): Round | RejectionReason => {
  const trades: Array<Trade> = []
  let end = amount
  for (const leg of legs) {
    const made = trade(leg, end)
    if (typeof made === "string") return made
    trades.push(made)
    end = made.received
  }
  const start = trades[0]?.spent ?? Decimal.ZERO
  if (!Decimal.isPositive(start)) return "below_lot"
  const net = Decimal.subtract(end, start)
  return {
    trades,
    start,
    end,
    netProfit: Decimal.round(net, Decimal.SCALE.profit),
    netBps: Decimal.divide(Decimal.multiply(net, Decimal.TEN_THOUSAND), start, Decimal.SCALE.bps),
  }
}

/** Whether net basis points lie strictly above `thresholdBps`, decided before any rounding. */
export const isAbove = ({ end, start }: Round, thresholdBps: Exact): boolean =>
  Decimal.isGreater(
    Decimal.multiply(Decimal.subtract(end, start), Decimal.TEN_THOUSAND),
    Decimal.multiply(start, thresholdBps),
  )

/** The product of the average prices without fees, less one; scale 4. */
export const grossBps = (legs: ReadonlyArray<CycleLeg>, { trades }: Round): Exact => {
  let gain = Decimal.ONE, cost = Decimal.ONE
  for (const [at, { size, total }] of trades.entries()) {
    const [out, into] = legs[at]?.side === "buy" ? [size, total] : [total, size]
    gain = Decimal.multiply(gain, out)
    cost = Decimal.multiply(cost, into)
  }
  return Decimal.divide(
    Decimal.multiply(Decimal.subtract(gain, cost), Decimal.TEN_THOUSAND),
    cost,
    Decimal.SCALE.bps,
  )
}

/** A leg while all books are walked together. */
interface Walker {
  readonly leg: CycleLeg
  at: number
  price: Exact
  /** What the leg makes of a base unit (selling) or gives of it (buying), its fee taken. */
  gain: Exact
  /** Base units left at this level. */
  left: Exact
  /** Base units that may still be taken from this level on. */
  room: Option.Option<Exact>
  /** Base units traded here for one unit of the start asset, as a fraction. */
  numerator: Exact
  denominator: Exact
}

const enter = (walker: Walker): void => {
  const { at, leg, room } = walker
  walker.left = Decimal.ZERO
  if (at >= leg.depth.length) return
  walker.price = leg.depth.price(at)
  walker.gain = leg.side === "sell" ? Decimal.multiply(walker.price, kept(leg)) : kept(leg)
  const there = leg.depth.size(at)
  walker.left = Option.isNone(room) ? there : Decimal.min(room.value, there)
}

const take = (walker: Walker, size: Exact): void => {
  walker.left = Decimal.subtract(walker.left, size)
  if (Option.isSome(walker.room)) walker.room = Option.some(Decimal.subtract(walker.room.value, size))
  if (Decimal.isPositive(walker.left)) return
  walker.at++
  enter(walker)
}

/** Sets what a unit of the start asset trades at each leg; out: whether it comes back as more. */
const pays = (walkers: ReadonlyArray<Walker>): boolean => {
  let numerator = Decimal.ONE, denominator = Decimal.ONE
  for (const walker of walkers) {
    if (walker.leg.side === "buy") denominator = Decimal.multiply(denominator, walker.price)
    walker.numerator = numerator
    walker.denominator = denominator
    numerator = Decimal.multiply(numerator, walker.gain)
  }
  return Decimal.isGreater(numerator, denominator)
}

/**
 * Rule 3 for a cycle: how much of the start asset until the next slice stops paying; zero where already the first does
 * not pay. Walks all books together, one slice after the other, each as large as the level with the least
 * room admits. A slice pays while the product of `(1 - f) x rate` is above one, which is decided without a division.
 * Slices are rounded down and what they take is rounded up, at scale 20, so that no book is ever overdrawn.
 */
export const bestAmount = (legs: ReadonlyArray<CycleLeg>): Exact => {
  const nothing = { price: Decimal.ZERO, gain: Decimal.ZERO, numerator: Decimal.ONE, denominator: Decimal.ONE }
  const walkers = legs.map((leg): Walker => ({ ...nothing, leg, at: 0, left: Decimal.ZERO, room: leg.most }))
  for (const walker of walkers) enter(walker)
  let amount = Decimal.ZERO
  while (walkers.every(({ left }) => Decimal.isPositive(left)) && pays(walkers)) {
    let narrowest: Walker | null = null, slice = Decimal.ZERO
    for (const walker of walkers) {
      const { denominator, left, numerator } = walker
      const most = Decimal.divideDown(Decimal.multiply(left, denominator), numerator, Decimal.SCALE.grossSize)
      if (narrowest !== null && !Decimal.isLess(most, slice)) continue
      slice = most
      narrowest = walker
    }
    amount = Decimal.add(amount, slice)
    for (const walker of walkers) {
      const { denominator, left, numerator } = walker
      const traded = Decimal.divideUp(Decimal.multiply(slice, numerator), denominator, Decimal.SCALE.grossSize)
      take(walker, walker === narrowest ? left : Decimal.min(left, traded))
    }
  }
  return amount
}

/** The least base units, in whole steps, that bring a leg `wanted` after its fee; none where the book ends first. */
const leastSize = (leg: CycleLeg, wanted: Exact): Option.Option<Exact> => {
  if (leg.side === "buy") {
    return Option.some(Decimal.ceilTo(Decimal.divideUp(wanted, kept(leg), Decimal.SCALE.grossSize), leg.step))
  }
  let left = Decimal.divideUp(wanted, kept(leg), Decimal.SCALE.grossSize), size = Decimal.ZERO
  for (let at = 0; at < leg.depth.length; at++) {
    const price = leg.depth.price(at), there = leg.depth.size(at), value = Decimal.multiply(price, there)
    if (!Decimal.isLess(value, left)) {
      return Option.some(
        Decimal.ceilTo(Decimal.add(size, Decimal.divideUp(left, price, Decimal.SCALE.grossSize)), leg.step),
      )
    }
    left = Decimal.subtract(left, value)
    size = Decimal.add(size, there)
  }
  return Option.none()
}

/** The least amount that brings the last leg to the size it has in `round`: less is left over on the way. */
const leastAmount = (legs: ReadonlyArray<CycleLeg>, { start, trades }: Round): Exact => {
  let needed = trades.at(-1)?.spent ?? Decimal.ZERO
  for (let at = legs.length - 2; at >= 0; at--) {
    const leg = legs[at]
    const size = leg === undefined ? Option.none() : leastSize(leg, needed)
    if (leg === undefined || Option.isNone(size)) return start
    if (leg.side === "sell") {
      needed = size.value
      continue
    }
    const filled = fill(leg.depth, size.value)
    if (Option.isNone(filled)) return start
    needed = filled.value.total
  }
  return Decimal.min(needed, start)
}

export interface Best {
  readonly round: Round
  /** Of the start asset, as the books admit it before caps and lots. */
  readonly capacity: Exact
}

const isCapped = ({ most }: CycleLeg): boolean => Option.isSome(most)
const uncapped = (leg: CycleLeg): CycleLeg => ({ ...leg, most: Option.none() })

/**
 * The round that earns most: as far as slices pay, at most `most`, then floored leg by leg, then begun with no more than
 * the last leg's lots need. With coarse lots a neighbouring lot may earn more, by less than one lot of each leg.
 */
export const best = (legs: ReadonlyArray<CycleLeg>, most: Option.Option<Exact>): Best | RejectionReason => {
  const areCapped = legs.some(isCapped)
  const capacity = bestAmount(areCapped ? legs.map(uncapped) : legs)
  if (!Decimal.isPositive(capacity)) return "below_threshold"
  const capped = areCapped ? bestAmount(legs) : capacity
  const first = roundAt(legs, Option.match(most, { onNone: () => capped, onSome: (cap) => Decimal.min(capped, cap) }))
  if (typeof first === "string") return first
  const least = leastAmount(legs, first)
  const trimmed = Decimal.isLess(least, first.start) ? roundAt(legs, least) : first
  // A smaller leg may fall below its market's least amount.
  return { round: typeof trimmed === "string" ? first : trimmed, capacity }
}
