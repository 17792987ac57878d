/** A service that is told to stop: one step after the other, each held to what ARCHITECTURE.md says of it. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, ConfigProvider, Effect, Fiber, FileSystem, Latch, Layer, Option, Schedule, Stream } from "effect"
import { join } from "node:path"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as DetectConfig from "../../src/domain/DetectConfig.ts"
import { settings } from "../../src/domain/Settings.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Exchange } from "../../src/layers/Exchange.ts"
import { Leases } from "../../src/layers/Leases.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import * as Pglite from "../../src/layers/pglite/Pglite.ts"
import * as LeasesSql from "../../src/layers/sql/LeasesSql.ts"
import { KeyCheck } from "../../src/layers/KeyCheck.ts"
import { VenueApi } from "../../src/layers/VenueApi.ts"
import { run } from "../../src/programs/Run.ts"
import { TelegramEmulator } from "../../src/simulators/telegram/TelegramEmulator.ts"
import { until } from "../support/actors.ts"

const VENUE = "kraken"
/** What one process at a time does, and this one does it. */
const OWNED = ["analyse.worker.0", "analyse.shard.15", "relay", `venue:${VENUE}`]

describe("A service that is told to stop", () => {
  it.live(
    "ends what works, then its feeds, then bus and store, and has given back all that it owned",
    () =>
      Effect.gen(function* () {
        const emulator = yield* TelegramEmulator
        const dataDir = yield* (yield* FileSystem.FileSystem).makeTempDirectoryScoped()
        const lock = join(dataDir, "lock.json")
        const log: Array<string> = []
        const atEnd = (what: string) =>
          Layer.effectDiscard(Effect.addFinalizer(() => Effect.sync(() => log.push(what))))
        const owned = Effect.gen(function* () {
          const leases = yield* Leases
          const found = yield* Effect.orDie(Effect.forEach(OWNED, leases.current))
          return found.flatMap((lease) => Option.toArray(lease))
        })

        const isWorking = yield* Latch.make(false), mayEnd = yield* Latch.make(false)
        /** Stands for the bot: sees all at work; at the end it takes its time, and still has the store. */
        const bot = Layer.effectDiscard(Effect.gen(function* () {
          const queue = yield* OpportunityQueue
          yield* Effect.addFinalizer(() =>
            mayEnd.await.pipe(
              Effect.andThen(Effect.exit(queue.counts)),
              Effect.andThen((exit) => Effect.sync(() => log.push(`bot ends, store: ${exit._tag}`))),
            )
          )
          yield* owned.pipe(
            Effect.repeat({ until: (held) => held.length === OWNED.length, schedule: Schedule.spaced("20 millis") }),
          )
          yield* isWorking.open
        }))
        const exchange = Layer.succeed(Exchange, {
          simulated: true,
          venues: [VENUE],
          markets: () => Effect.succeed([]),
          feed: () => Stream.ensuring(Stream.never, Effect.sync(() => log.push("feed ends"))),
        })

        const service = yield* run<never>({
          settings: yield* settings.pipe(Effect.provideService(
            ConfigProvider.ConfigProvider,
            ConfigProvider.fromEnvRecord({
              ARBEDGE_DATA_DIR: dataDir,
              ARBEDGE_TELEGRAM_TOKEN: emulator.token,
              ARBEDGE_TELEGRAM_API_ROOT: emulator.url,
            }),
          )),
          bus: Layer.provideMerge(atEnd("bus closes"), EmbeddedBus.layer()),
          store: Layer.provideMerge(atEnd("store closes"), Pglite.layer({ dataDir: Option.some(dataDir) })),
          roles: ["ingest", "detect", "distribute", "deliver", "bot", "jobs"],
          owner: "test",
          config: DetectConfig.EMPTY,
          markets: {
            what: "a silent venue",
            source: "simulated",
            config: DetectConfig.EMPTY,
            requests: [{ venue: VENUE, instruments: ["BTC/USDT"], kinds: ["quote"], depth: 1 }],
            exchange,
            api: VenueApi.absent("a silent venue"),
            keyCheck: KeyCheck.absent("a silent venue"),
          },
          service: () => atEnd("HTTP server closes"),
          bot: () => bot,
        }).pipe(Effect.forkScoped)

        yield* Effect.raceFirst(isWorking.await, Fiber.join(service))
        const files = yield* FileSystem.FileSystem
        assert.isTrue(yield* files.exists(lock))
        assert.deepStrictEqual(log, [])
        const stopping = yield* Effect.forkChild(Fiber.interrupt(service), { startImmediately: true })
        yield* until(Effect.sync(() => log.length > 0))
        yield* mayEnd.open
        yield* Fiber.join(stopping)
        const endedMs = yield* Clock.currentTimeMillis
        assert.deepStrictEqual(log, [
          "HTTP server closes",
          "bot ends, store: Success",
          "feed ends",
          "bus closes",
          "store closes",
        ])
        assert.isFalse(yield* files.exists(lock))

        const left = yield* owned.pipe(
          Effect.provide(Layer.provide(LeasesSql.layer, Pglite.layer({ dataDir: Option.some(dataDir) }))),
        )
        assert.deepStrictEqual(left.map(({ name }) => name), OWNED)
        for (const { expiresAt, name } of left) assert.isAtMost(expiresAt, endedMs, name)
      }).pipe(Effect.provide([TelegramEmulator.layer(), NodeServices.layer])),
    60_000,
  )
})
