/**
 * The runner of the paired benchmarks: ours and its control, one after the other, again and again.
 *
 * In: a benchmark (how to prepare it, what it promises). Out: for every figure the least, the median and the greatest
 * of all passes but the first, which only warms; and the ratio ours / control, taken pass by pass, so that whatever
 * else the machine does at that minute falls on both.
 */
import process from "node:process"
import { Effect, type Scope } from "effect"

/** What one pass measured. Units stand in the names: `ticksPerS`, `ndjsonMBps`, `p99Ms`. */
export type Sample = Readonly<Record<string, number>>

export interface Target {
  /** A figure of ours, or "ratio". */
  readonly figure: string
  readonly atLeast?: number
  readonly atMost?: number
}

export interface Benchmark {
  readonly name: string
  readonly about: string
  readonly control: string
  /** The figure whose ratio is taken. */
  readonly compared: string
  readonly targets: ReadonlyArray<Target>
  /** Set-up happens here, outside the passes. */
  readonly prepare: Effect.Effect<Pair, unknown, Scope.Scope>
}

export interface Pair {
  readonly ours: Effect.Effect<Sample, unknown>
  readonly control: Effect.Effect<Sample, unknown>
}

export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

export interface Result {
  readonly v: 1
  readonly benchmark: string
  readonly about: string
  readonly control: string
  readonly runtime: string
  readonly at: string
  readonly passes: number
  readonly ours: Readonly<Record<string, Spread>>
  readonly theirs: Readonly<Record<string, Spread>>
  readonly compared: string
  readonly ratio: Spread
  /** By the median. */
  readonly targets: ReadonlyArray<Target & { readonly met: boolean }>
}

export const spread = (values: ReadonlyArray<number>): Spread => {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (index: number) => sorted[index] ?? NaN
  const middle = (sorted.length - 1) / 2
  return { min: at(0), median: (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2, max: at(sorted.length - 1) }
}

const spreads = (samples: ReadonlyArray<Sample>): Record<string, Spread> =>
  Object.fromEntries(
    Object.keys(samples[0] ?? {}).map((figure) => [figure, spread(samples.map((sample) => sample[figure] ?? NaN))]),
  )

const runtime = (): string =>
  process.versions["deno"] === undefined ? `node ${process.versions.node}` : `deno ${process.versions["deno"]}`

/** `told` hears of every pass, for people who wait. */
export const runPaired = (benchmark: Benchmark, passes: number, told: (line: string) => void) =>
  Effect.gen(function* () {
    const pair = yield* benchmark.prepare
    const ours: Array<Sample> = [], theirs: Array<Sample> = [], ratios: Array<number> = []
    for (let pass = 0; pass <= passes; pass++) {
      // Who goes first alternates, so that neither always finds the machine as the other left it.
      const first = yield* pass % 2 === 0 ? pair.ours : pair.control
      const second = yield* pass % 2 === 0 ? pair.control : pair.ours
      const [mine, other] = pass % 2 === 0 ? [first, second] : [second, first]
      const ratio = (mine[benchmark.compared] ?? NaN) / (other[benchmark.compared] ?? NaN)
      const label = pass === 0 ? "warm" : `${pass}/${passes}`
      told(`${benchmark.name} ${label}: ${short(mine)} | control ${short(other)} | ratio ${ratio.toFixed(3)}`)
      if (pass === 0) continue
      ours.push(mine)
      theirs.push(other)
      ratios.push(ratio)
    }
    const of = spreads(ours), ratio = spread(ratios)
    const median = (figure: string) => figure === "ratio" ? ratio.median : of[figure]?.median ?? NaN
    const result: Result = {
      v: 1,
      benchmark: benchmark.name,
      about: benchmark.about,
      control: benchmark.control,
      runtime: runtime(),
      at: new Date().toISOString(),
      passes,
      ours: of,
      theirs: spreads(theirs),
      compared: benchmark.compared,
      ratio,
      targets: benchmark.targets.map((target) => ({
        ...target,
        met: median(target.figure) >= (target.atLeast ?? -Infinity) &&
          median(target.figure) <= (target.atMost ?? Infinity),
      })),
    }
    return result
  }).pipe(Effect.scoped)

const short = (sample: Sample): string =>
  Object.entries(sample).map(([figure, value]) => `${figure} ${Number(value.toPrecision(4))}`).join(", ")
