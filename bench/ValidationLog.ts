/**
 * validation-log: what keeping every verdict and outcome costs the analysis.
 *
 * Ours: the quotes recording without fees, where some three hundred opportunities stand in five minutes, each with its
 * verdicts and its outcome written in batches to an embedded store while the analysis goes on. Control: the same analysis,
 * whose findings are dropped.
 */
import { Effect, Layer, Option } from "effect"
import type { DetectConfig } from "../src/domain/DetectConfig.ts"
import type { Frame } from "../src/domain/Frame.ts"
import * as Pglite from "../src/layers/pglite/Pglite.ts"
import * as Migrations from "../src/layers/sql/Migrations.ts"
import * as Repositories from "../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../src/layers/vault/EnvelopeVault.ts"
import { type Findings, TrackRecord } from "../src/layers/TrackRecord.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { Framing } from "../src/streams/Framing.ts"
import * as Journal from "../src/streams/Journal.ts"
import { metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"
import { counted, load, shifted } from "./Workload.ts"

const LOOPS = 3
const FRAMES_A_BATCH = 200
const NO_FEES = { binance: { taker: "0" }, binanceusdm: { taker: "0" }, binancecoinm: { taker: "0" } }

const store = Repositories.layer.pipe(
  Layer.provideMerge(Migrations.layer),
  Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
)

/** Batches of frames, with a turn for other fibers between them, as a stream has it. Out: what was found. */
const analysed = Effect.fnUntraced(function* (
  config: DetectConfig,
  frames: ReadonlyArray<Frame>,
  keep: (findings: Findings) => Effect.Effect<void>,
) {
  const analysis = new Analysis(config)
  let found = 0
  for (let at = 0; at < frames.length; at += FRAMES_A_BATCH) {
    found += analysis.frames(frames.slice(at, at + FRAMES_A_BATCH), at).length
    yield* keep(analysis.findings())
    yield* Effect.yieldNow
  }
  return found
})

export const validationLog: ReadonlyArray<Benchmark> = [{
  name: "validation-log",
  about: "the analysis with every verdict and outcome written to an embedded store",
  control: "the same analysis, its findings dropped",
  compared: "ticksPerS",
  targets: [{ figure: "ratio", atLeast: 0.9 }],
  prepare: Effect.gen(function* () {
    const workload = yield* load
    const services = yield* Layer.build(store)
    const config = { ...workload.config, minNetBps: 2, fees: NO_FEES } satisfies DetectConfig
    const framing = new Framing("bench.0", "recorded")
    const ticks = Array.from({ length: LOOPS }, (_, loop) => shifted(workload.ticks, loop)).flat()
    for (const tick of ticks) framing.push(tick)
    framing.flush()
    const frames = framing.take()
    const done = { ticks: counted(ticks), wireBytes: 0 }
    const written = Effect.gen(function* () {
      const journal = yield* Journal.make
      if ((yield* analysed(config, frames, journal.add)) === 0) throw new Error("nothing was found")
      yield* journal.flush
      const page = { sinceMs: 0, untilMs: Number.MAX_SAFE_INTEGER / 1_000, after: Option.none(), limit: 1 }
      const record = yield* TrackRecord
      if ((yield* record.outcomes(page)).length === 0) throw new Error("no outcome was written")
      return done
    }).pipe(Effect.scoped, Effect.provideContext(services))
    const dropped = Effect.as(analysed(config, frames, () => Effect.void), done)
    return { ours: metered(written, workload), control: metered(dropped, workload) }
  }),
}]
