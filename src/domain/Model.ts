/**
 * Model: the probability that an opportunity still pays a second after its detection, learned from outcomes.
 *
 * In: features and whether each case succeeded, in order of time. Out: a model, its confidence for new features, and how
 * good it is on cases it has not seen. Promises: deterministic, and the same on every runtime: only sums, products,
 * quotients and comparisons. It is trained by time: the first 60% teach, the next 20% calibrate, the last 20% judge.
 */
import { Schema } from "effect"
import { FEATURES } from "./Features.ts"
import { DataSource } from "./Frame.ts"

export const Stump = Schema.Struct({
  feature: Schema.Int,
  /** Below it or equal: `low`; above: `high`. */
  threshold: Schema.Finite,
  low: Schema.Finite,
  high: Schema.Finite,
})
export type Stump = typeof Stump.Type

/** From this score on, this confidence. */
export const Step = Schema.Struct({ from: Schema.Finite, confidence: Schema.Finite })

export const Model = Schema.Struct({
  v: Schema.Literal(1),
  /** Real and simulated markets teach different things: a model speaks of data like its own alone. */
  source: DataSource,
  features: Schema.Array(Schema.String),
  base: Schema.Finite,
  stumps: Schema.Array(Stump),
  /** Ascending in both; a score below the first has the first's confidence. */
  calibration: Schema.Array(Step),
  cases: Schema.Int,
})
export type Model = typeof Model.Type

export interface Case {
  readonly features: ReadonlyArray<number>
  readonly succeeded: boolean
}

const ROUNDS = 120
const SHRINKAGE = 0.1
/** Thresholds tried a feature. */
const QUANTILES = 32
/** A stump's sides, and a calibration's steps, hold at least so many cases. */
const LEAST_IN_LEAF = 10
const LEAST_IN_STEP = 15
/** As many cases at the base rate are added to each step. */
const CALIBRATION_WEIGHT = 10
/** Fewer teach nothing. */
export const LEAST_CASES = 150

const mean = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value, 0) / values.length
/** What is shown and stored, in full: 6 digits. */
const rounded = (value: number): number => Math.round(value * 1e6) / 1e6

const sumOfSquares = (values: ReadonlyArray<number>): number => values.reduce((sum, value) => sum + value * value, 0)

const thresholdsOf = (cases: ReadonlyArray<Case>, feature: number): ReadonlyArray<number> => {
  const sorted = cases.map(({ features }) => features[feature] ?? 0).toSorted((a, b) => a - b)
  const picked = Array.from({ length: QUANTILES - 1 }, (_, at) => {
    const value = sorted[Math.floor(((at + 1) * sorted.length) / QUANTILES)]
    return value ?? 0
  })
  return [...new Set(picked)]
}

/** The single threshold that explains most of what is left; null: none explains anything. */
const bestStump = (
  cases: ReadonlyArray<Case>,
  left: ReadonlyArray<number>,
  thresholds: ReadonlyArray<ReadonlyArray<number>>,
): Stump | null => {
  let best: Stump | null = null, bestGain = 1e-12
  const total = left.reduce((sum, value) => sum + value, 0), count = cases.length
  for (let feature = 0; feature < thresholds.length; feature++) {
    for (const threshold of thresholds[feature] ?? []) {
      let lowSum = 0, lowCount = 0
      for (let at = 0; at < count; at++) {
        if ((cases[at]?.features[feature] ?? 0) > threshold) continue
        lowSum += left[at] ?? 0
        lowCount++
      }
      const highCount = count - lowCount
      if (lowCount < LEAST_IN_LEAF || highCount < LEAST_IN_LEAF) continue
      const low = lowSum / lowCount, high = (total - lowSum) / highCount
      // What splitting takes off the squared error.
      const gain = low * lowSum + high * (total - lowSum) - total * total / count
      if (gain > bestGain) {
        bestGain = gain
        best = { feature, threshold, low: low * SHRINKAGE, high: high * SHRINKAGE }
      }
    }
  }
  return best
}

const stepOf = ({ feature, high, low, threshold }: Stump, features: ReadonlyArray<number>): number =>
  (features[feature] ?? 0) > threshold ? high : low

export const scoreOf = ({ base, stumps }: Pick<Model, "base" | "stumps">, features: ReadonlyArray<number>): number =>
  stumps.reduce((sum, stump) => sum + stepOf(stump, features), base)

/** Pools neighbours until confidence rises with every step and each holds enough cases. */
const isotonic = (
  points: ReadonlyArray<{ readonly score: number; readonly success: number }>,
  base: number,
): Model["calibration"] => {
  // Drawn towards the base rate: a short run of successes is no certainty.
  const confidence = (pool: { readonly sum: number; readonly count: number }): number =>
    rounded((pool.sum + base * CALIBRATION_WEIGHT) / (pool.count + CALIBRATION_WEIGHT))
  const pools: Array<{ from: number; sum: number; count: number }> = []
  for (const { score, success } of points.toSorted((a, b) => a.score - b.score)) {
    pools.push({ from: rounded(score), sum: success, count: 1 })
    while (pools.length > 1) {
      const last = pools[pools.length - 1], before = pools[pools.length - 2]
      if (last === undefined || before === undefined) break
      const rises = confidence(last) > confidence(before)
      if (rises && before.count >= LEAST_IN_STEP && last.from > before.from) break
      pools.splice(-2, 2, { from: before.from, sum: before.sum + last.sum, count: before.count + last.count })
    }
  }
  return pools.map((pool) => ({ from: pool.from, confidence: confidence(pool) }))
}

const calibrated = (calibration: Model["calibration"], score: number): number => {
  let confidence = calibration[0]?.confidence ?? 0
  for (const step of calibration) if (score >= step.from) confidence = step.confidence
  return confidence
}

/** Probability of success, 0 to 1. */
export const confidenceOf = (model: Model, features: ReadonlyArray<number>): number =>
  calibrated(model.calibration, rounded(scoreOf(model, features)))

/** Whether this model's features are those we compute. */
export const isReadable = ({ features }: Model): boolean =>
  features.length === FEATURES.length && features.every((name, at) => name === FEATURES[at])

const brier = (forecasts: ReadonlyArray<number>, cases: ReadonlyArray<Case>): number =>
  mean(forecasts.map((forecast, at) => (forecast - (cases[at]?.succeeded ? 1 : 0)) ** 2))

/** One bin of the reliability curve: what was forecast, and how often it came true. */
export interface Reliability {
  readonly from: number
  readonly cases: number
  readonly meanConfidence: number
  readonly succeeded: number
}

const BINS = 10

const reliabilityOf = (forecasts: ReadonlyArray<number>, cases: ReadonlyArray<Case>): ReadonlyArray<Reliability> =>
  Array.from({ length: BINS }, (_, bin) => {
    const inside = forecasts.flatMap((forecast, at) =>
      Math.min(BINS - 1, Math.floor(forecast * BINS)) === bin ? [at] : []
    )
    return {
      from: bin / BINS,
      cases: inside.length,
      meanConfidence: inside.length === 0 ? 0 : rounded(mean(inside.map((at) => forecasts[at] ?? 0))),
      succeeded: inside.filter((at) => cases[at]?.succeeded === true).length,
    }
  }).filter((bin) => bin.cases > 0)

export interface Trained {
  readonly model: Model
  readonly taught: number
  readonly calibrated: number
  readonly held: number
  /** Of the held cases: the model's, and that of the constant share of successes among those that taught. */
  readonly brier: number
  readonly baseRateBrier: number
  readonly reliability: ReadonlyArray<Reliability>
}

/**
 * `cases` in order of time. Null: too few.
 *
 *   score(x) = base + sum of stumps: least-squares boosting (Friedman, 2001: LS_Boost with regression stumps), which
 *              lowers the Brier score itself; each stump is the best single threshold for what is left to explain; as
 *              many are kept as serve the calibrating cases best
 *   confidence = isotonic regression of success on score (pool adjacent violators, Ayer et al., 1955)
 *   Brier score = mean of (confidence - success)^2 (Brier, 1950); the control is the constant base rate of what taught
 */
export const train = (cases: ReadonlyArray<Case>, source: DataSource): Trained | null => {
  if (cases.length < LEAST_CASES) return null
  const taught = cases.slice(0, Math.floor(cases.length * 0.6))
  const tuning = cases.slice(taught.length, Math.floor(cases.length * 0.8))
  const held = cases.slice(taught.length + tuning.length)
  const success = ({ succeeded }: Case): number => succeeded ? 1 : 0
  const base = mean(taught.map(success))
  const thresholds = FEATURES.map((_, feature) => thresholdsOf(taught, feature))
  const grown: Array<Stump> = []
  const left = taught.map((one) => success(one) - base), unseen = tuning.map((one) => success(one) - base)
  let kept = 0, least = sumOfSquares(unseen)
  for (let round = 0; round < ROUNDS; round++) {
    const stump = bestStump(taught, left, thresholds)
    if (stump === null) break
    grown.push(stump)
    for (const [at, { features }] of taught.entries()) left[at] = (left[at] ?? 0) - stepOf(stump, features)
    for (const [at, { features }] of tuning.entries()) unseen[at] = (unseen[at] ?? 0) - stepOf(stump, features)
    const error = sumOfSquares(unseen)
    if (error < least) {
      least = error
      kept = grown.length
    }
  }
  const stumps = grown.slice(0, kept)
  const points = tuning.map((one) => ({ score: scoreOf({ base, stumps }, one.features), success: success(one) }))
  const calibration = isotonic(points, base)
  const model: Model = { v: 1, source, features: FEATURES, base, stumps, calibration, cases: cases.length }
  const forecasts = held.map(({ features }) => confidenceOf(model, features))
  return {
    model,
    taught: taught.length,
    calibrated: tuning.length,
    held: held.length,
    brier: rounded(brier(forecasts, held)),
    baseRateBrier: rounded(brier(held.map(() => base), held)),
    reliability: reliabilityOf(forecasts, held),
  }
}
