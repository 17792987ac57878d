/**
 * The pace of a load run: when a tick of the source comes, so that the rate is steady, rises or comes in bursts.
 *
 * In: a shape, and a tick's time since the first of its source. Out: when it comes, ms since the run began. Promises:
 * pure; time never goes back, so the order of ticks stays; a factor of 2 doubles the source's own rate.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"

/** How many times as fast as the source's own. */
const Factor = Schema.Finite.check(Schema.isBetween({ minimum: 0.001, maximum: 100_000 }))
const SpanMs = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 86_400_000 }))

export const SteadyPace = Schema.Struct({ shape: Schema.Literal("steady"), factor: withDefault(Factor, 1) })
/** From one factor to the other in a straight line over the run. */
export const RampPace = Schema.Struct({ shape: Schema.Literal("ramp"), from: Factor, to: Factor })
/** `base`, and once in `everyMs` for `lengthMs` `peak`. */
export const BurstPace = Schema.Struct({
  shape: Schema.Literal("burst"),
  base: withDefault(Factor, 1),
  peak: Factor,
  everyMs: SpanMs,
  lengthMs: SpanMs,
}).check(
  Schema.makeFilter(({ everyMs, lengthMs }) =>
    lengthMs < everyMs || { path: ["lengthMs"], issue: "shorter than everyMs" }
  ),
)

export const Pace = Schema.Union([SteadyPace, RampPace, BurstPace])
export type Pace = typeof Pace.Type

export const STEADY: Pace = { shape: "steady", factor: 1 }

/** Solves `from t + (to - from) t^2 / (2 duration) = source` for t, without losing digits where the ramp is flat. */
const onRamp = (from: number, to: number, durationMs: number, sourceMs: number): number => {
  const slope = (to - from) / durationMs
  const wholeMs = (from + to) / 2 * durationMs
  return sourceMs >= wholeMs
    ? durationMs + (sourceMs - wholeMs) / to
    : 2 * sourceMs / (from + Math.sqrt(from * from + 2 * slope * sourceMs))
}

const inBursts = ({ base, everyMs, lengthMs, peak }: typeof BurstPace.Type, sourceMs: number): number => {
  const calmMs = everyMs - lengthMs
  const calm = base * calmMs
  const cycle = calm + peak * lengthMs
  const cycles = Math.floor(sourceMs / cycle)
  const rest = sourceMs - cycles * cycle
  return cycles * everyMs + (rest <= calm ? rest / base : calmMs + (rest - calm) / peak)
}

/** When what happens `sourceMs` after the source's first tick comes; whole ms since the run began. */
export const comesAtMs = (pace: Pace, durationMs: number, sourceMs: number): number => {
  switch (pace.shape) {
    case "steady":
      return Math.floor(sourceMs / pace.factor)
    case "ramp":
      return Math.floor(onRamp(pace.from, pace.to, durationMs, sourceMs))
    case "burst":
      return Math.floor(inBursts(pace, sourceMs))
  }
}
