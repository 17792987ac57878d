/**
 * Cross-exchange plans: the best size of one route, priced exactly, with its legs and everything a reader needs.
 *
 * In: two markets, how the one currency becomes the other, the mode and the operator's caps. Out: a plan, or the reason
 * why there is none. Promises: EXAMPLES rules 1 to 6; the size is floored to both markets' lots before it is priced.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { CrossExchangeDetails } from "../../domain/Details.ts"
import type { TradeMode } from "../../domain/DetectConfig.ts"
import { type ConversionEvidence, type InputsOf, marketEvidence } from "../../domain/Evidence.ts"
import { type MarketView, watched, type WatchedDepth } from "../../domain/MarketView.ts"
import type { Way } from "../../domain/Networks.ts"
import type { Leg, RejectionReason } from "../../domain/Opportunity.ts"
import * as Pricing from "../../domain/Pricing.ts"
import { profitCurve } from "../../domain/ProfitCurve.ts"
import type { Plan } from "./Candidate.ts"
import type { Conversion } from "./Conversions.ts"

/** What a plan is made of. */
export interface Ingredients {
  readonly buy: MarketView
  readonly sell: MarketView
  readonly mode: TradeMode
  /** The network taken; null when pre-funded. */
  readonly way: Way | null
  readonly conversion: Conversion
  readonly costs: Costs
}

/** Beyond fees; by mode, as configured. */
export interface Costs {
  readonly withdrawal: Decimal.Decimal
  readonly otherCosts: Decimal.Decimal
  readonly rebalancing: Decimal.Decimal
}

export interface Caps {
  readonly maxSize: Option.Option<Decimal.Decimal>
  /** None: all that is visible. */
  readonly visibleShare: Option.Option<Decimal.Decimal>
  /** Net basis points that a telling must lie above. */
  readonly openBps: Decimal.Decimal
}

export const termsOf = ({ buy, conversion, costs, sell }: Ingredients): Pricing.Terms => (
  { buyFee: buy.fee, sellFee: sell.fee, buyFeeIn: buy.fees.takerIn, exchange: conversion.exchange, ...costs }
)

export interface Made {
  readonly exact: Pricing.Priced
  /** Without curve and evidence: `withEvidence` adds both, which costs as much as all the rest. */
  readonly plan: Plan
  readonly withEvidence: () => Plan
}

export const makePlan = (of: Ingredients, caps: Caps, atMs: number): Made | RejectionReason => {
  const { buy, conversion, mode, sell, way } = of
  const asks = buy.depth("asks"), bids = sell.depth("bids"), terms = termsOf(of)
  const capacity = Pricing.bestSize(asks, bids, terms)
  if (!Decimal.isPositive(capacity)) return "below_threshold"
  const size = admissible(of, caps, capacity, asks, bids)
  if (typeof size === "string") return size
  const priced = Pricing.priceAt(asks, bids, size, terms)
  if (Option.isNone(priced)) return "insufficient_depth"
  const exact = priced.value
  if (tooSmall(exact.buy.total, buy.lot.minNotional) || tooSmall(exact.sell.total, sell.lot.minNotional)) {
    return "below_min_notional"
  }
  const details: typeof CrossExchangeDetails.Type = {
    type: "cross_exchange",
    mode,
    curve: [],
    transfer: way === null ? null : {
      currency: buy.instrument.base,
      network: way.network,
      fee: way.fee,
      arrivalMs: way.arrivalMs,
    },
    otherCosts: Decimal.format(exact.otherCosts),
    feeTable: buy.fees.table ?? sell.fees.table ?? conversion.book?.slot.fees.table ?? null,
  }
  const plan: Plan = {
    legs: [
      leg(buy, "buy", exact.buy, atMs),
      leg(sell, "sell", exact.sell, atMs),
      ...conversionLegs(conversion, exact, atMs),
    ],
    size,
    capacity,
    notional: exact.buy.total,
    currency: buy.instrument.quote,
    grossBps: Pricing.grossBps(exact),
    netBps: exact.netBps,
    netProfit: exact.netProfit,
    holdsUntil: null,
    details,
    inputs: null,
    notes: notesOf(of),
  }
  const withEvidence = (): Plan => {
    // The curve walks beyond the best size: whatever decided is seen on the way.
    const walked = { asks: watched(asks), bids: watched(bids), through: throughOf(conversion) }
    const exchange = terms.exchange.kind === "book" && walked.through !== null
      ? { ...terms.exchange, depth: walked.through }
      : terms.exchange
    const curve = profitCurve(walked.asks, walked.bids, { ...terms, exchange }, { best: capacity, chosen: size })
    return { ...plan, details: { ...details, curve }, inputs: inputsOf(of, caps, walked, atMs) }
  }
  return { exact, plan, withEvidence }
}

interface Walked {
  readonly asks: WatchedDepth
  readonly bids: WatchedDepth
  /** The conversion book; null where there is none. */
  readonly through: WatchedDepth | null
}

const throughOf = ({ exchange }: Conversion): WatchedDepth | null =>
  exchange.kind === "book" ? watched(exchange.depth) : null

const inputsOf = (
  of: Ingredients,
  { maxSize, openBps, visibleShare }: Caps,
  { asks, bids, through }: Walked,
  atMs: number,
): InputsOf<"cross_exchange"> => {
  const { buy, costs, mode, sell, way } = of
  const text = (cap: Option.Option<Decimal.Decimal>) => Option.getOrNull(Option.map(cap, Decimal.format))
  const capped = Option.isSome(visibleShare)
  return {
    type: "cross_exchange",
    at: atMs,
    openBps: Decimal.format(openBps),
    mode,
    buy: marketEvidence(buy, { asks }, atMs, capped),
    sell: marketEvidence(sell, { bids }, atMs, capped),
    conversion: conversionEvidence(of, through, atMs),
    way,
    otherCosts: Decimal.format(costs.otherCosts),
    rebalancing: Decimal.format(costs.rebalancing),
    maxSize: text(maxSize),
    visibleShare: text(visibleShare),
  }
}

const conversionEvidence = (
  { buy, conversion: { book, exchange }, sell }: Ingredients,
  through: WatchedDepth | null,
  atMs: number,
): ConversionEvidence => {
  if (exchange.kind === "rate") {
    const { denominator, numerator } = exchange.rate
    return buy.instrument.quote === sell.instrument.quote
      ? { kind: "same" }
      : { kind: "parity", numerator: Decimal.format(numerator), denominator: Decimal.format(denominator) }
  }
  if (book === null || through === null) return { kind: "same" }
  const { side, slot } = book
  const walked = side === "sell" ? { bids: through } : { asks: through }
  return { kind: "book", side, market: marketEvidence(slot, walked, atMs) }
}

/** Caps, then the coarser step of both markets, then the least amounts. */
const admissible = (
  { buy, costs, sell, way }: Ingredients,
  caps: Caps,
  capacity: Decimal.Decimal,
  asks: Pricing.Depth,
  bids: Pricing.Depth,
): Decimal.Decimal | RejectionReason => {
  let size = Option.match(caps.maxSize, { onNone: () => capacity, onSome: (most) => Decimal.min(capacity, most) })
  if (Option.isSome(caps.visibleShare)) {
    const seen = Decimal.min(buy.visible("asks"), sell.visible("bids"))
    size = Decimal.min(size, Decimal.multiply(seen, caps.visibleShare.value))
  }
  const steps = [buy.stepAt(asks.price(0)), sell.stepAt(bids.price(0))].flatMap((step) => Option.toArray(step))
  if (steps.length > 0) size = Decimal.floorTo(size, steps.reduce((a, b) => Decimal.max(a, b)))
  if (!Decimal.isPositive(size)) return "below_lot"
  const least = [buy.minAmountAt(asks.price(0)), sell.minAmountAt(bids.price(0))].flatMap((min) => Option.toArray(min))
  if (least.some((min) => Decimal.isLess(size, min))) return "below_min_amount"
  const withdrawn = Decimal.add(size, costs.withdrawal)
  return way !== null && tooSmall(withdrawn, way.minWithdraw) ? "below_min_amount" : size
}

const tooSmall = (total: Decimal.Decimal, least: string | undefined): boolean =>
  least !== undefined && Decimal.isLess(total, Decimal.fromChecked(least))

const notesOf = ({ buy, conversion, mode, sell, way }: Ingredients): ReadonlyArray<string> => [
  ...(conversion.note === null ? [] : [conversion.note]),
  ...(mode === "pre_funded" && (buy.instrument.market !== "spot" || sell.instrument.market !== "spot")
    ? ["not transferable: derivative leg"]
    : []),
  ...(way === null ? [] : [
    way.arrivalMs === null
      ? `transfer over ${way.network}: arrival time unknown`
      : `transfer over ${way.network}: at risk for about ${Math.ceil(way.arrivalMs / 60_000)} min`,
  ]),
]

const filledSize = (fill: Pricing.Fill): Decimal.Decimal =>
  fill.levels.reduce((sum, [, size]) => Decimal.add(sum, size), Decimal.ZERO)

export const leg = (slot: MarketView, side: "buy" | "sell", fill: Pricing.Fill, atMs: number): Leg => {
  const size = filledSize(fill)
  const inBase = side === "buy" && slot.fees.takerIn === "base"
  return {
    venue: slot.venue,
    instrument: slot.instrument.name,
    side,
    size: Decimal.format(size),
    price: Decimal.format(Decimal.divide(fill.total, size, Decimal.SCALE.price)),
    levels: fill.levels.map(([price, taken]) => [Decimal.format(price), Decimal.format(taken)] as const),
    contracts: slot.contracts(fill.levels),
    contractSize: slot.instrument.market === "spot" ? null : Decimal.format(slot.contractSize),
    fee: Decimal.format(Decimal.multiply(inBase ? size : fill.total, slot.fee)),
    feeCurrency: inBase ? slot.instrument.base : slot.instrument.quote,
    feeRate: slot.fees.taker,
    bookSeq: slot.book.seq,
    bookAgeMs: atMs - slot.seenAt,
  }
}

/** What the selling leg pays out, exchanged through the conversion book. */
const conversionLegs = ({ book }: Conversion, { exchanged }: Pricing.Priced, atMs: number): ReadonlyArray<Leg> =>
  book === null || exchanged.fill === null ? [] : [leg(book.slot, book.side, exchanged.fill, atMs)]
