/**
 * Funding pricing: what it costs to hold one instrument long and another short, and what their funding pays.
 *
 * In: both books in base units, taker fees, the payments due within a horizon, and what a unit of the short leg's
 * currency is worth in the long leg's. Out: exact decimals in the long leg's currency. Promises: rule 1; no binary float.
 *
 *   cost(q) = what buying q and selling it again loses, on both books as they stand now: four taker fees, four slippages
 *             + q x (mid of the long leg - mid of the short leg), where that is above zero
 *   income(q) = q x mid x rate, at each settlement of each leg; net(q) = income(q) - cost(q)
 *
 * A position is closed on the books of that time, which nobody knows: the present ones stand for them. A basis against
 * the position is taken to close, one in its favour is not.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import { type Depth, type Fill, fill } from "./Pricing.ts"

type Exact = Decimal.Decimal

export interface Side {
  readonly asks: Depth
  readonly bids: Depth
  readonly fee: Exact
  readonly buyFeeIn: "quote" | "base"
  /** Sum of the rates this side's holder is paid within the horizon, of the value held; negative: pays. */
  readonly paid: Exact
}

export interface Position {
  readonly long: Side
  readonly short: Side
  /** The short leg's currency into the long leg's. */
  readonly conversion: Exact
}

const HALF = Decimal.fromChecked("0.5")

export const mid = ({ asks, bids }: Pick<Side, "asks" | "bids">): Exact =>
  Decimal.multiply(Decimal.add(asks.price(0), bids.price(0)), HALF)

const kept = ({ fee }: Side): Exact => Decimal.subtract(Decimal.ONE, fee)

/** Base units to buy so that `quantity` is held. */
const bought = (side: Side, quantity: Exact): Exact =>
  side.buyFeeIn === "base" ? Decimal.divide(quantity, kept(side), Decimal.SCALE.grossSize) : quantity

const paidFor = (side: Side, total: Exact): Exact =>
  side.buyFeeIn === "base" ? total : Decimal.multiply(total, Decimal.add(Decimal.ONE, side.fee))

const isUsable = ({ asks, bids }: Side): boolean => asks.length > 0 && bids.length > 0

/** Income and basis of one base unit, in the long leg's currency. */
const perUnit = ({ conversion, long, short }: Position): { readonly income: Exact; readonly basis: Exact } => {
  const midLong = mid(long), midShort = Decimal.multiply(mid(short), conversion)
  return {
    income: Decimal.add(Decimal.multiply(midShort, short.paid), Decimal.multiply(midLong, long.paid)),
    basis: Decimal.max(Decimal.ZERO, Decimal.subtract(midLong, midShort)),
  }
}

/** Rule 3: base units held until the next slice, bought and sold again on both books, costs what it will be paid. */
export const bestSize = (position: Position): Exact => {
  const { conversion, long, short } = position
  if (!isUsable(long) || !isUsable(short)) return Decimal.ZERO
  const { basis, income } = perUnit(position), gain = Decimal.subtract(income, basis)
  const lost = (side: Side, ask: Exact, bid: Exact): Exact =>
    Decimal.subtract(paidFor(side, bought(side, ask)), Decimal.multiply(bid, kept(side)))
  const cursors = [long, short].flatMap((side) => [
    { depth: side.asks, share: side.buyFeeIn === "base" ? kept(side) : Decimal.ONE },
    { depth: side.bids, share: Decimal.ONE },
  ]).map(({ depth, share }) => ({ depth, share, at: 0, left: Decimal.multiply(depth.size(0), share) }))
  let size = Decimal.ZERO
  while (cursors.every(({ at, depth }) => at < depth.length)) {
    const [longAsk = Decimal.ZERO, longBid = Decimal.ZERO, shortAsk = Decimal.ZERO, shortBid = Decimal.ZERO] = cursors
      .map(({ at, depth }) => depth.price(at))
    const cost = Decimal.add(
      lost(long, longAsk, longBid),
      Decimal.multiply(lost(short, shortAsk, shortBid), conversion),
    )
    if (!Decimal.isGreater(gain, cost)) return size
    const take = cursors.map(({ left }) => left).reduce((least, left) => Decimal.min(least, left))
    size = Decimal.add(size, take)
    for (const cursor of cursors) {
      cursor.left = Decimal.subtract(cursor.left, take)
      if (Decimal.isPositive(cursor.left) || ++cursor.at >= cursor.depth.length) continue
      cursor.left = Decimal.multiply(cursor.depth.size(cursor.at), cursor.share)
    }
  }
  return size
}

export interface Priced {
  readonly size: Exact
  /** The entry: what is bought on the long leg's book, and sold on the short leg's. */
  readonly buy: Fill
  readonly sell: Fill
  readonly income: Exact
  /** Four fees, four slippages, and the basis. */
  readonly cost: Exact
  readonly net: Exact
  /** What the long leg costs with its fee: what net basis points are measured against. */
  readonly outlay: Exact
  /** Scale 8, and scale 4, half-even. */
  readonly netProfit: Exact
  readonly netBps: Exact
}

/** The position at `quantity` base units; none where one of the four sides does not hold it. */
export const priceAt = (position: Position, quantity: Exact): Option.Option<Priced> =>
  Option.gen(function* () {
    const { conversion, long, short } = position
    if (!isUsable(long) || !isUsable(short)) return yield* Option.none()
    const buy = yield* fill(long.asks, bought(long, quantity))
    const sellAgain = yield* fill(long.bids, quantity)
    const sell = yield* fill(short.bids, quantity)
    const buyAgain = yield* fill(short.asks, bought(short, quantity))
    const unit = perUnit(position), outlay = paidFor(long, buy.total)
    const lostLong = Decimal.subtract(outlay, Decimal.multiply(sellAgain.total, kept(long)))
    const lostShort = Decimal.subtract(paidFor(short, buyAgain.total), Decimal.multiply(sell.total, kept(short)))
    const income = Decimal.multiply(unit.income, quantity)
    const cost = Decimal.add(
      Decimal.add(lostLong, Decimal.multiply(lostShort, conversion)),
      Decimal.multiply(unit.basis, quantity),
    )
    const net = Decimal.subtract(income, cost)
    return {
      size: quantity,
      buy,
      sell,
      income,
      cost,
      net,
      outlay,
      netProfit: Decimal.round(net, Decimal.SCALE.profit),
      netBps: Decimal.divide(Decimal.multiply(net, Decimal.TEN_THOUSAND), outlay, Decimal.SCALE.bps),
    }
  })

/** Whether net basis points lie strictly above `thresholdBps`, decided before any rounding. */
export const isAbove = ({ net, outlay }: Priced, thresholdBps: Exact): boolean =>
  Decimal.isGreater(Decimal.multiply(net, Decimal.TEN_THOUSAND), Decimal.multiply(outlay, thresholdBps))
