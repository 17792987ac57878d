/**
 * Features: what the model looks at when an opportunity is detected.
 *
 * In: the figures of a plan as detected, and how similar cases ended. Out: numbers in a fixed order. Promises: the same
 * plan gives the same numbers on every runtime (no transcendental functions); nothing in them was known only later; what
 * is unknown is -1, which no feature can be otherwise.
 */
import { type Cases, successRate } from "./Cases.ts"
import type { Leg, OpportunityType } from "./Opportunity.ts"

/** What of an opportunity, or of a plan, is looked at. Figures as numbers; null: unknown of its type. */
export interface Described {
  readonly type: OpportunityType
  readonly legs: ReadonlyArray<Pick<Leg, "bookAgeMs" | "levels" | "contracts" | "size">>
  readonly netBps: number | null
  readonly grossBps: number | null
  readonly netProfit: number | null
  readonly size: number
  readonly capacity: number
}

/** Their names, in order: part of the model's file. */
export const FEATURES = [
  "netBps",
  "grossBps",
  "netProfit",
  "costBps",
  "sizeOfCapacity",
  "oldestBookAgeMs",
  "bookAgeSpreadMs",
  "levelsTaken",
  "firstLevelShare",
  "derivativeLegs",
  "legs",
  "similarSuccessRate",
  "similarCases",
  "isTriangular",
  "isFunding",
  "isTechnical",
] as const

const UNKNOWN = -1
/** More cases say no more. */
const MOST_CASES = 300

const ratio = (part: number, whole: number): number => whole > 0 ? part / whole : UNKNOWN

/** In the order of FEATURES. */
export const featuresOf = (of: Described, cases: Cases): ReadonlyArray<number> => {
  const ages = of.legs.map(({ bookAgeMs }) => bookAgeMs)
  const oldest = Math.max(0, ...ages), youngest = ages.length === 0 ? 0 : Math.min(...ages)
  const firstShares = of.legs.map(({ levels, size }) => ratio(Number(levels[0]?.[1] ?? 0), Number(size)))
  const { grossBps, netBps } = of
  return [
    netBps ?? UNKNOWN,
    grossBps ?? UNKNOWN,
    of.netProfit ?? UNKNOWN,
    grossBps === null || netBps === null ? UNKNOWN : grossBps - netBps,
    ratio(of.size, of.capacity),
    oldest,
    oldest - youngest,
    of.legs.reduce((sum, { levels }) => sum + levels.length, 0),
    firstShares.length === 0 ? UNKNOWN : Math.min(...firstShares),
    of.legs.filter(({ contracts }) => contracts !== null).length,
    of.legs.length,
    successRate(cases),
    Math.min(cases.judged, MOST_CASES),
    of.type === "triangular" ? 1 : 0,
    of.type === "funding" ? 1 : 0,
    of.type === "technical" ? 1 : 0,
  ]
}
