/**
 * The funding rate of one simulated perpetual.
 *
 * In: the time. Out: a forecast every ten seconds, and the settled rate every eight hours of the epoch. Promises: the
 * rate stays within +-75 bps of the notional for an interval.
 */
import type { Randomness } from "./Randomness.ts"
import { decimalText } from "./DecimalText.ts"

export const FUNDING_INTERVAL_MS = 28_800_000
const FORECAST_EVERY_MS = 10_000
/** In millionths. */
const RATE_LIMIT = 7_500
const RATE_START = 100

export interface FundingNotice {
  readonly rate: string
  readonly predicted: boolean
  readonly nextFundingTime: number
}

/** Gives a notice when one is due at this time (epoch), else null. */
export const make = (randomness: Randomness): (timeMs: number) => FundingNotice | null => {
  let rate = RATE_START
  let nextForecastMs = 0
  let nextSettlementMs = 0
  return (timeMs) => {
    const settles = nextSettlementMs > 0 && timeMs >= nextSettlementMs
    if (!settles && timeMs < nextForecastMs) return null
    if (!settles) rate = Math.min(RATE_LIMIT, Math.max(-RATE_LIMIT, rate + randomness.around(20)))
    nextForecastMs = timeMs + FORECAST_EVERY_MS
    nextSettlementMs = (Math.floor(timeMs / FUNDING_INTERVAL_MS) + 1) * FUNDING_INTERVAL_MS
    const text = decimalText(Math.abs(rate), 6)
    return { rate: rate < 0 ? `-${text}` : text, predicted: !settles, nextFundingTime: nextSettlementMs }
  }
}
