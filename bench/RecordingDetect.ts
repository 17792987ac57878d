/**
 * recording-detect: a recording file -> ticks -> Ingest (frames) -> bus -> Analysis -> transitions.
 *
 * Over the in-process bus, and through JetStream. The file is gzip, as recordings are; every pass must find the one
 * opportunity of each loop. Control: the file's lines through JSON.parse and a loop that compares each
 * quote with the last of the other venues, in floats; no frames, no bus, no Effect.
 */
import { createReadStream } from "node:fs"
import { createInterface } from "node:readline"
import { createGunzip } from "node:zlib"
import { Effect, Layer, type Scope, Stream } from "effect"
import * as Frame from "../src/domain/Frame.ts"
import { Bus, type BusError } from "../src/layers/Bus.ts"
import * as EmbeddedBus from "../src/layers/embedded/Bus.ts"
import { Recording } from "../src/layers/Recording.ts"
import * as RecordingFiles from "../src/layers/recording/RecordingFiles.ts"
import { Analysis } from "../src/streams/Analysis.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import { MARKET_DATA } from "../src/streams/Topology.ts"
import { type Done, metered } from "./Meter.ts"
import type { Benchmark } from "./Paired.ts"
import { freshBus, ownServer, withStreams } from "./Servers.ts"
import { Findings, load, recordingOf, type Workload } from "./Workload.ts"

const LOOPS = 5
const FRAMES_AHEAD = 1_024
/** Read and not yet analysed at most: beyond it the reader waits. */
const WINDOW = 262_144

const ours = (path: string, workload: Workload) =>
  Effect.gen(function* () {
    const bus = yield* Bus, ingest = yield* Ingest, recording = yield* Recording
    const analysis = new Analysis(workload.config), findings = new Findings()
    let fed = 0, analysed = 0, wireBytes = 0
    const reading = recording.read(path).pipe(
      Stream.runForEach(({ ticks }) =>
        Effect.gen(function* () {
          fed += ticks.length
          yield* ingest.ticks(ticks)
          while (fed - analysed > WINDOW) yield* Effect.yieldNow
        })
      ),
      Effect.andThen(ingest.drain),
    )
    const caughtUp = Effect.gen(function* () {
      while (analysed < fed) yield* Effect.yieldNow
    })
    const analysing = bus.consume({
      stream: MARKET_DATA.name,
      subjects: [],
      start: { _tag: "First" },
      capacity: FRAMES_AHEAD,
    }).pipe(
      Stream.runForEach((messages) =>
        Effect.sync(() => {
          for (const { data, sequence } of messages) {
            const frames = Frame.decode(data)
            if ("_tag" in frames) throw new Error(frames.detail)
            findings.take(analysis.frames(frames, sequence))
            for (const frame of frames) analysed += frame.s.length
            wireBytes += data.byteLength
          }
        })
      ),
    )
    // The last frame may have come before the reader knew that it was the last.
    yield* Effect.raceFirst(Effect.andThen(reading, caughtUp), analysing)
    findings.take(analysis.finish())
    findings.expect(LOOPS)
    return { ticks: LOOPS * workload.ticks.length, wireBytes } satisfies Done
  })

interface Line {
  readonly kind: string
  readonly venue: string
  readonly bid: string
  readonly ask: string
}

/** Out: lines read. The edges are added up so that no runtime can leave the comparison out. */
export const plain = async (path: string): Promise<number> => {
  const best = new Map<string, { bid: number; ask: number }>()
  let lines = 0, above = 0
  for await (const text of createInterface({ input: createReadStream(path).pipe(createGunzip()) })) {
    lines++
    const line: Line = JSON.parse(text)
    if (line.kind !== "quote") continue
    const bid = Number(line.bid), ask = Number(line.ask)
    best.set(line.venue, { bid, ask })
    for (const [venue, other] of best) {
      if (venue !== line.venue && (bid > other.ask * 1.001 || other.bid > ask * 1.001)) above++
    }
  }
  return above < 0 ? 0 : lines
}

const benchmark = (
  name: string,
  about: string,
  ticksPerS: number,
  bus: Effect.Effect<{ readonly layer: Layer.Layer<Bus, BusError>; readonly server?: number }, unknown, Scope.Scope>,
): Benchmark => ({
  name,
  about,
  control: "JSON.parse of every line and a comparison of best prices in floats",
  compared: "ticksPerS",
  targets: [{ figure: "ticksPerS", atLeast: ticksPerS }],
  prepare: Effect.gen(function* () {
    const workload = yield* load
    const path = yield* recordingOf(workload, LOOPS)
    const { layer, server } = yield* bus
    const meter = { ndjsonBytes: workload.ndjsonBytes, ...(server === undefined ? {} : { server }) }
    const ingest = Ingest.layer({ writer: "bench.1", source: "recorded", live: false })
    const live = Layer.mergeAll(Layer.provideMerge(ingest, layer), RecordingFiles.layer)
    return {
      ours: metered(ours(path, workload), meter).pipe(Effect.provide(live, { local: true })),
      control: metered(Effect.map(Effect.promise(() => plain(path)), (ticks) => ({ ticks, wireBytes: 0 })), meter),
    }
  }),
})

export const recordingDetect: ReadonlyArray<Benchmark> = [
  benchmark(
    "recording-detect",
    "recording -> ticks -> frames -> in-process bus -> opportunities",
    300_000,
    Effect.succeed({ layer: withStreams(EmbeddedBus.layer({ whenFull: "wait_for_readers" })) }),
  ),
  benchmark(
    "recording-detect-jetstream",
    "recording -> ticks -> frames -> JetStream -> opportunities",
    200_000,
    Effect.map(ownServer, (server) => ({ layer: freshBus(server), server: server.pid })),
  ),
]
