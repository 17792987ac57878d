/**
 * replay-full-speed: recordings through the whole path of `arbedge replay`, as fast as it goes.
 *
 * Reading, framing, bus, detection, lifecycle, distribution to one person, queue, rate limits and the Telegram emulator, in
 * virtual time on an embedded store; over the in-process bus, and through JetStream. The clock runs from the first tick read
 * to the last transition told; making streams, tables and people is told apart (`wholeS`). Every pass must find the one
 * opportunity of each loop, and tell it. Control: the file's lines through JSON.parse and a comparison in floats.
 */
import process from "node:process"
import { Effect, type Layer, Option, type Scope } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { NO_FAULTS } from "../src/domain/FaultPlan.ts"
import type { Bus, BusError } from "../src/layers/Bus.ts"
import * as EmbeddedBus from "../src/layers/embedded/Bus.ts"
import * as Pglite from "../src/layers/pglite/Pglite.ts"
import * as RecordingFiles from "../src/layers/recording/RecordingFiles.ts"
import * as Playlist from "../src/programs/replay/Playlist.ts"
import { replay } from "../src/programs/replay/Replay.ts"
import { EVERYTHING } from "../src/programs/replay/Selection.ts"
import type { Benchmark, Sample } from "./Paired.ts"
import { plain } from "./RecordingDetect.ts"
import { freshBus, ownServer } from "./Servers.ts"
import { load, recordingOf, type Workload } from "./Workload.ts"

const LOOPS = 5
let runs = 0

const ours = (path: string, workload: Workload, bus: Layer.Layer<Bus, BusError>) =>
  Effect.gen(function* () {
    const before = performance.now()
    let begun: NodeJS.CpuUsage | undefined
    const playlist = yield* Playlist.open([path], EVERYTHING)
    const { opportunities, playedMs, sent, ticks } = yield* replay({
      playlist,
      speed: "max",
      faults: NO_FAULTS,
      config: workload.config,
      users: [{ chat: 1, hours: [0, 24], caps: { perHour: 10, perDay: 20 } }],
      owner: `bench-${++runs}`,
      bus,
      store: Pglite.layer({ dataDir: Option.none() }),
      onProgress: () =>
        Effect.sync(() => {
          begun ??= process.cpuUsage()
        }),
    })
    const { system, user } = process.cpuUsage(begun)
    if (opportunities.length !== LOOPS || sent === 0) {
      return yield* Effect.fail(new Error(`${opportunities.length} opportunities in ${LOOPS} loops, ${sent} messages`))
    }
    const sample: Sample = {
      ticksPerS: ticks / playedMs * 1_000,
      ticksPerCoreS: ticks / (user + system) * 1e6,
      ndjsonMBps: ticks * workload.ndjsonBytes / playedMs / 1_000,
      wholeS: (performance.now() - before) / 1_000,
    }
    return sample
  }).pipe(Effect.provide([NodeServices.layer, RecordingFiles.layer]))

const control = (path: string) =>
  Effect.promise(async () => {
    const before = performance.now()
    const ticks = await plain(path)
    const seconds = (performance.now() - before) / 1_000
    return { ticksPerS: ticks / seconds, wholeS: seconds }
  })

const benchmark = (
  name: string,
  about: string,
  ticksPerS: number,
  bus: Effect.Effect<Layer.Layer<Bus, BusError>, unknown, Scope.Scope>,
): Benchmark => ({
  name,
  about,
  control: "JSON.parse of every line and a comparison of best prices in floats",
  compared: "ticksPerS",
  targets: [{ figure: "ticksPerS", atLeast: ticksPerS }],
  prepare: Effect.gen(function* () {
    const workload = yield* load
    const path = yield* recordingOf(workload, LOOPS)
    const layer = yield* bus
    return { ours: ours(path, workload, layer), control: control(path) }
  }),
})

export const replaySpeed: ReadonlyArray<Benchmark> = [
  benchmark(
    "replay-full-speed",
    "a recording through the whole path of replay, in process",
    300_000,
    Effect.succeed(EmbeddedBus.layer({ whenFull: "wait_for_readers" })),
  ),
  benchmark(
    "replay-full-speed-jetstream",
    "a recording through the whole path of replay, through JetStream",
    200_000,
    Effect.map(ownServer, freshBus),
  ),
]
