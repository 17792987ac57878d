/**
 * Funding plans: one instrument held long and a perpetual short, sized, priced and told with all it takes to recompute it.
 *
 * In: two markets, the rates reckoned with, the operator's caps. Out: a plan, or the reason why there is none. Promises:
 * EXAMPLES rules 1, 4 and 11; the size is floored to both markets' lots before it is priced.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { FundingDetails } from "../../domain/Details.ts"
import { type InputsOf, marketEvidence } from "../../domain/Evidence.ts"
import * as FundingPricing from "../../domain/FundingPricing.ts"
import * as FundingRates from "../../domain/FundingRates.ts"
import { type MarketView, watched } from "../../domain/MarketView.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import { type Depth, fill } from "../../domain/Pricing.ts"
import type { Plan } from "./Candidate.ts"
import { leg } from "./CrossPlan.ts"

/** The rates of both sides at one moment: both predicted, or both settled. */
export interface Reckoned {
  readonly kind: FundingRates.RateKind
  /** Null on spot, which pays none. */
  readonly long: Due | null
  readonly short: Due
  /** Short less long, above zero. */
  readonly ratePerHour: Decimal.Decimal
}

export interface Due {
  readonly stated: FundingRates.StatedRate
  /** Its first settlement after the moment. */
  readonly next: number
  /** Settlements within the horizon. */
  readonly count: number
}

export interface Ingredients<M extends MarketView = MarketView> {
  readonly long: M
  readonly short: M
  readonly longRates: FundingRates.KnownRates
  readonly shortRates: FundingRates.KnownRates
  readonly rates: Reckoned
  readonly conversion: { readonly rate: Decimal.Decimal; readonly note: string | null }
}

export interface Caps {
  /** Of the long leg, in its quote currency. */
  readonly maxNotional: Decimal.Decimal
  readonly maxSize: Option.Option<Decimal.Decimal>
  readonly visibleShare: Decimal.Decimal
  readonly horizonHours: number
  /** A rate further from zero was refused. */
  readonly maxRate: Decimal.Decimal
  /** Net basis points that a telling must lie above. */
  readonly openBps: Decimal.Decimal
}

const HOUR_MS = 3_600_000

const dueOf = (
  stated: FundingRates.StatedRate,
  kind: FundingRates.RateKind,
  atMs: number,
  horizonHours: number,
): Due | null => {
  const next = FundingRates.nextSettlement(stated, kind, atMs)
  if (next === null) return null
  const count = FundingRates.settlementsUntil({ next, intervalMs: stated.intervalMs }, atMs + horizonHours * HOUR_MS)
  return { stated, next, count }
}

/** Rates of one kind over a horizon that begins at `atMs`; null: nobody knows when one of them is settled. */
export const reckon = (
  kind: FundingRates.RateKind,
  long: FundingRates.StatedRate | null,
  short: FundingRates.StatedRate,
  atMs: number,
  horizonHours: number,
): Reckoned | null => {
  const shortDue = dueOf(short, kind, atMs, horizonHours)
  const longDue = long === null ? null : dueOf(long, kind, atMs, horizonHours)
  if (shortDue === null || (longDue === null && long !== null)) return null
  const paid = long === null ? Decimal.ZERO : FundingRates.perHour(long)
  const ratePerHour = Decimal.subtract(FundingRates.perHour(short), paid)
  return { kind, long: longDue, short: shortDue, ratePerHour }
}

const ratePaid = (due: Due | null): Decimal.Decimal =>
  due === null ? Decimal.ZERO : Decimal.multiply(Decimal.fromChecked(due.stated.rate), Decimal.fromInteger(due.count))

const sideOf = (slot: MarketView, paid: Decimal.Decimal) => (
  {
    asks: watched(slot.depth("asks")),
    bids: watched(slot.depth("bids")),
    fee: slot.fee,
    buyFeeIn: slot.fees.takerIn,
    paid,
  }
)

export const positionOf = ({ conversion, long, rates, short }: Ingredients) => ({
  long: sideOf(long, Decimal.negate(ratePaid(rates.long))),
  short: sideOf(short, ratePaid(rates.short)),
  conversion: conversion.rate,
})

export const makePlan = (
  of: Ingredients,
  caps: Caps,
  atMs: number,
): { readonly exact: FundingPricing.Priced; readonly plan: Plan } | RejectionReason => {
  const { conversion, long, rates, short } = of
  const position = positionOf(of)
  const capacity = FundingPricing.bestSize(position)
  if (!Decimal.isPositive(capacity)) return "below_threshold"
  const size = admissible(of, position, caps, capacity)
  if (typeof size === "string") return size
  const priced = FundingPricing.priceAt(position, size)
  if (Option.isNone(priced)) return "insufficient_depth"
  const exact = priced.value
  if (tooSmall(exact.buy.total, long.lot.minNotional) || tooSmall(exact.sell.total, short.lot.minNotional)) {
    return "below_min_notional"
  }
  const plan: Plan = {
    legs: [leg(long, "buy", exact.buy, atMs), leg(short, "sell", exact.sell, atMs)],
    size,
    capacity,
    notional: exact.buy.total,
    currency: long.instrument.quote,
    grossBps: Decimal.divide(
      Decimal.multiply(exact.income, Decimal.TEN_THOUSAND),
      exact.buy.total,
      Decimal.SCALE.bps,
    ),
    netBps: exact.netBps,
    netProfit: exact.netProfit,
    holdsUntil: Math.min(rates.short.next, rates.long?.next ?? Infinity),
    details: detailsOf(of, position, exact, caps.horizonHours, atMs),
    inputs: inputsOf(of, position, caps, atMs),
    notes: [
      ...(conversion.note === null ? [] : [conversion.note]),
      ...(rates.kind === "settled" ? ["reckoned with the rates paid last: no prediction on both sides"] : []),
    ],
  }
  return { exact, plan }
}

const inputsOf = (
  { conversion, long, longRates, rates, short, shortRates }: Ingredients,
  position: ReturnType<typeof positionOf>,
  caps: Caps,
  atMs: number,
): InputsOf<"funding"> => ({
  type: "funding",
  at: atMs,
  openBps: Decimal.format(caps.openBps),
  long: marketEvidence(long, position.long, atMs, true),
  short: marketEvidence(short, position.short, atMs, true),
  longRates,
  shortRates,
  pricedBy: rates.kind,
  maxRate: Decimal.format(caps.maxRate),
  conversion: Decimal.format(conversion.rate),
  horizonHours: caps.horizonHours,
  maxNotional: Decimal.format(caps.maxNotional),
  maxSize: Option.getOrNull(Option.map(caps.maxSize, Decimal.format)),
  visibleShare: Decimal.format(caps.visibleShare),
})

/** Caps, then the coarser step of both markets, then the least amounts. */
const admissible = (
  { long, short }: Ingredients,
  position: FundingPricing.Position,
  caps: Caps,
  capacity: Decimal.Decimal,
): Decimal.Decimal | RejectionReason => {
  const ask = position.long.asks.price(0), bid = position.short.bids.price(0)
  const seen = [long, short].flatMap((market) => [market.visible("asks"), market.visible("bids")])
  const least = seen.reduce((one, other) => Decimal.min(one, other))
  let size = [
    capacity,
    Decimal.divideDown(caps.maxNotional, ask, Decimal.SCALE.size),
    Decimal.multiply(least, caps.visibleShare),
    ...Option.toArray(caps.maxSize),
  ].reduce((one, other) => Decimal.min(one, other))
  const steps = [...Option.toArray(long.stepAt(ask)), ...Option.toArray(short.stepAt(bid))]
  if (steps.length > 0) size = Decimal.floorTo(size, steps.reduce((one, other) => Decimal.max(one, other)))
  if (!Decimal.isPositive(size)) return "below_lot"
  const minima = [...Option.toArray(long.minAmountAt(ask)), ...Option.toArray(short.minAmountAt(bid))]
  return minima.some((min) => Decimal.isLess(size, min)) ? "below_min_amount" : size
}

const tooSmall = (total: Decimal.Decimal, least: string | undefined): boolean =>
  least !== undefined && Decimal.isLess(total, Decimal.fromChecked(least))

const detailsOf = (
  { conversion, longRates, rates, shortRates }: Ingredients,
  position: FundingPricing.Position,
  exact: FundingPricing.Priced,
  horizonHours: number,
  atMs: number,
): typeof FundingDetails.Type => {
  const { buy, cost, income, size } = exact
  const payments = paymentsOf(rates, position, size, conversion.rate)
  const share = Decimal.divide(cost, buy.total, Decimal.SCALE.ratio)
  const hours = FundingRates.breakEvenHours(share, rates.ratePerHour)
  const paidBack = FundingRates.breakEvenAt(payments, cost, atMs + horizonHours * HOUR_MS)
  return {
    type: "funding",
    long: sideDetails(rates.long, longRates, position.long, exitLevels(position.long.bids, size)),
    short: sideDetails(rates.short, shortRates, position.short, exitLevels(position.short.asks, size)),
    pricedBy: rates.kind,
    ratePerHour: Decimal.format(rates.ratePerHour),
    annualYield: Decimal.format(FundingRates.perYear(rates.ratePerHour)),
    entryExitCost: Decimal.format(share),
    cost: Decimal.format(Decimal.round(cost, Decimal.SCALE.profit)),
    income: Decimal.format(Decimal.round(income, Decimal.SCALE.profit)),
    horizonHours,
    breakEvenHours: hours === null ? null : Decimal.format(hours),
    breakEvenSettlementsMs: paidBack === null ? null : paidBack - atMs,
    nextSettlement: Math.min(rates.short.next, rates.long?.next ?? Infinity),
  }
}

/** What each settlement brings at `size`, in the long leg's currency. */
const paymentsOf = (
  { long, short }: Reckoned,
  position: FundingPricing.Position,
  size: Decimal.Decimal,
  conversion: Decimal.Decimal,
): ReadonlyArray<FundingRates.Payments> => {
  const amount = ({ stated }: Due, side: FundingPricing.Side): Decimal.Decimal =>
    Decimal.multiply(Decimal.multiply(FundingPricing.mid(side), size), Decimal.fromChecked(stated.rate))
  const received = Decimal.multiply(amount(short, position.short), conversion)
  return [
    { amount: received, next: short.next, intervalMs: short.stated.intervalMs },
    ...(long === null ? [] : [{
      amount: Decimal.negate(amount(long, position.long)),
      next: long.next,
      intervalMs: long.stated.intervalMs,
    }]),
  ]
}

const sideDetails = (
  due: Due | null,
  known: FundingRates.KnownRates,
  side: FundingPricing.Side,
  exit: ReadonlyArray<readonly [string, string]>,
): typeof FundingDetails.Type["long"] => ({
  predictedRate: known.predicted?.rate ?? null,
  settledRate: known.settled?.rate ?? null,
  intervalMs: due?.stated.intervalMs ?? null,
  nextSettlement: due?.next ?? null,
  settlements: due?.count ?? 0,
  mid: Decimal.format(FundingPricing.mid(side)),
  exit,
})

const exitLevels = (depth: Depth, size: Decimal.Decimal): ReadonlyArray<readonly [string, string]> =>
  Option.match(fill(depth, size), {
    onNone: () => [],
    onSome: ({ levels }) => levels.map(([price, taken]) => [Decimal.format(price), Decimal.format(taken)] as const),
  })
