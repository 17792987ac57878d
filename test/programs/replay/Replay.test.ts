/**
 * Recordings with everything going wrong, through the whole path: the same bytes on both runtimes, embedded and on NATS, and
 * nothing owed is lost.
 */
import { createHash } from "node:crypto"
import process from "node:process"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem, type Layer, Option, References } from "effect"
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
import { describeWith, nats } from "../../support/available.ts"
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

let runs = 0
const embedded = EmbeddedBus.layer({ whenFull: "wait_for_readers" })

const played = Effect.fnUntraced(
  function* (given: ReadonlyArray<Tick>, plan: FaultPlan, bus: Layer.Layer<Bus, BusError> = embedded) {
    const files = yield* FileSystem.FileSystem
    const path = yield* files.makeTempFileScoped({ suffix: ".ndjson" })
    yield* files.writeFileString(path, given.map((tick) => `${TickCodec.toLine(tick)}\n`).join(""))
    return yield* replay({
      playlist: yield* Playlist.open([path], EVERYTHING),
      speed: "max",
      faults: plan,
      config: configOf({ ...CONFIG, staleness: {}, hysteresis: true }),
      users: [1, 2].map((chat) => ({ chat, hours: [0, 24], caps: { perHour: 10 }, tier: "enterprise", batch: false })),
      owner: `replay-test-${++runs}`,
      bus,
      store: Pglite.layer({ dataDir: Option.none() }),
      onProgress: () => Effect.void,
    })
  },
  Effect.scoped,
  Effect.provide([NodeServices.layer, RecordingFiles.layer]),
  // Actors that are killed are told of as errors.
  Effect.provideService(References.MinimumLogLevel, "None"),
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
        const all = yield* played(recording, planOf(...faults, ...byClock))
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
      const { log, opportunityLog } = yield* played(recording, planOf(...faults), bus)
      assert.strictEqual(digest(opportunityLog), DIGEST)
      assert.deepStrictEqual(toldIn(log), TOLD)
    }), 180_000)
})
