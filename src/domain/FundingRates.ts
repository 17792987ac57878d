/**
 * Funding rates: what a perpetual pays its holders, and when. EXAMPLES rule 11.
 *
 * In: rates as venues state them, per interval, each with the interval it was stated with. Out: rates per hour and year,
 * settlements within a span, and when income has paid a cost, smoothed and by settlements. Promises: exact decimals; a
 * rate that a venue predicts and one that it has settled are kept apart and never compared with each other; a new
 * interval counts from its tick on; what is absurd is refused with a reason.
 */
import { Schema } from "effect"
import { NotNegative, Positive, withDefault } from "./ConfigValues.ts"
import * as Decimal from "./Decimal.ts"
import type { RejectionReason } from "./Rejection.ts"

const HOUR_MS = 3_600_000
const HOURS_A_YEAR = Decimal.fromInteger(8_760)
const MIN_INTERVAL_MS = 60_000
const MAX_INTERVAL_MS = 7 * 24 * HOUR_MS
/** Of rates per hour, and of break-even hours. */
const RATE_SCALE = 18
const HOURS_SCALE = 2

export const FundingConfig = Schema.Struct({
  /** Income is counted over so many hours from detection, costs in full. */
  horizonHours: withDefault(Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 8_760 })), 72),
  /** A fraction a year, before costs; less is not told. */
  minAnnualYield: Schema.optionalKey(NotNegative),
  /** Of the long leg, in its quote currency. */
  maxNotional: withDefault(Positive, "10000"),
  /** A rate further from zero is taken for a mistake; a fraction per interval. */
  maxRate: withDefault(Positive, "0.05"),
})
export type FundingConfig = typeof FundingConfig.Type

/** A rate as one tick stated it. */
export const StatedRate = Schema.Struct({
  /** Fraction of the position per interval; positive: longs pay shorts. */
  rate: Schema.String,
  intervalMs: Schema.Int,
  /** As the venue announced it; null: it announced none. */
  nextFundingTime: Schema.NullOr(Schema.Int),
  /** Ingest time of the tick: its interval counts from then on. */
  at: Schema.Int,
})
export type StatedRate = typeof StatedRate.Type

/** What is known of one perpetual: the rate that will be paid if nothing changes, and the one paid last. */
export interface KnownRates {
  readonly predicted: StatedRate | null
  readonly settled: StatedRate | null
}
export type RateKind = keyof KnownRates
export const NO_RATES: KnownRates = { predicted: null, settled: null }

/** Why a rate is not believed; null: it is. */
export const refusal = (stated: StatedRate, maxRate: Decimal.Decimal): RejectionReason | null => {
  const { at, intervalMs, nextFundingTime, rate } = stated
  const value = Decimal.fromChecked(rate)
  const size = Decimal.isLess(value, Decimal.ZERO) ? Decimal.negate(value) : value
  if (intervalMs < MIN_INTERVAL_MS || intervalMs > MAX_INTERVAL_MS) return "implausible_rate"
  if (Decimal.isGreater(size, maxRate)) return "implausible_rate"
  return nextFundingTime !== null && Math.abs(nextFundingTime - at) > 2 * intervalMs ? "implausible_rate" : null
}

/**
 * The first settlement after `nowMs`; null: nobody knows. Where the venue announced none, the tick of a settled rate is
 * itself a settlement, and the next is an interval later.
 */
export const nextSettlement = (stated: StatedRate, kind: RateKind, nowMs: number): number | null => {
  const { at, intervalMs, nextFundingTime } = stated
  const known = nextFundingTime ?? (kind === "settled" ? at + intervalMs : null)
  if (known === null || known > nowMs) return known
  return known + (Math.floor((nowMs - known) / intervalMs) + 1) * intervalMs
}

/** A prediction counts until the settlement it is of, a settled rate until the next one is due. */
export const isStale = (stated: StatedRate, kind: RateKind, nowMs: number): boolean =>
  nowMs - stated.at > stated.intervalMs ||
  (kind === "predicted" && stated.nextFundingTime !== null && nowMs >= stated.nextFundingTime)

/** Fraction an hour. */
export const perHour = ({ intervalMs, rate }: Pick<StatedRate, "rate" | "intervalMs">): Decimal.Decimal =>
  Decimal.divide(
    Decimal.multiply(Decimal.fromChecked(rate), Decimal.fromInteger(HOUR_MS)),
    Decimal.fromInteger(intervalMs),
    RATE_SCALE,
  )

export const perYear = (ratePerHour: Decimal.Decimal): Decimal.Decimal => Decimal.multiply(ratePerHour, HOURS_A_YEAR)

/** What one side of a position is paid (negative: pays) at each of its settlements. */
export interface Payments {
  readonly amount: Decimal.Decimal
  /** The first settlement while the position is open. */
  readonly next: number
  readonly intervalMs: number
}

/** Settlements up to and with `untilMs`. */
export const settlementsUntil = (
  { intervalMs, next }: Pick<Payments, "next" | "intervalMs">,
  untilMs: number,
): number => untilMs < next ? 0 : Math.floor((untilMs - next) / intervalMs) + 1

/** Sum of all sides' payments up to and with `untilMs`. */
export const income = (sides: ReadonlyArray<Payments>, untilMs: number): Decimal.Decimal =>
  sides.reduce(
    (sum, side) =>
      Decimal.add(sum, Decimal.multiply(side.amount, Decimal.fromInteger(settlementsUntil(side, untilMs)))),
    Decimal.ZERO,
  )

/** Hours until an even stream of income has paid `cost`, scale 2; null where there is none. */
export const breakEvenHours = (cost: Decimal.Decimal, incomePerHour: Decimal.Decimal): Decimal.Decimal | null =>
  Decimal.isPositive(incomePerHour) ? Decimal.divide(cost, incomePerHour, HOURS_SCALE) : null

/**
 * The first settlement at which everything paid so far reaches `cost`; null: none up to `untilMs`. A later settlement
 * may take it below again: payments come in steps, and those of the two sides at different times.
 */
export const breakEvenAt = (sides: ReadonlyArray<Payments>, cost: Decimal.Decimal, untilMs: number): number | null => {
  let at = Math.min(...sides.map(({ next }) => next))
  while (at <= untilMs) {
    if (!Decimal.isLess(income(sides, at), cost)) return at
    at = Math.min(...sides.map((side) => side.next + settlementsUntil(side, at) * side.intervalMs))
  }
  return null
}
