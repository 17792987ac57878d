/** `arbedge explain` and `arbedge scorecard`, asked of a running service that holds an embedded store. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Option, Schema } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { TrackRecord } from "../../../src/layers/TrackRecord.ts"
import { Explained } from "../../../src/programs/TrackRecords.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { configOf, framesOf, gap, quote } from "../../support/ticks.ts"
import { arbedge } from "./inProcess.ts"

const store = Layer.merge(
  NodeServices.layer,
  Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
  ),
)

/** A service that has found one opportunity, refused another route, and followed the one to its end. */
const served = Effect.gen(function* () {
  const dataDir = yield* FileSystem.FileSystem.use((files) =>
    files.makeTempDirectoryScoped({ prefix: "arbedge-record-" })
  )
  const watch = yield* Pipeline.makeWatch
  const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
  yield* Layer.build(Server.layer({ ...options, dataDir: Option.some(dataDir) }))
  const startedAt = (yield* Clock.currentTimeMillis) - 600_000
  const analysis = new Analysis(configOf({ hysteresis: true, minNetBps: 5 }))
  const ticks = [
    quote("a", "BTC/USDT", startedAt, ["9990", "10000"]),
    quote("b", "BTC/USDT", startedAt + 1, ["10010", "10999"]),
    quote("b", "BTC/USDT", startedAt + 2_000, ["10001", "10999"]),
    gap("a", "BTC/USDT", startedAt + 3_000),
    quote("c", "BTC/EUR", startedAt + 70_000, ["1", "2"]),
  ]
  const [opened, ...rest] = [...analysis.frames(framesOf(ticks, "simulated"), 1), ...analysis.finish()]
  assert.isDefined(opened)
  const opportunities = yield* Opportunities, record = yield* TrackRecord
  for (const transition of [opened, ...rest]) yield* opportunities.upsert(transition, startedAt)
  yield* record.append(analysis.findings(), startedAt)
  return { id: opened.id, environment: { ARBEDGE_DATA_DIR: dataDir } }
})

describe("arbedge explain", () => {
  it.live("tells each level's verdict with the values compared, and what became of it", () =>
    Effect.gen(function* () {
      const { environment, id } = yield* served
      const { code, stdout } = yield* arbedge(["explain", id], environment)
      assert.strictEqual(code, 0)
      assert.match(stdout, /cross_exchange:BTC:a\|BTC\/USDT>b\|BTC\/USDT/)
      assert.match(stdout, /SIMULATED DATA/)
      assert.match(stdout, /1 market +1 +passed +currency USDT, legs 2, netBps 10,/)
      assert.match(stdout, /2 experience +1 +passed +blackout -, .*similarCases 0,/)
      assert.match(stdout, /4 model +1 +passed +confidence -, /)
      assert.match(stdout, /\n +1000 +10 +10\n/)
      assert.match(stdout, /\n +5000 +none: broken_sequence +10\n/)
      const asJson = yield* arbedge(["explain", id, "--json"], environment)
      const explained = Schema.decodeSync(Schema.fromJsonString(Explained))(asJson.stdout)
      assert.deepStrictEqual(explained.verdicts.map(({ level, passed }) => [level, passed]), [[1, true], [2, true], [
        4,
        true,
      ]])
    }).pipe(Effect.provide(store)))

  it.live("ends with 2 for an id that nobody knows, and with 4 where no service runs", () =>
    Effect.gen(function* () {
      const { environment } = yield* served
      const unknown = yield* arbedge(["explain", "nope"], environment)
      assert.strictEqual(unknown.code, 2)
      assert.match(unknown.stderr, /no opportunity "nope" is known here/)
      const nowhere = yield* arbedge(["explain", "nope"], { ARBEDGE_DATA_DIR: `${environment.ARBEDGE_DATA_DIR}/none` })
      assert.strictEqual(nowhere.code, 4)
    }).pipe(Effect.provide(store)))
})

describe("arbedge scorecard", () => {
  it.live("counts what was found and what still paid, and marks what was simulated", () =>
    Effect.gen(function* () {
      const { environment } = yield* served
      const { code, stdout } = yield* arbedge(["scorecard", "--by", "venue"], environment)
      assert.strictEqual(code, 0)
      assert.match(stdout, /a \(SIMULATED\) +1 +0 +0 +10 +1\/1 at 10 +1\/1 at 10 +- +- +-\n/)
      assert.match(stdout, /b \(SIMULATED\)/)
      const old = yield* arbedge(["scorecard", "--days", "0"], environment)
      assert.match(old.stdout, /nothing was found/)
    }).pipe(Effect.provide(store)))
})
