/**
 * The running service asked from outside: who may ask, what is answered, and what is told when nobody answers.
 * Comes in: a real HTTP server on a free port, a store in memory, data folders of the test's own.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, Layer, Option, Ref } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { Sessions } from "../../../src/layers/Sessions.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { Users } from "../../../src/layers/Users.ts"
import type { SourceState } from "../../../src/streams/MarketAccess.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import * as Client from "../../../src/surfaces/rpc/Client.ts"
import { PATH } from "../../../src/surfaces/rpc/Protocol.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import * as ServiceFile from "../../../src/surfaces/rpc/ServiceFile.ts"

const stored = Repositories.layer.pipe(
  Layer.provideMerge(Migrations.layer),
  Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
)
/** Without its tables: every question to the store fails. */
const broken = Repositories.layer.pipe(
  Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
)

const live = <A, E>(store: Layer.Layer<A, E>) => Layer.merge(NodeServices.layer, store)

const ping = HttpRouter.add("GET", "/ping", HttpServerResponse.text("pong"))

const optionsOf = (dataDir: string, watch: Pipeline.Watch): Server.ServiceOptions => ({
  version: "9.9.9",
  roles: ["detect", "deliver"],
  simulated: true,
  watch,
  host: "127.0.0.1",
  port: 0,
  dataDir: Option.some(dataDir),
})

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-rpc-" }))

const started = Effect.fnUntraced(function* (dataDir: string) {
  const watch = yield* Pipeline.makeWatch
  yield* Layer.build(Server.layer(optionsOf(dataDir, watch), ping))
  const file = Option.getOrThrow(yield* ServiceFile.read(dataDir))
  return { watch, file }
})

const post = (url: string, token: string | null, body = "") =>
  Effect.promise(() =>
    fetch(`${url}${PATH}`, { method: "POST", body, headers: token === null ? {} : { authorization: token } })
      .then(async (response) => ({ status: response.status, text: await response.text() }))
  )

describe("A running service", () => {
  it.live("says how it is doing, with the store's figures", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      const { watch } = yield* started(dataDir)
      yield* Ref.set(
        watch.analysed,
        Option.some({
          sequence: 42,
          figures: { ticks: 1_000, checks: 20, rejected: {}, refused: {}, notes: new Map() },
        }),
      )
      yield* Ref.set(watch.distributed, 7)
      const source: SourceState = {
        source: "api",
        venue: "okx",
        answered: 3,
        missed: 0,
        failed: 1,
        p50Ms: 80,
        p99Ms: 120,
        breaker: "closed",
        lastError: { reason: "unreachable", detail: "away", atMs: 1 },
      }
      yield* Ref.set(watch.sources, [source])
      const users = yield* Users, sessions = yield* Sessions
      const nowMs = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
      const user = yield* users.contact({
        telegramId: "1",
        username: null,
        firstName: "Ann",
        lastName: null,
        isGroup: false,
        nowMs,
      })
      yield* sessions.start({ userId: user.userId, telegramId: "1", nowMs, ttlMs: 60_000 })

      const status = yield* Client.status(Option.some(dataDir))
      assert.deepStrictEqual(
        { ...status, startedAt: 0, uptimeMs: 0, pid: 0 },
        {
          version: "9.9.9",
          roles: ["detect", "deliver"],
          simulated: true,
          pid: 0,
          startedAt: 0,
          uptimeMs: 0,
          ticks: 1_000,
          checks: 20,
          analysedSequence: 42,
          distributedSequence: 7,
          delivering: 0,
          partitions: [],
          sources: [source],
          queue: { pending: 0, sending: 0, sent: 0, unknown: 0, failed: 0, cancelled: 0, expired: 0 },
          sessionsActive: 1,
          trouble: null,
        },
      )
      assert.isAtLeast(status.uptimeMs, 0)
    }).pipe(Effect.provide(live(stored))))

  it.live("still answers when its store does not, and says what is wrong", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      yield* started(dataDir)
      const status = yield* Client.status(Option.some(dataDir))
      assert.isNull(status.queue)
      assert.isNull(status.partitions)
      assert.isNull(status.sessionsActive)
      assert.include(status.trouble ?? "", "opportunity_distribution_queue")
    }).pipe(Effect.provide(live(broken))))

  it.live("answers 401 to a wrong or missing token, 413 to a large call and never falls over a broken one", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      const { file } = yield* started(dataDir)
      assert.strictEqual((yield* post(file.url, null)).status, 401)
      assert.strictEqual((yield* post(file.url, "Bearer wrong")).status, 401)
      assert.strictEqual((yield* post(file.url, file.token)).status, 401)
      assert.strictEqual((yield* post(file.url, `Bearer ${file.token}`, "x".repeat(100_000))).status, 413)
      for (const body of ["", "null", "{", "[]", `{"_tag":"Request"}`, `{"_tag":"Request","id":"1","tag":"Nothing"}`]) {
        const { status, text } = yield* post(file.url, `Bearer ${file.token}`, body)
        assert.isBelow(status, 500, `${body} -> ${text}`)
        assert.notInclude(text, file.token)
      }
      assert.strictEqual((yield* Client.status(Option.some(dataDir))).version, "9.9.9")
    }).pipe(Effect.provide(live(stored))))

  it.live("serves the program's other routes on the same port", () =>
    Effect.gen(function* () {
      const { file } = yield* started(yield* folder)
      assert.strictEqual(yield* Effect.promise(() => fetch(`${file.url}/ping`).then((answer) => answer.text())), "pong")
    }).pipe(Effect.provide(live(stored))))

  it.live("keeps address and token in a file that only its owner reads, and takes it away at the end", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const dataDir = yield* folder
      const path = ServiceFile.pathIn(dataDir)
      yield* Effect.scoped(Effect.gen(function* () {
        const { file } = yield* started(dataDir)
        assert.strictEqual((yield* files.stat(path)).mode & 0o777, 0o600)
        assert.match(file.token, /^[0-9a-f]{64}$/)
        assert.match(file.url, /^http:\/\/127\.0\.0\.1:\d+$/)
        assert.deepStrictEqual(yield* files.readDirectory(dataDir), ["service.json"])
      }))
      assert.isFalse(yield* files.exists(path))
    }).pipe(Effect.provide(live(stored))))

  it.live("leaves the file to a live service of the same folder, and replaces a dead one's", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      const dead = { v: 1 as const, url: "http://127.0.0.1:9", token: "dead", pid: 1, startedAt: 0 }
      yield* Effect.scoped(Effect.gen(function* () {
        yield* ServiceFile.hold(dataDir, dead)
        const first = yield* started(dataDir)
        assert.notStrictEqual(first.file.token, "dead")
        yield* Effect.scoped(Effect.gen(function* () {
          const watch = yield* Pipeline.makeWatch
          yield* Layer.build(Server.layer(optionsOf(dataDir, watch)))
        }))
        assert.strictEqual(Option.getOrThrow(yield* ServiceFile.read(dataDir)).token, first.file.token)
      }))
    }).pipe(Effect.provide(live(stored))))
})

describe("A service that cannot be reached", () => {
  const reasonOf = (dataDir: Option.Option<string>) =>
    Effect.map(Effect.flip(Client.status(dataDir)), (error) => {
      assert.notStrictEqual(error.fix, "")
      return { reason: error.reason, message: error.message }
    })

  it.live("is told as not running where there is no file, none that can be read, or no folder at all", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      assert.strictEqual((yield* reasonOf(Option.some(dataDir))).reason, "not_running")
      assert.strictEqual((yield* reasonOf(Option.none())).reason, "not_running")
      const files = yield* FileSystem.FileSystem
      yield* files.writeFileString(ServiceFile.pathIn(dataDir), "{")
      assert.strictEqual((yield* reasonOf(Option.some(dataDir))).reason, "not_running")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("is told as stale where nobody answers, and as refused where somebody wants another token", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      const { file } = yield* started(dataDir)
      const elsewhere = yield* folder
      yield* Effect.scoped(Effect.gen(function* () {
        yield* ServiceFile.hold(elsewhere, { ...file, token: "of-another-service" })
        const { message, reason } = yield* reasonOf(Option.some(elsewhere))
        assert.strictEqual(reason, "refused")
        assert.notInclude(message, "of-another-service")
      }))
      yield* ServiceFile.hold(elsewhere, { ...file, url: "http://127.0.0.1:9" })
      const { message, reason } = yield* reasonOf(Option.some(elsewhere))
      assert.strictEqual(reason, "stale")
      assert.include(message, `process ${file.pid}`)
    }).pipe(Effect.provide(live(stored))))
})
