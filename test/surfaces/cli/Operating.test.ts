/** The commands of whoever operates ArbEdge: migrate, doctor, status, record, emulator; their output and exit codes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, FileSystem, Layer, Option, Schema, Stream } from "effect"
import { jetstreamManager } from "@nats-io/jetstream"
import { connect } from "@nats-io/transport-node"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { type ChildProcess, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import * as NatsBus from "../../../src/layers/nats/Bus.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../../src/layers/Recording.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as Repositories from "../../../src/layers/sql/Repositories.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { Ingest } from "../../../src/streams/Ingest.ts"
import * as Pipeline from "../../../src/streams/Pipeline.ts"
import { ensureStreams } from "../../../src/streams/Topology.ts"
import * as Server from "../../../src/surfaces/rpc/Server.ts"
import { describeWith, nats } from "../../support/available.ts"
import { until } from "../../support/actors.ts"
import { ownPrefix, removeAll } from "../../support/jetstream.ts"
import { quote, T0 } from "../../support/ticks.ts"
import { arbedge } from "./inProcess.ts"

const MAIN = fileURLToPath(new URL("../../../src/main.ts", import.meta.url))
const runtimeArguments = "deno" in process.versions ? ["run", "-A"] : []

const folder = FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-operating-" }))
const AnyJson = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const objects = (stdout: string) => stdout.split("\n").map((line) => Schema.decodeSync(AnyJson)(line))

/** A process of its own, and its first line on standard output. */
const started = (args: ReadonlyArray<string>, environment: Readonly<Record<string, string>> = {}) =>
  Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [...runtimeArguments, MAIN, ...args], {
        env: { ...process.env, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      })
    ),
    (child) => Effect.sync(() => void child.kill("SIGKILL")),
  )

const firstLine = (child: ChildProcess): Effect.Effect<string> =>
  Effect.callback((resume) => {
    if (child.stdout !== null) {
      createInterface({ input: child.stdout }).once("line", (line) => resume(Effect.succeed(line)))
    }
  })

/** Not `child.kill`: on Deno that says the child died of the signal, whatever it did. */
const send = (child: ChildProcess, signal: NodeJS.Signals): Effect.Effect<number | string> =>
  Effect.callback((resume) => {
    child.once("exit", (code, signal) => resume(Effect.succeed(code ?? signal ?? "")))
    if (child.pid !== undefined) process.kill(child.pid, signal)
  })

describe("arbedge run", () => {
  it.live("refuses a venue that ccxt does not have before anything starts, and names those near it", () =>
    Effect.gen(function* () {
      const refused = yield* arbedge(["run"], { ARBEDGE_VENUES: "kraken,bitfinx", ARBEDGE_DATA_DIR: "memory" })
      assert.strictEqual(refused.code, 2)
      assert.match(refused.stderr, /"bitfinx" is not one of the \d+ exchanges of ccxt; near it: bitfinex/)
      assert.include(refused.stderr, "correct ARBEDGE_VENUES")
    }).pipe(Effect.provide(NodeServices.layer)))
})

describe("arbedge migrate", () => {
  it.live("says what it applied, then that nothing was to be done", () =>
    Effect.gen(function* () {
      const environment = { ARBEDGE_DATA_DIR: yield* folder }
      const first = yield* arbedge(["migrate"], environment)
      assert.strictEqual(first.code, 0)
      assert.match(first.stdout, /\d migrations applied\n {2}1_users\n/)
      const second = yield* arbedge(["migrate"], environment)
      assert.match(second.stdout, /is up to date$/)
      const [third] = objects((yield* arbedge(["migrate", "--json"], environment)).stdout)
      assert.deepStrictEqual(third?.["applied"], [])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("leaves a folder to the service that holds it, names it and exits 4", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      yield* Layer.build(Pglite.layer({ dataDir: Option.some(dataDir) }))
      const { code, stderr } = yield* arbedge(["migrate"], { ARBEDGE_DATA_DIR: dataDir })
      assert.strictEqual(code, 4)
      assert.include(stderr, `held by process ${process.pid}`)
      assert.include(stderr, "migrates its own store")
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("warns that memory keeps nothing, and exits 1 where Postgres is away, without its password", () =>
    Effect.gen(function* () {
      assert.include((yield* arbedge(["migrate"], { ARBEDGE_DATA_DIR: "memory" })).stderr, "nothing was kept")
      const away = { ARBEDGE_POSTGRES_URL: "postgres://someone:hidden@127.0.0.1:9/db" }
      const { code, stderr } = yield* arbedge(["migrate"], away)
      assert.strictEqual(code, 1)
      assert.include(stderr, "127.0.0.1:9")
      assert.notInclude(stderr, "hidden")
    }))

  it.live("exits 2 on settings that cannot be read, naming the variable", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* arbedge(["migrate"], { ARBEDGE_SESSION_DAYS: "some" })
      assert.strictEqual(code, 2)
      assert.include(stderr, "ARBEDGE_SESSION_DAYS")
    }))
})

const serving = Effect.fnUntraced(function* (dataDir: string) {
  const watch = yield* Pipeline.makeWatch
  yield* Layer.build(Server.layer({
    version: "9.9.9",
    roles: ["detect"],
    simulated: true,
    watch,
    host: "127.0.0.1",
    port: 0,
    dataDir: Option.some(dataDir),
  }))
})

const store = Layer.merge(
  NodeServices.layer,
  Repositories.layer.pipe(
    Layer.provideMerge(Migrations.layer),
    Layer.provideMerge(Layer.merge(EnvelopeVault.ephemeral, Pglite.layer({ dataDir: Option.none() }))),
  ),
)

describe("arbedge status", () => {
  it.live("tells how the running service does, for people and as JSON", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      yield* serving(dataDir)
      const people = yield* arbedge(["status"], { ARBEDGE_DATA_DIR: dataDir })
      assert.strictEqual(people.code, 0)
      assert.match(people.stdout, /^ArbEdge +9\.9\.9/)
      assert.match(people.stdout, /market data +SIMULATED/)
      assert.match(people.stdout, /queue +empty/)
      const [status] = objects((yield* arbedge(["status", "--json"], { ARBEDGE_DATA_DIR: dataDir })).stdout)
      assert.deepStrictEqual(status?.["roles"], ["detect"])
    }).pipe(Effect.provide(store)))

  it.live("exits 4 and says how to start one where none runs", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* arbedge(["status"], { ARBEDGE_DATA_DIR: yield* folder })
      assert.strictEqual(code, 4)
      assert.include(stderr, "arbedge run")
    }).pipe(Effect.provide(NodeServices.layer)))
})

describe("arbedge doctor", () => {
  it.live("exits 0 with nothing set, and sees a running service", () =>
    Effect.gen(function* () {
      const dataDir = yield* folder
      const before = yield* arbedge(["doctor"], { ARBEDGE_DATA_DIR: dataDir })
      assert.strictEqual(before.code, 0)
      assert.match(before.stdout, /service +optional +no service is running/)
      yield* serving(dataDir)
      const checks = objects((yield* arbedge(["doctor", "--json"], { ARBEDGE_DATA_DIR: dataDir })).stdout)
      const service = checks.find(({ name }) => name === "service")
      assert.strictEqual(service?.["state"], "ok")
      assert.match(String(service?.["detail"]), /^detect; up .*; 0 ticks; 0 messages pending, 0 failed$/)
    }).pipe(Effect.provide(store)))

  it.live("exits 3 when something needed does not work, and says what to do", () =>
    Effect.gen(function* () {
      const { code, stderr, stdout } = yield* arbedge(["doctor"], {
        ARBEDGE_DATA_DIR: "memory",
        ARBEDGE_NATS_URL: "nats://127.0.0.1:9",
      })
      assert.strictEqual(code, 3)
      assert.match(stdout, /nats +FAILING/)
      assert.match(stdout, /What to do\n(.*\n)*? {2}nats: start NATS/)
      assert.include(stderr, "not everything works: nats")
    }))
})

describe("arbedge record", () => {
  it.live("refuses what cannot be, each with exit 2 and a way out", () =>
    Effect.gen(function* () {
      const out = join(yield* folder, "out.ndjson")
      const refused = [
        ["record"],
        ["record", "--out", out],
        ["record", "--out", out, "--from", "venues", "--kinds", "prices"],
        ["record", "--out", out, "--seconds", "0"],
        ["record", "--out", MAIN, "--from", "venues"],
      ]
      for (const args of refused) assert.strictEqual((yield* arbedge(args)).code, 2, args.join(" "))
      const misspelt = yield* arbedge(["record", "--out", out, "--from", "venues", "--venues", "kraken,krakn"])
      assert.strictEqual(misspelt.code, 2)
      assert.match(misspelt.stderr, /"krakn" is not one of the \d+ exchanges of ccxt; near it: kraken/)
    }).pipe(Effect.provide(NodeServices.layer)))
})

describeWith(nats, "arbedge record on NATS", () => {
  const ticks = Array.from(
    { length: 200 },
    (_, k) =>
      quote(k % 2 === 0 ? "kraken" : "okx", k % 3 === 0 ? "BTC/USDT" : "ETH/USDT", T0 + k * 20, ["1", `${k + 2}`]),
  )

  const ownBus = Effect.gen(function* () {
    const prefix = ownPrefix()
    yield* Effect.addFinalizer(() => Effect.promise(() => removeAll(nats.url, prefix)))
    const bus = NatsBus.layer({ url: nats.url, streamPrefix: prefix, subjectPrefix: prefix })
    const environment = { ARBEDGE_NATS_URL: nats.url, ARBEDGE_STREAM_PREFIX: prefix }
    let writers = 0
    /** Each time under another name: frames of one writer are stored once. */
    const feed = (some: typeof ticks) =>
      Effect.flatMap(Ingest, (ingest) => Effect.andThen(ingest.ticks(some), ingest.drain)).pipe(
        Effect.provide(Ingest.layer({ writer: `${prefix}${writers++}.0`, source: "recorded", live: false })),
        Effect.provide(bus),
      )
    const manager = yield* Effect.map(
      Effect.acquireRelease(
        Effect.promise(() => connect({ servers: nats.url })),
        (connection) => Effect.promise(() => connection.close()),
      ),
      (connection) => jetstreamManager(connection),
    )
    /** How many messages the only reader was handed; null: there is none. */
    const delivered = Effect.promise(async () => {
      for await (const { delivered: { consumer_seq } } of (await manager).consumers.list(`${prefix}MD`)) {
        return consumer_seq
      }
      return null
    })
    return { environment, feed, delivered, ensure: Effect.provide(ensureStreams, bus) }
  })

  const readBack = (path: string) =>
    Effect.flatMap(Recording, (recording) => Stream.runCollect(recording.read(path))).pipe(
      Effect.map((batches) => {
        assert.deepStrictEqual(batches.flatMap(({ bad }) => bad), [])
        return batches.flatMap((batch) => batch.ticks)
      }),
      Effect.provide(RecordingFiles.layer),
    )

  it.live("takes what is stored, ends by itself and says what it took", () =>
    Effect.gen(function* () {
      const { ensure, environment, feed } = yield* ownBus
      const out = join(yield* folder, "out.ndjson.gz")
      const none = yield* arbedge(["record", "--stored", "--out", out], environment)
      assert.strictEqual(none.code, 1)
      assert.include(none.stderr, "no stream MD")
      yield* ensure
      yield* feed(ticks)
      const ran = yield* arbedge(["record", "--stored", "--out", out, "--overwrite"], environment)
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.match(
        ran.stdout,
        /: 200 ticks, 2024-.* to 2024-.*\n200 ticks received, 200 in the file: nothing is lost\nrefused: none$/,
      )
      assert.deepStrictEqual(yield* readBack(out), ticks)
      assert.strictEqual((yield* arbedge(["record", "--stored", "--out", out], environment)).code, 2)
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("finishes the file on Ctrl-C, and exits 130", () =>
    Effect.gen(function* () {
      const { delivered, ensure, environment, feed } = yield* ownBus
      yield* ensure
      const dataDir = yield* folder
      const out = join(dataDir, "out.ndjson")
      const child = yield* started(["record", "--out", out, "--json"], environment)
      const said = yield* Effect.forkChild(firstLine(child))
      const files = yield* FileSystem.FileSystem
      yield* until(Effect.map(delivered, (count) => count !== null))
      // One at a time; by the twentieth, the first have surely been taken.
      let k = 0
      yield* until(
        Effect.suspend(() => feed([quote("okx", "BTC/USDT", T0 + 5_000 * k++, ["1", "2"])])).pipe(
          Effect.andThen(Effect.map(delivered, (count) => count !== null && count >= 20)),
        ),
      )
      assert.strictEqual(yield* send(child, "SIGINT"), 130)
      const [recorded] = objects(yield* Fiber.join(said))
      assert.isTrue(recorded?.["interrupted"])
      const written = yield* readBack(out)
      assert.strictEqual(written.length, recorded?.["ticks"])
      assert.isAbove(written.length, 0)
      assert.isFalse(yield* files.exists(`${out}.partial`))
    }).pipe(Effect.provide(NodeServices.layer)))
})

describe("arbedge emulator", () => {
  const call = (told: Readonly<Record<string, unknown>>, method: string) =>
    Effect.promise(() => fetch(`${told["apiRoot"]}/bot${told["token"]}/${method}`).then((answer) => answer.json()))

  it.live("says where it is in one line, and its log survives a kill", () =>
    Effect.gen(function* () {
      const log = join(yield* folder, "log.ndjson")
      const child = yield* started(["emulator", "--log", log, "--chat", "7-9", "--chat", "20", "--start"])
      const [told = {}] = objects(yield* firstLine(child))
      assert.strictEqual(told["chats"], 4)
      assert.match(JSON.stringify(yield* call(told, "getUpdates")), /\/start/)
      yield* call(told, "sendMessage?chat_id=8&text=hello")
      yield* until(Effect.sync(() => readFileSync(log, "utf8").includes("hello")))
      yield* send(child, "SIGKILL")
      assert.deepStrictEqual(objects(readFileSync(log, "utf8").trimEnd()).map(({ method }) => method), [
        "getUpdates",
        "sendMessage",
      ])
    }).pipe(Effect.provide(NodeServices.layer)))

  it.live("refuses a chat that is none, and a port that is taken", () =>
    Effect.gen(function* () {
      const log = join(yield* folder, "log.ndjson")
      for (const chat of ["x", "0", "5-3", "-1"]) {
        assert.strictEqual((yield* arbedge(["emulator", "--log", log, `--chat=${chat}`])).code, 2, chat)
      }
      const child = yield* started(["emulator", "--log", log])
      const [told = {}] = objects(yield* firstLine(child))
      const port = new URL(String(told["apiRoot"])).port
      const { code, stderr } = yield* arbedge(["emulator", "--log", `${log}2`, "--port", port])
      assert.strictEqual(code, 1)
      assert.include(stderr, `port ${port} is taken`)
    }).pipe(Effect.provide(NodeServices.layer)))
})
