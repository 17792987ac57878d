/**
 * confidence: what the model of success is worth on the part of the data it has not seen.
 *
 * Ours: trained on the first part of what the analysis found, judged by its Brier score on the last; beside it the
 * reliability curve, a bin of forecasts each: `cases40to50` of them, `forecast40to50` on average, `cameTrue40to50` the
 * share that did. Perfectly calibrated, the latter two are equal. Control: the constant base rate of what taught. Data
 * and training know no chance, so that passes differ in their time alone.
 */
import { Effect } from "effect"
import * as DetectConfig from "../src/domain/DetectConfig.ts"
import type { DataSource } from "../src/domain/Frame.ts"
import * as Model from "../src/domain/Model.ts"
import type { Outcome } from "../src/domain/Outcome.ts"
import type { Tick } from "../src/domain/Tick.ts"
import { casesOf } from "../src/programs/Train.ts"
import { configure } from "../src/simulators/venues/Config.ts"
import { simulate } from "../src/simulators/venues/Simulation.ts"
import { fees } from "../src/simulators/venues/Venues.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { Framing } from "../src/streams/Framing.ts"
import type { Benchmark, Sample } from "./Paired.ts"
import { load } from "./Workload.ts"

const WORLD = configure({ seed: 7, durationMs: 3_600_000, ticksPerSecond: 100, assets: ["BTC", "ETH"] })
const PARITY = { "USDT/USD": "1", "USDC/USD": "1", "USDC/USDT": "1" }
const NO_FEES = { binance: { taker: "0" }, binanceusdm: { taker: "0" }, binancecoinm: { taker: "0" } }

const outcomesOf = (config: DetectConfig.DetectConfig, ticks: Iterable<Tick>, source: DataSource) => {
  const analysis = new Analysis(config), framing = new Framing("bench.0", source)
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  const outcomes: Array<Outcome> = []
  for (const frame of framing.take()) {
    analysis.frames([frame], 0)
    outcomes.push(...analysis.findings().outcomes)
  }
  analysis.finish()
  return [...outcomes, ...analysis.findings().outcomes]
}

const curveOf = (trained: Model.Trained): Sample =>
  Object.fromEntries(trained.reliability.flatMap(({ cases, from, meanConfidence, succeeded }) => {
    const percent = Math.round(100 * from), bin = `${percent}to${percent + 10}`
    return [[`cases${bin}`, cases], [`forecast${bin}`, meanConfidence], [`cameTrue${bin}`, succeeded / cases]]
  }))

const judged = (
  name: string,
  about: string,
  source: DataSource,
  outcomes: Effect.Effect<ReadonlyArray<Outcome>, unknown>,
): Benchmark => ({
  name,
  about,
  control: "the constant base rate of what taught",
  compared: "brier",
  targets: [{ figure: "ratio", atMost: 1 }],
  prepare: Effect.gen(function* () {
    const cases = casesOf(yield* outcomes)
    const trained = Effect.suspend(() => {
      const began = performance.now()
      const trained = Model.train(cases, source)
      return trained === null
        ? Effect.fail(new Error(`${cases.length} cases are too few`))
        : Effect.succeed({ ...trained, ms: performance.now() - began })
    })
    return {
      ours: Effect.map(trained, ({ brier, held, ms, ...rest }): Sample => ({
        brier,
        held,
        trainingMs: ms,
        ...curveOf({ brier, held, ...rest }),
      })),
      control: Effect.map(trained, ({ baseRateBrier: brier }): Sample => ({ brier })),
    }
  }),
})

const simulated = Effect.map(
  DetectConfig.fromUnknown({ fees: fees(WORLD), minNetBps: -15, parity: PARITY }),
  (config) => outcomesOf(config, simulate(WORLD), "simulated"),
)

const recorded = Effect.map(
  load,
  ({ config, ticks }) => outcomesOf({ ...config, minNetBps: 2, fees: NO_FEES, parity: PARITY }, ticks, "recorded"),
)

export const confidence: ReadonlyArray<Benchmark> = [
  judged(
    "confidence",
    "the model of success on an hour of simulated markets, seed 7",
    "simulated",
    simulated,
  ),
  judged("confidence-recorded", "the same on the recorded quotes, without fees", "recorded", recorded),
]
