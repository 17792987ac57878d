/**
 * Volatility: how strongly a market's mid price moves, as measured.
 *
 * In: mid prices with their ingest times, at most one a second. Out: realised volatility, in basis points a square root
 * of a second: the standard deviation of the price over one second; null: unknown, until there are enough samples.
 * Promises: pure, of constant size, allocates nothing a sample; nothing but sums, products, quotients, comparisons and a
 * square root, which are exact to the last bit on every runtime; `snapshot` and `restore` change no later figure.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"

/** Samples are no closer together: what bounces between bid and ask within a second is no move of the market. */
export const EVERY_MS = 1_000
/** After a longer silence nothing is known any more. */
export const SILENCE_MS = 60_000
/** Of fewer moves nothing is said. */
export const LEAST_MOVES = 10
const MEMORY_S = 30
/** A greater move counts as it, so that one wrong price is forgotten soon. */
export const GREATEST_MOVE = 0.05

/** Basis points a square root of a second in which a market is dealt with. */
export const VolatilityRange = Schema.Struct({
  minBps: withDefault(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0)), 0),
  /** null: however wild. */
  maxBps: withDefault(Schema.NullOr(Schema.Finite.check(Schema.isGreaterThan(0))), 200),
}).check(
  Schema.makeFilter(({ maxBps, minBps }) => maxBps === null || minBps <= maxBps || "minBps at most as great as maxBps"),
)
export type VolatilityRange = typeof VolatilityRange.Type

export const ANY_BUT_ABSURD: VolatilityRange = Schema.decodeSync(VolatilityRange)({})

/** What is unknown is in every range. */
export const isWithin = (bps: number | null, { maxBps, minBps }: VolatilityRange): boolean =>
  bps === null || (bps >= minBps && (maxBps === null || bps <= maxBps))

/** As it is told to people. */
export const rounded = (bps: number | null): number | null => bps === null ? null : Math.round(bps * 100) / 100

export const VolatilityState = Schema.Struct({
  /** The last sample. */
  at: Schema.Int,
  mid: Schema.Finite,
  /** Of a return over one second. */
  variance: Schema.Finite,
  /** Seconds that the variance stands for. */
  spanS: Schema.Finite,
  moves: Schema.Int,
})
export type VolatilityState = typeof VolatilityState.Type

/**
 * The figure is the root of the exponentially weighted mean of squared returns (J.P. Morgan/Reuters, RiskMetrics
 * Technical Document, 4th edition, 1996, chapter 5: the mean return is taken for zero), with MEMORY_S / (MEMORY_S + s) as
 * the decay over s seconds, so that samples need not be evenly spaced; over one second it is 0.968. Until the memory is
 * full it is the plain mean: realised variance over time. A simple return stands for its logarithm, which runtimes may
 * round differently; at a percent a second the two differ by half a hundredth of the figure.
 */
export class Volatility {
  #at = -Infinity
  #mid = 0
  #variance = 0
  #spanS = 0
  #moves = 0

  /** Whether a price of this ingest time (ms) would be a sample. A clock that leapt back begins anew. */
  isDue(at: number): boolean {
    const passed = at - this.#at
    return passed >= EVERY_MS || passed < -SILENCE_MS
  }

  /** A price that is due. */
  sample(mid: number, at: number): void {
    if (!(mid > 0 && mid < Infinity)) return
    const passed = at - this.#at
    if (passed >= EVERY_MS && passed <= SILENCE_MS) this.#moved(mid / this.#mid - 1, passed / 1_000)
    else this.#variance = this.#spanS = this.#moves = 0
    this.#at = at
    this.#mid = mid
  }

  /** As of the last sample; null: unknown. */
  get bps(): number | null {
    return this.#moves < LEAST_MOVES ? null : Math.sqrt(this.#variance) * 10_000
  }

  /** Null: nothing was sampled yet. */
  snapshot(): VolatilityState | null {
    return this.#at === -Infinity
      ? null
      : { at: this.#at, mid: this.#mid, variance: this.#variance, spanS: this.#spanS, moves: this.#moves }
  }

  restore({ at, mid, moves, spanS, variance }: VolatilityState): void {
    this.#at = at
    this.#mid = mid
    this.#variance = variance
    this.#spanS = spanS
    this.#moves = moves
  }

  #moved(move: number, seconds: number): void {
    const counted = Math.min(GREATEST_MOVE, Math.abs(move)), span = this.#spanS + seconds
    this.#variance = (this.#spanS * this.#variance + counted * counted) / span
    this.#spanS = Math.min(MEMORY_S, span)
    this.#moves++
  }
}
