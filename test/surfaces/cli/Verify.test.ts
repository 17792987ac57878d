/** `arbedge verify`: files, standard input's form, a recorded id, tampering, and what cannot be read. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, FileSystem, Layer, Option, Schema } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { OpportunityJson } from "../../../src/domain/Opportunity.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { Verified } from "../../../src/programs/VerifyOpportunities.ts"
import { Analysis } from "../../../src/streams/Analysis.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { configOf, framesOf, quote, T0 } from "../../support/ticks.ts"
import { arbedge } from "./inProcess.ts"

const found = (from: number) => {
  const analysis = new Analysis(configOf({ hysteresis: true, minNetBps: 5 }))
  const ticks = [quote("a", "BTC/USDT", from, ["9990", "10000"]), quote("b", "BTC/USDT", from + 1, ["10010", "10999"])]
  const [one] = analysis.frames(framesOf(ticks, "simulated"), 1)
  if (one === undefined) throw new Error("nothing was found")
  return one
}

const line = Schema.encodeSync(OpportunityJson)(found(T0))

const verify = (text: string, ...flags: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const path = yield* files.makeTempFileScoped({ suffix: ".ndjson" })
    yield* files.writeFileString(path, text)
    return yield* arbedge(["verify", path, ...flags])
  }).pipe(Effect.provide(NodeServices.layer))

const decoded = Schema.decodeSync(Schema.fromJsonString(Verified))

describe("arbedge verify FILE", () => {
  it.live("ends with 0 where every line holds", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* verify(`${line}\n\n${line}\n`)
      assert.strictEqual(code, 0)
      assert.match(stdout, /holds .* cross_exchange:BTC:a\|BTC\/USDT>b\|BTC\/USDT[^]*2 verified$/)
    }))

  it.live("takes one object over several lines too", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* verify(JSON.stringify(JSON.parse(line), null, 2), "--json")
      assert.strictEqual(code, 0)
      assert.deepInclude(decoded(stdout), { verified: true, faults: [] })
    }))

  it.live("ends with 3 and tells path, told and recomputed value where one digit was changed", () =>
    Effect.gen(function* () {
      const tampered = line.replace('"netProfit":"10"', '"netProfit":"11"')
      assert.notStrictEqual(tampered, line)
      const { code, stdout } = yield* verify(`${line}\n${tampered}`, "--json")
      assert.strictEqual(code, 3)
      const [good, bad] = stdout.split("\n").map((one) => decoded(one))
      assert.isTrue(good?.verified)
      assert.deepStrictEqual(bad?.faults, [{ path: "netProfit", told: '"11"', recomputed: '"10"' }])
    }))

  it.live("ends with 3 for JSON that is no opportunity, and names the place", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* verify(line.replace('"side":"buy"', '"side":"lend"'))
      assert.strictEqual(code, 3)
      assert.match(stdout, /FAILS[^]*\["legs"\]\[0\]\["side"\]/)
    }))

  it.live("ends with 2 for a file that is missing, is empty or is no JSON", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* arbedge(["verify", "/nowhere.ndjson"])).code, 2)
      assert.strictEqual((yield* verify("\n")).code, 2)
      const { code, stderr } = yield* verify(`${line}\n{"v":1`)
      assert.strictEqual(code, 2)
      assert.match(stderr, /line 2 of/)
    }))
})

const store = Layer.merge(
  NodeServices.layer,
  Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
  ),
)

describe("arbedge verify ID", () => {
  it.live("verifies what the running service recorded, after its store has had it", () =>
    Effect.gen(function* () {
      const dataDir = yield* FileSystem.FileSystem.use((files) =>
        files.makeTempDirectoryScoped({ prefix: "arbedge-v-" })
      )
      const watch = yield* Pipeline.makeWatch
      const options = { version: "9.9.9", roles: [], simulated: true, watch, host: "127.0.0.1", port: 0 }
      yield* Layer.build(Server.layer({ ...options, dataDir: Option.some(dataDir) }))
      const now = yield* Clock.currentTimeMillis, one = found(now), opportunities = yield* Opportunities
      yield* opportunities.upsert(one, now)
      const environment = { ARBEDGE_DATA_DIR: dataDir }
      const { code, stdout } = yield* arbedge(["verify", one.id], environment)
      assert.strictEqual(code, 0)
      assert.match(stdout, /1 verified/)
      yield* opportunities.upsert({ ...one, revision: 2, netBps: "99" }, now)
      const tampered = yield* arbedge(["verify", one.id], environment)
      assert.strictEqual(tampered.code, 3)
      assert.match(tampered.stdout, /netBps: told "99", recomputed "10"/)
      assert.strictEqual((yield* arbedge(["verify", "0".repeat(32)], environment)).code, 2)
    }).pipe(Effect.scoped, Effect.provide(store)), 60_000)
})
