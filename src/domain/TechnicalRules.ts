/**
 * Technical rules: what indicators say of a market, and when that is a signal.
 *
 * In: the readings of two candles in a row. Out: the word of each indicator, what happened at the candle, and whether
 * enough of them agree. Promises: pure; no number within rounding of zero says anything; a signal counts only where at
 * least two of the four indicators say its direction, and more than say the opposite.
 *
 *   rsi       at or below `low`: buy; at or above `high`: sell; and so at the candle that leaves the zone
 *   macd      histogram above zero: buy; below: sell
 *   momentum  close above that of `period` candles ago: buy; below: sell
 *   volume    at least `factor` times the mean of the `period` candles before: the direction of the candle
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import type { Candle } from "./Candles.ts"

const Period = Schema.Int.check(Schema.isBetween({ minimum: 2, maximum: 500 }))
const Percent = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 100 }))

const Rsi = Schema.Struct({
  period: withDefault(Period, 14),
  low: withDefault(Percent, 30),
  high: withDefault(Percent, 70),
}).check(
  Schema.makeFilter((rsi: { readonly low: number; readonly high: number }) =>
    rsi.low < rsi.high || "low must lie below high"
  ),
)
const Macd = Schema.Struct({
  fast: withDefault(Period, 12),
  slow: withDefault(Period, 26),
  signal: withDefault(Period, 9),
}).check(
  Schema.makeFilter((macd: { readonly fast: number; readonly slow: number }) =>
    macd.fast < macd.slow || "fast must lie below slow"
  ),
)

export const TechnicalConfig = Schema.Struct({
  intervalMs: withDefault(Schema.Int.check(Schema.isBetween({ minimum: 1_000, maximum: 86_400_000 })), 60_000),
  rsi: withDefault(Rsi, {}),
  macd: withDefault(Macd, {}),
  volume: withDefault(
    Schema.Struct({
      period: withDefault(Period, 20),
      factor: withDefault(Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })), 2),
    }),
    {},
  ),
  momentum: withDefault(Schema.Struct({ period: withDefault(Period, 10) }), {}),
  /** A signal holds for so many candles. */
  holdCandles: withDefault(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })), 5),
})
export type TechnicalConfig = typeof TechnicalConfig.Type

/** Candles without which no indicator is asked. */
export const warmUp = ({ macd, momentum, rsi, volume }: TechnicalConfig): number =>
  1 + Math.max(rsi.period, macd.slow + macd.signal, volume.period, momentum.period)

export type Direction = "buy" | "sell"
export const INDICATORS = ["rsi", "macd", "momentum", "volume"] as const
export type IndicatorName = typeof INDICATORS[number]
export const SIGNALS = ["rsi_reversal", "macd_cross", "volume_surge"] as const
export type SignalName = typeof SIGNALS[number]

/** At the close of one candle. */
export interface Readings {
  readonly candle: Candle
  /** 0 to 100; null: the price never moved. */
  readonly rsi: number | null
  readonly macd: number
  readonly macdSignal: number
  readonly histogram: number
  /** Relative change over the momentum's period. */
  readonly momentum: number
  /** Mean volume of the candles before. */
  readonly meanVolume: number
}

export type Votes = Readonly<Record<IndicatorName, Direction | null>>
export interface Signal {
  readonly name: SignalName
  readonly direction: Direction
}

/** Relative to the price: what lies closer to zero is rounding. */
const NOTHING = 1e-9

const sign = (value: number, scale: number): Direction | null =>
  Math.abs(value) <= scale * NOTHING ? null : value > 0 ? "buy" : "sell"

const zone = ({ rsi }: Readings, { high, low }: TechnicalConfig["rsi"]): Direction | null =>
  rsi === null ? null : rsi <= low ? "buy" : rsi >= high ? "sell" : null

const histogramSign = ({ candle, histogram }: Readings): Direction | null => sign(histogram, candle.close)

const surge = ({ candle, meanVolume }: Readings, { factor }: TechnicalConfig["volume"]): Direction | null =>
  meanVolume > 0 && candle.volume >= factor * meanVolume ? sign(candle.close - candle.open, candle.close) : null

export const votesOf = (before: Readings, now: Readings, config: TechnicalConfig): Votes => ({
  rsi: zone(now, config.rsi) ?? (now.rsi === null ? null : zone(before, config.rsi)),
  macd: histogramSign(now),
  momentum: sign(now.momentum, 1),
  volume: surge(now, config.volume),
})

/** What happened at this candle, confirmed or not; nothing in a candle without volume. */
export const signalsOf = (before: Readings, now: Readings, config: TechnicalConfig): ReadonlyArray<Signal> => {
  if (now.candle.volume === 0) return []
  const signals: Array<Signal> = []
  const left = zone(before, config.rsi)
  if (left !== null && now.rsi !== null && zone(now, config.rsi) === null) {
    signals.push({ name: "rsi_reversal", direction: left })
  }
  const side = histogramSign(now), other = histogramSign(before)
  if (side !== null && other !== null && side !== other) signals.push({ name: "macd_cross", direction: side })
  const surged = surge(now, config.volume)
  if (surged !== null && surge(before, config.volume) !== surged) {
    signals.push({ name: "volume_surge", direction: surged })
  }
  return signals
}

/** Those that say `direction`, where at least two do and more than say the opposite; null: not confirmed. */
export const confirmers = (votes: Votes, direction: Direction): ReadonlyArray<IndicatorName> | null => {
  const agree = INDICATORS.filter((name) => votes[name] === direction)
  const oppose = INDICATORS.filter((name) => votes[name] !== null && votes[name] !== direction)
  return agree.length >= 2 && agree.length > oppose.length ? agree : null
}
