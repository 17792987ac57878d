/** Training on files: on simulated and on recorded data apart, and what the command says of both. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { join } from "node:path"
import { configure } from "../../src/simulators/venues/Config.ts"
import { simulate } from "../../src/simulators/venues/Simulation.ts"
import { fees } from "../../src/simulators/venues/Venues.ts"
import { readModel } from "../../src/programs/Judging.ts"
import { arbedge } from "../surfaces/cli/inProcess.ts"
import { data, describeWith } from "../support/available.ts"

const world = configure({ seed: 7, durationMs: 900_000, ticksPerSecond: 100, assets: ["BTC", "ETH"] })
const PARITY = { "USDT/USD": "1", "USDC/USD": "1", "USDC/USDT": "1" }

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-train-" }))
const written = (path: string, text: string) =>
  FileSystem.FileSystem.use((files) => Effect.as(files.writeFileString(path, text), path))

/** A recording of simulated markets, and a configuration with its fees. */
const simulated = Effect.gen(function* () {
  const at = yield* folder
  const lines = [...simulate(world)].map((tick) => JSON.stringify(tick)).join("\n")
  const takers = fees(world)
  const file = yield* written(join(at, "simulated.ndjson"), `${lines}\n`)
  const config = yield* written(
    join(at, "config.json"),
    JSON.stringify({ fees: takers, minNetBps: -15, parity: PARITY }),
  )
  return { at, file, config }
})

const figuresOf = (stdout: string) => JSON.parse(stdout)

describe("arbedge train", () => {
  it.live(
    "on simulated markets beats the base rate on the part it has not seen, and writes a model that can be read",
    () =>
      Effect.gen(function* () {
        const { at, config, file } = yield* simulated
        const out = join(at, "model.json")
        const { code, stderr, stdout } = yield* arbedge([
          ...["train", file, "--config", config, "--source", "simulated", "--out", out, "--json"],
        ])
        assert.strictEqual(code, 0, stderr)
        const figures = figuresOf(stdout)
        assert.isAbove(figures.cases, 300)
        assert.isBelow(figures.brier, figures.baseRateBrier)
        assert.deepInclude(figures, { beats: true, written: true, source: "simulated" })
        const model = yield* readModel(out)
        assert.strictEqual(model.source, "simulated")
        assert.strictEqual(model.cases, figures.cases)
      }).pipe(Effect.provide(NodeServices.layer)),
    120_000,
  )

  it.live("says that there are too few cases, and what to do", () =>
    Effect.gen(function* () {
      const { config, file } = yield* simulated
      const strict = yield* written(`${config}.strict`, JSON.stringify({ fees: {}, minNetBps: 5 }))
      const { code, stderr } = yield* arbedge(["train", file, "--config", strict])
      assert.strictEqual(code, 1)
      assert.match(
        stderr,
        /0 cases of 0 opportunities could be judged; a model needs 150\n {2}-> use a longer recording/,
      )
    }).pipe(Effect.provide(NodeServices.layer)), 120_000)
})

describe("A model of the settings", () => {
  it.effect("that cannot be read, is no model, or is of other features, is told with its path", () =>
    Effect.gen(function* () {
      const at = yield* folder
      const missing = yield* Effect.flip(readModel(join(at, "none.json")))
      assert.strictEqual(missing.reason, "unreadable")
      const malformed = yield* Effect.flip(readModel(yield* written(join(at, "text.json"), "{}")))
      assert.strictEqual(malformed.reason, "malformed")
      const model = { v: 1, source: "recorded", features: ["a"], base: 0, stumps: [], calibration: [], cases: 1 }
      const other = yield* Effect.flip(readModel(yield* written(join(at, "other.json"), JSON.stringify(model))))
      assert.strictEqual(other.reason, "other_features")
      assert.match(other.message, /other\.json" of ARBEDGE_MODEL is other_features/)
    }).pipe(Effect.provide(NodeServices.layer)))
})

describeWith(data, "On the recorded quotes, without fees,", () => {
  it.live(
    "the command says whether the model beats the base rate, and writes it only then",
    () =>
      Effect.gen(function* () {
        const at = yield* folder
        const takers = { binance: { taker: "0" }, binanceusdm: { taker: "0" }, binancecoinm: { taker: "0" } }
        const config = yield* written(
          join(at, "config.json"),
          JSON.stringify({ fees: takers, lots: {}, staleness: null, minNetBps: 2, hysteresis: false, parity: PARITY }),
        )
        const file = join(data.path, "recordings", "binance-3venues-btc-20240808-quotes-trades.ndjson.gz")
        const out = join(at, "model.json")
        const { code, stdout } = yield* arbedge(["train", file, "--config", config, "--out", out, "--json"])
        assert.strictEqual(code, 0)
        const figures = figuresOf(stdout)
        assert.strictEqual(figures.cases, 184)
        assert.strictEqual(figures.beats, figures.brier < figures.baseRateBrier)
        const files = yield* FileSystem.FileSystem
        assert.strictEqual(yield* files.exists(out), figures.beats)
      }).pipe(Effect.provide(NodeServices.layer)),
    120_000,
  )
})
