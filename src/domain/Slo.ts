/**
 * Service level objectives of a load run: limits that its report must keep.
 *
 * In: a JSON object such as `{"loss": 0, "latencyMs": {"total": {"p99": 250}}, "ticksPerS": {"min": 5000}}`, and a report.
 * Out: each limit with what was measured and whether it held. Promises: unknown keys, bad values and an empty file are
 * refused with their path; what was not measured is said to be unmeasured, it never counts as kept.
 */
import { Schema } from "effect"
import { duplicatesOf, errorsOf, LatencyStage, lostOf, type ScenarioReport, Trend } from "./ScenarioReport.ts"

const Limit = Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))
const atLeastOne = Schema.makeFilter((limits: object) => Object.keys(limits).length > 0 || "at least one limit")
const Range = Schema.Struct({ min: Schema.optionalKey(Limit), max: Schema.optionalKey(Limit) }).check(atLeastOne)
const Max = Schema.Struct({ max: Limit })

const FIGURES = ["mean", "p50", "p90", "p99", "p999", "max"] as const
const AtMost = Schema.optionalKey(Limit)
const StageLimits = Schema.Struct({ mean: AtMost, p50: AtMost, p90: AtMost, p99: AtMost, p999: AtMost, max: AtMost })
  .check(atLeastOne)

const RATES = [
  "ticksPerS",
  "framesPerS",
  "opportunitiesPerS",
  "notificationsPerS",
  "repliesPerS",
  "wireMBPerS",
] as const
const TOTALS = ["ticks", "opportunities", "notifications", "replies"] as const
const RESOURCES = ["cpuCores", "peakHeapMiB", "peakRssMiB", "peakHandles"] as const

export const Slo = Schema.Struct({
  /** At most so many lost, over all hops. */
  loss: Schema.optionalKey(Limit),
  duplicates: Schema.optionalKey(Limit),
  errors: Schema.optionalKey(Limit),
  /** At most, by stage. */
  latencyMs: Schema.optionalKey(Schema.Record(LatencyStage, Schema.optionalKey(StageLimits)).check(atLeastOne)),
  ticksPerS: Schema.optionalKey(Range),
  framesPerS: Schema.optionalKey(Range),
  opportunitiesPerS: Schema.optionalKey(Range),
  notificationsPerS: Schema.optionalKey(Range),
  repliesPerS: Schema.optionalKey(Range),
  wireMBPerS: Schema.optionalKey(Range),
  ticks: Schema.optionalKey(Range),
  opportunities: Schema.optionalKey(Range),
  notifications: Schema.optionalKey(Range),
  replies: Schema.optionalKey(Range),
  cpuCores: Schema.optionalKey(Max),
  peakHeapMiB: Schema.optionalKey(Max),
  peakRssMiB: Schema.optionalKey(Max),
  peakHandles: Schema.optionalKey(Max),
  /** Must not grow. */
  flat: Schema.optionalKey(Schema.Array(Trend.fields.figure).check(Schema.isMinLength(1))),
}).check(atLeastOne)
export type Slo = typeof Slo.Type

const decode = Schema.decodeUnknownEffect(Slo)

/** Every mistake is told with its path; unknown keys are mistakes. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })

export interface Judged {
  readonly check: string
  /** "<= 250", ">= 5000", "flat". */
  readonly limit: string
  /** What was measured, for people. */
  readonly measured: string
  readonly verdict: "held" | "broken" | "unmeasured"
}

const shown = (value: number): string => String(Math.round(value * 1_000) / 1_000)

const judged = (check: string, limit: string, value: number | null, holds: (value: number) => boolean): Judged =>
  value === null
    ? { check, limit, measured: "not measured", verdict: "unmeasured" }
    : { check, limit, measured: shown(value), verdict: holds(value) ? "held" : "broken" }

const atMost = (check: string, most: number | undefined, value: number | null): ReadonlyArray<Judged> =>
  most === undefined ? [] : [judged(check, `<= ${shown(most)}`, value, (it) => it <= most)]

const atLeast = (check: string, least: number | undefined, value: number | null): ReadonlyArray<Judged> =>
  least === undefined ? [] : [judged(check, `>= ${shown(least)}`, value, (it) => it >= least)]

const within = (check: string, range: typeof Range.Type | undefined, value: number | null): ReadonlyArray<Judged> => [
  ...atLeast(check, range?.min, value),
  ...atMost(check, range?.max, value),
]

const latencies = ({ latencyMs: limits = {} }: Slo, { latencyMs }: ScenarioReport): ReadonlyArray<Judged> =>
  LatencyStage.literals.flatMap((stage) =>
    FIGURES.flatMap((figure) =>
      atMost(`latencyMs.${stage}.${figure}`, limits[stage]?.[figure], latencyMs[stage][figure])
    )
  )

const trends = ({ flat = [] }: Slo, report: ScenarioReport): ReadonlyArray<Judged> =>
  flat.map((figure) => {
    const trend = report.trends.find((one) => one.figure === figure)
    if (trend === undefined || trend.grows === null || trend.perHour === null) {
      return judged(`flat.${figure}`, "flat", null, () => false)
    }
    return {
      check: `flat.${figure}`,
      limit: "flat",
      measured: `${shown(trend.perHour)} an hour`,
      verdict: trend.grows ? "broken" : "held",
    }
  })

/** One line for each limit of the file, in its order here. */
export const judge = (slo: Slo, report: ScenarioReport): ReadonlyArray<Judged> => [
  ...atMost("loss", slo.loss, lostOf(report)),
  ...atMost("duplicates", slo.duplicates, duplicatesOf(report)),
  ...atMost("errors", slo.errors, errorsOf(report)),
  ...latencies(slo, report),
  ...RATES.flatMap((rate) => within(rate, slo[rate], report.rates[rate])),
  ...TOTALS.flatMap((total) => within(total, slo[total], report.totals[total])),
  ...RESOURCES.flatMap((resource) => atMost(resource, slo[resource]?.max, report.resources[resource])),
  ...trends(slo, report),
]
