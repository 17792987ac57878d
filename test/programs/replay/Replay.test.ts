/**
 * Recordings with everything going wrong, through the whole path: the same bytes on both runtimes, embedded and on NATS, and
 * nothing owed is lost.
 */
import { createHash } from "node:crypto"
import { join } from "node:path"
import process from "node:process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Fiber, FileSystem, Layer, Option, References } from "effect"
import { TestClock } from "effect/testing"
import type { DetectConfig } from "../../../src/domain/DetectConfig.ts"
import type { FaultPlan } from "../../../src/domain/FaultPlan.ts"
import type { Tick } from "../../../src/domain/Tick.ts"
import * as TickCodec from "../../../src/domain/TickCodec.ts"
import type { Bus, BusError } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import * as NatsBus from "../../../src/layers/nats/Bus.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import * as RecordingFiles from "../../../src/layers/recording/RecordingFiles.ts"
import * as Playlist from "../../../src/programs/replay/Playlist.ts"
import { replay } from "../../../src/programs/replay/Replay.ts"
import { EVERYTHING } from "../../../src/programs/replay/Selection.ts"
import { data, describeWith, nats } from "../../support/available.ts"
import { CONFIG, planOf, ticks } from "../../support/faulted.ts"
import { configOf } from "../../support/ticks.ts"

/** SHA-256 of the opportunity log of `recording` under `faults`. */
const DIGEST = "da096607c809294b1320151d78666943dc2a396e739d722ba17d33cc598d9522"
/** Messages by chat, whatever else goes wrong. */
const TOLD = { 1: 2, 2: 2 }
const recording = ticks(17_000)
const faults = [
  ...["gap:0.005", "duplicate:0.05", "reorder:0.005", "cross:0.01"],
  ...["clock_skew:2000,venues=b,from=10000,to=10500", "disconnect:6000,venues=a,lengthMs=300"],
]
const byClock = [
  "telegram_429:4000,retryAfterS=2",
  "actor_kill:2000,actor=Coordinator",
  "actor_kill:2000,actor=RateLimiter",
]

const CONFIGURED = configOf({ ...CONFIG, staleness: {}, hysteresis: true })
/** Without fees some opportunities stood in it. */
const REAL = {
  config: configOf({
    fees: { binance: { taker: "0" }, binanceusdm: { taker: "0" }, binancecoinm: { taker: "0" } },
    staleness: null,
    minNetBps: 4,
    parity: { "USDT/USD": "1" },
  }),
}

let runs = 0
const embedded = EmbeddedBus.layer({ whenFull: "wait_for_readers" })

interface Played {
  readonly faults?: FaultPlan
  readonly bus?: Layer.Layer<Bus, BusError>
  readonly speed?: number | "max"
  readonly config?: DetectConfig
}

const files = Layer.provideMerge(RecordingFiles.layer, NodeServices.layer)

const playedFile = Effect.fnUntraced(
  function* (path: string, { bus = embedded, config = CONFIGURED, faults = planOf(), speed = "max" }: Played) {
    return yield* replay({
      playlist: yield* Playlist.open([path], EVERYTHING),
      speed,
      faults,
      config,
      users: [1, 2].map((chat) => ({ chat, hours: [0, 24], caps: { perHour: 10 }, tier: "enterprise", batch: false })),
      owner: `replay-test-${++runs}`,
      bus,
      store: Pglite.layer({ dataDir: Option.none() }),
      onProgress: () => Effect.void,
    })
  },
  Effect.provide(files),
  // Actors that are killed are told of as errors.
  Effect.provideService(References.MinimumLogLevel, "None"),
)

const played = Effect.fnUntraced(
  function* (given: ReadonlyArray<Tick>, options: Played) {
    const fileSystem = yield* FileSystem.FileSystem
    const path = yield* fileSystem.makeTempFileScoped({ suffix: ".ndjson" })
    yield* fileSystem.writeFileString(path, given.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))
    return yield* playedFile(path, options)
  },
  Effect.scoped,
  Effect.provide(files),
)

const digest = (text: string) => createHash("sha256").update(text).digest("hex")
/** How many messages each chat was sent. */
const toldIn = (log: string): Readonly<Record<string, number>> => {
  const sent = log.trimEnd().split("\n").filter((line) => /"method":"sendMessage".*"ok":true/.test(line))
  const chats = Map.groupBy(sent, (line) => /"chatId":(\d+)/.exec(line)?.[1] ?? "")
  return Object.fromEntries([...chats].map(([chat, lines]) => [chat, lines.length]))
}
const became = (reports: Effect.Success<ReturnType<typeof played>>["faults"], kind: string) =>
  reports.filter((report) => report.kind === kind).map(({ became }) => became)

describe("A replay with every fault", () => {
  it.live(
    "gives the opportunity log that is checked in, and loses nothing that is owed",
    () =>
      Effect.gen(function* () {
        const all = yield* played(recording, { faults: planOf(...faults, ...byClock) })
        assert.strictEqual(digest(all.opportunityLog), DIGEST)
        // Of each report the ticks struck are accounted for.
        assert.isTrue(all.faults.every(({ struck }) => struck > 0), JSON.stringify(all.faults))

        const [refused] = became(all.faults, "telegram_429")
        assert.isAbove(refused?.["refused with 429"] ?? 0, 0)
        assert.strictEqual(refused?.["obeyed"], refused?.["refused with 429"])

        for (const killed of became(all.faults, "actor_kill")) {
          assert.isAbove(killed["died"] ?? 0, 0)
          assert.strictEqual(killed["restored"], killed["died"])
        }

        // Refusals and deaths delay what is told; they take nothing away, and tell nothing twice.
        assert.deepStrictEqual(toldIn(all.log), TOLD)
      }),
    180_000,
  )
})

describeWith(nats, "A replay with every fault of ticks, on NATS,", () => {
  it.live("gives the same opportunity log, and tells the same people", () =>
    Effect.gen(function* () {
      const bus = NatsBus.layer({ url: nats.url, streamPrefix: `replay_test_${process.pid}_` })
      const { log, opportunityLog } = yield* played(recording, { faults: planOf(...faults), bus })
      assert.strictEqual(digest(opportunityLog), DIGEST)
      assert.deepStrictEqual(toldIn(log), TOLD)
    }), 180_000)
})

const ROUNDS = 20

/** Lets all that goes on within this process come to rest, then a step of time passes; until the work is done. */
const inVirtualTime = <A, E, R>(work: Effect.Effect<A, E, R>, step: Duration.Input) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkChild(work, { startImmediately: true })
    while (fiber.pollUnsafe() === undefined) {
      for (let round = 0; round < ROUNDS; round++) {
        yield* Effect.promise(() => new Promise<void>((done) => setImmediate(done)))
      }
      yield* TestClock.adjust(step)
    }
    return yield* Fiber.join(fiber)
  })

describe("A replay at its own pace, in virtual time,", () => {
  it.effect(
    "gives twice the log and the messages that one at full speed gives",
    () =>
      Effect.gen(function* () {
        for (const _ of ["once", "twice"]) {
          const paced = played(recording, { faults: planOf(...faults), speed: 1 })
          const { log, opportunityLog } = yield* inVirtualTime(paced, "5 millis")
          assert.strictEqual(digest(opportunityLog), DIGEST)
          assert.deepStrictEqual(toldIn(log), TOLD)
        }
      }),
    180_000,
  )
})

const QUOTES = join(data.path, "recordings", "binance-3venues-btc-20240808-quotes-trades.ndjson.gz")

describeWith(data, "A real recording", () => {
  it.effect(
    "gives the same log at its own pace, in virtual time, as at full speed",
    () =>
      Effect.gen(function* () {
        const atFullSpeed = yield* playedFile(QUOTES, { ...REAL, speed: "max" })
        const atItsPace = yield* inVirtualTime(playedFile(QUOTES, { ...REAL, speed: 1 }), "20 millis")
        assert.strictEqual(atFullSpeed.opportunities.length, 145)
        assert.strictEqual(atItsPace.opportunityLog, atFullSpeed.opportunityLog)
        assert.deepStrictEqual(toldIn(atItsPace.log), toldIn(atFullSpeed.log))
      }),
    180_000,
  )
})
