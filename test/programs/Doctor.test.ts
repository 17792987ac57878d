/** What doctor finds with nothing set, with real servers, with servers that are away, and that it keeps secrets. */
import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Deferred, Effect, Layer, Option, Redacted } from "effect"
import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import * as Pglite from "../../src/layers/pglite/Pglite.ts"
import { holdFolder } from "../../src/layers/pglite/FolderLock.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import * as Postgres from "../../src/layers/postgres/Postgres.ts"
import * as Migrations from "../../src/layers/sql/Migrations.ts"
import { type Check, holds, ok } from "../../src/programs/doctor/Check.ts"
import { checkRuntime, examine } from "../../src/programs/Doctor.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { ownDatabase } from "../layers/postgres/ownDatabase.ts"
import { describeWith, nats, postgres } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"
import { jsonServer } from "../support/jsonServer.ts"

const ownFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "arbedge-doctor-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true })),
)

const examined = (environment: Readonly<Record<string, string>>, venues = false) =>
  examine({ venues, service: () => Effect.succeed(ok("service", "asked")) }).pipe(
    Effect.provideService(ConfigProvider.ConfigProvider, ConfigProvider.fromEnvRecord(environment)),
  )

const states = (checks: ReadonlyArray<Check>) => Object.fromEntries(checks.map(({ name, state }) => [name, state]))
const named = (checks: ReadonlyArray<Check>, name: string): Check => {
  const found = checks.find((check) => check.name === name)
  assert.isDefined(found, `${name} in ${JSON.stringify(checks)}`)
  return found
}

describe("Doctor with nothing set", () => {
  it.live("finds that everything needed is there", () =>
    Effect.gen(function* () {
      const checks = yield* examined({ ARBEDGE_DATA_DIR: join(yield* ownFolder, "data") })
      assert.isTrue(holds(checks))
      assert.deepStrictEqual(states(checks), {
        runtime: "ok",
        settings: "ok",
        bus: "ok",
        store: "ok",
        telegram: "optional",
        "master keys": "ok",
        coinmarketcap: "optional",
        archive: "optional",
        mail: "optional",
        webhooks: "optional",
        "web push": "optional",
        data: "optional",
        service: "ok",
      })
    }))

  it.live("leaves no trace in the data folder, and says who holds it", () =>
    Effect.gen(function* () {
      const folder = yield* ownFolder
      const environment = { ARBEDGE_DATA_DIR: folder }
      assert.include(named(yield* examined(environment), "store").detail, "free")
      assert.deepStrictEqual(readdirSync(folder), [])
      yield* holdFolder(folder, yield* Deferred.make<void>())
      const held = named(yield* examined(environment), "store")
      assert.strictEqual(held.state, "ok")
      assert.include(held.detail, `process ${process.pid}`)
      assert.deepStrictEqual(readdirSync(folder), ["lock.json"])
    }))

  it.live("finds a folder that cannot be", () =>
    Effect.gen(function* () {
      const check = named(yield* examined({ ARBEDGE_DATA_DIR: "/dev/null/data" }), "store")
      assert.strictEqual(check.state, "failing")
      assert.include(check.fix, "ARBEDGE_DATA_DIR")
      assert.strictEqual(named(yield* examined({ ARBEDGE_DATA_DIR: "memory" }), "store").state, "ok")
    }))
})

describe("Doctor on settings", () => {
  it.live("names the variable that is wrong instead of failing itself", () =>
    Effect.gen(function* () {
      const checks = yield* examined({ ARBEDGE_HTTP_PORT: "many" })
      assert.isFalse(holds(checks))
      assert.include(named(checks, "settings").detail, "ARBEDGE_HTTP_PORT")
    }))

  it.live("wants both servers for a cluster, and a secret for a webhook", () =>
    Effect.gen(function* () {
      const environment = {
        ARBEDGE_DATA_DIR: "memory",
        ARBEDGE_CLUSTER_PORT: "4000",
        ARBEDGE_TELEGRAM_TOKEN: "1:x",
        ARBEDGE_TELEGRAM_API_ROOT: "http://127.0.0.1:9",
        ARBEDGE_TELEGRAM_WEBHOOK_URL: "https://example.org/telegram/webhook",
      }
      const checks = yield* examined(environment)
      assert.strictEqual(named(checks, "cluster").fix, "set ARBEDGE_NATS_URL and ARBEDGE_POSTGRES_URL")
      assert.strictEqual(named(checks, "webhook").state, "missing")
      const plain = yield* examined({ ...environment, ARBEDGE_TELEGRAM_WEBHOOK_URL: "http://example.org" })
      assert.strictEqual(named(plain, "webhook").state, "failing")
      const whole = yield* examined({ ...environment, ARBEDGE_TELEGRAM_WEBHOOK_SECRET: "s3cret" })
      assert.strictEqual(named(whole, "webhook").state, "ok")
    }))

  it.live("asks CoinMarketCap whether the key is accepted, reads the blackout windows, without telling the key", () =>
    Effect.gen(function* () {
      const info = { status: { error_code: 0, error_message: "", credit_count: 0 } }
      const server = yield* jsonServer((path) => {
        if (path === "/list.json") return { body: { v: 1, windows: [] } }
        return accepted
          ? { body: { ...info, data: { plan: { credit_limit_monthly: 10_000 } } } }
          : { status: 401, body: { status: { ...info.status, error_code: 1001, error_message: "no such key" } } }
      })
      let accepted = true
      const environment = {
        ARBEDGE_DATA_DIR: "memory",
        ARBEDGE_COINMARKETCAP_KEY: "cmc-s3cret",
        ARBEDGE_COINMARKETCAP_API_ROOT: server.origin,
        ARBEDGE_BLACKOUTS: `${server.origin}/list.json`,
      }
      const good = yield* examined(environment)
      assert.include(named(good, "coinmarketcap").detail, "10000 credits a month")
      assert.strictEqual(named(good, "blackouts").detail, "0 windows")
      accepted = false
      const bad = yield* examined({ ...environment, ARBEDGE_BLACKOUTS: "/nowhere/list.json" })
      assert.strictEqual(named(bad, "coinmarketcap").state, "failing")
      assert.include(named(bad, "coinmarketcap").fix, "ARBEDGE_COINMARKETCAP_KEY")
      assert.include(named(bad, "blackouts").detail, "ENOENT")
      assert.notInclude(JSON.stringify([...good, ...bad]), "cmc-s3cret")
    }))

  it("knows which runtimes are too old", () => {
    const found = (["22.18.9", "22.19.0", "24.1.0", "9.9.9"] as const).map((node) => checkRuntime({ node }).state)
    assert.deepStrictEqual(found, ["failing", "ok", "ok", "failing"])
    assert.strictEqual(checkRuntime({ deno: "1.46.0", node: "24.0.0" }).state, "failing")
    assert.strictEqual(checkRuntime({ deno: "2.9.6", node: "24.0.0" }).detail, "Deno 2.9.6")
  })
})

describe("Doctor on servers that are away", () => {
  it.live("says of each what failed and what to do, and tells no secret", () =>
    Effect.gen(function* () {
      const checks = yield* examined({
        ARBEDGE_NATS_URL: "nats://user:hidden-one@127.0.0.1:9",
        ARBEDGE_POSTGRES_URL: "postgres://user:hidden-two@127.0.0.1:9/db",
        ARBEDGE_TELEGRAM_TOKEN: "123:hidden-three",
        ARBEDGE_TELEGRAM_API_ROOT: "http://127.0.0.1:9",
        ARBEDGE_DATA: "/nowhere",
      })
      const { data, nats, postgres, telegram } = states(checks)
      assert.deepStrictEqual([nats, postgres, telegram, data], ["failing", "failing", "failing", "optional"])
      assert.isTrue(checks.filter(({ state }) => state === "failing").every(({ fix }) => fix !== ""))
      assert.notInclude(JSON.stringify(checks), "hidden")
    }))

  it.live("finds a venue that does not exist", () =>
    Effect.gen(function* () {
      const check = named(
        yield* examined({ ARBEDGE_DATA_DIR: "memory", ARBEDGE_VENUES: "nowhere" }, true),
        "venue nowhere",
      )
      assert.strictEqual(check.state, "failing")
      assert.strictEqual(check.fix, "correct ARBEDGE_VENUES")
    }))
})

describe("Doctor on Telegram", () => {
  it.live("asks who the bot is, and finds a token that is not accepted", () =>
    Effect.gen(function* () {
      const emulator = yield* TelegramEmulator
      const environment = { ARBEDGE_DATA_DIR: "memory", ARBEDGE_TELEGRAM_API_ROOT: emulator.url }
      const good = named(yield* examined({ ...environment, ARBEDGE_TELEGRAM_TOKEN: emulator.token }), "telegram")
      assert.deepStrictEqual([good.state, good.detail], ["ok", `ArbEdge (@arbedge_emulated_bot) at ${emulator.url}`])
      const bad = named(yield* examined({ ...environment, ARBEDGE_TELEGRAM_TOKEN: "1:wrong-token" }), "telegram")
      assert.strictEqual(bad.state, "failing")
      assert.include(bad.fix, "@BotFather")
      assert.notInclude(JSON.stringify(bad), "wrong-token")
    }).pipe(Effect.provide(TelegramEmulator.layer())))
})

describeWith(nats, "Doctor on NATS", () => {
  it.live("tells version, room and streams, before and after they are made", () =>
    Effect.gen(function* () {
      const prefix = ownPrefix()
      yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(nats.url, prefix)))
      const environment = { ARBEDGE_DATA_DIR: "memory", ARBEDGE_NATS_URL: nats.url, ARBEDGE_STREAM_PREFIX: prefix }
      const before = yield* examined(environment)
      assert.match(named(before, "nats").detail, /^NATS \d+\.\d+\.\d+ at /)
      assert.strictEqual(named(before, "jetstream").state, "ok")
      assert.strictEqual(named(before, "stream MD").state, "optional")
      assert.isTrue(holds(before))
      const bus = NatsBus.layer({ url: nats.url, streamPrefix: prefix, subjectPrefix: prefix })
      yield* Effect.provide(ensureStreams, bus)
      const after = yield* examined(environment)
      for (const name of ["MD", "OPP", "EVT", "QUARANTINE"]) {
        assert.strictEqual(named(after, `stream ${name}`).state, "ok")
      }
      const drifted = yield* examined({ ...environment, ARBEDGE_STREAM_LIMITS: "EVT=64MiB" })
      assert.isFalse(holds(drifted))
      assert.strictEqual(named(drifted, "stream EVT").state, "failing")
      assert.include(named(drifted, "stream EVT").detail, "not as declared: maxBytes")
      assert.include(named(drifted, "stream EVT").fix, "arbedge streams apply")
      assert.strictEqual(named(drifted, "bucket market_data").state, "optional")
    }))
})

describeWith(postgres, "Doctor on Postgres", () => {
  it.live("finds the tables missing before the migration and up to date after it", () =>
    Effect.gen(function* () {
      const url = yield* ownDatabase
      const environment = { ARBEDGE_POSTGRES_URL: Redacted.value(url) }
      const before = yield* examined(environment)
      assert.strictEqual(named(before, "postgres").state, "ok")
      assert.strictEqual(named(before, "createdb").state, "ok")
      assert.include(["ok", "optional"], named(before, "pgvector").state)
      assert.strictEqual(named(before, "tables").state, "missing")
      assert.isFalse(holds(before))
      yield* Layer.build(Layer.provide(Migrations.layer, Postgres.layer({ url, maxConnections: 2 })))
      assert.isTrue(holds(yield* examined(environment)))
    }))
})

describe("Doctor on an embedded store in use", () => {
  it.live("looks without opening it", () =>
    Effect.gen(function* () {
      const folder = yield* ownFolder
      yield* Layer.build(Pglite.layer({ dataDir: Option.some(folder) }))
      const check = named(yield* examined({ ARBEDGE_DATA_DIR: folder }), "store")
      assert.include(check.detail, "held by process")
    }))
})
