/**
 * Assessment: what level 4 adds to an opportunity for whoever decides on it.
 *
 * In: the probability of success, similar cases, indicators. Out: risk, a share of the size, how long it may last.
 * Promises: pure and transparent; nothing is made up: without a model and without thirty similar cases all is unknown.
 *
 *   p              the model's confidence, else the success rate of thirty similar cases or more, else unknown
 *   risk           low from p = 0.8 on, high below 0.5 or where indicators speak against every leg they know, else medium
 *   positionShare  2p - 1, not below 0 (Kelly, 1956, at even odds: a missed plan is taken to cost what it would earn)
 */
import { Schema } from "effect"
import { type Cases, isProven, successRate } from "./Cases.ts"

export const Assessment = Schema.Struct({
  /** Null: nothing is known to judge by. */
  risk: Schema.NullOr(Schema.Literals(["low", "medium", "high"])),
  /** Of `size`, 0 to 1, 2 digits. */
  positionShare: Schema.NullOr(Schema.Finite),
  /** Median life of similar ones, ms. */
  expectedLifetimeMs: Schema.NullOr(Schema.Int),
  /** Of the legs whose indicators are known: how many they confirm. Null: none is known. */
  indicators: Schema.NullOr(Schema.Struct({ confirmed: Schema.Int, known: Schema.Int })),
})
export type Assessment = typeof Assessment.Type

const LOW_RISK = 0.8
const HIGH_RISK = 0.5

export interface Known {
  readonly confidence: number | null
  readonly cases: Cases
  readonly medianLivedMs: number | null
  readonly indicators: Assessment["indicators"]
}

const riskOf = (p: number | null, indicators: Assessment["indicators"]): Assessment["risk"] => {
  const isAgainst = indicators !== null && indicators.known > 0 && indicators.confirmed === 0
  if (p === null) return isAgainst ? "high" : null
  return p < HIGH_RISK || isAgainst ? "high" : p >= LOW_RISK ? "low" : "medium"
}

export const assess = ({ cases, confidence, indicators, medianLivedMs }: Known): Assessment => {
  const p = confidence ?? (isProven(cases) ? successRate(cases) : null)
  return {
    risk: riskOf(p, indicators),
    positionShare: p === null ? null : Math.round(Math.max(0, 2 * p - 1) * 100) / 100,
    expectedLifetimeMs: medianLivedMs,
    indicators,
  }
}
