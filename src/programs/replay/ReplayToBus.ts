/**
 * Replay to the bus: a recording's ticks as durable frames, for services that run elsewhere.
 *
 * In: a recording and a speed. Out: frames on `md.frame.<p>` with the recording's own times, marked as recorded, so that
 * whoever works on them lives in the recording's time. Promises: nothing is lost while the broker's absence fits 64 MB.
 */
import { Effect, Layer, Stream } from "effect"
import * as PacedClock from "../../layers/clock/PacedClock.ts"
import { type BadLine, Recording } from "../../layers/Recording.ts"
import { Ingest } from "../../streams/Ingest.ts"
import { ensureStreams } from "../../streams/Topology.ts"
import { atItsTime, startOf, startPace } from "./Feeding.ts"

export interface ReplayToBusOptions {
  readonly path: string
  readonly speed: number | "max"
  readonly owner: string
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}

export const replayToBus = Effect.fn("ReplayToBus.replayToBus")(function* (options: ReplayToBusOptions) {
  const { owner, path, speed } = options
  yield* ensureStreams
  const startMs = yield* startOf(path)
  const ingest = Ingest.layer({ writer: `${owner}.0`, source: "recorded", live: true, venues: true })
  const clock = speed === "max" ? Layer.empty : PacedClock.layer(startMs, speed)
  const feed = Effect.gen(function* () {
    const recording = yield* Recording, stage = yield* Ingest
    const bad: Array<BadLine> = []
    let ticks = 0
    yield* startPace
    yield* recording.read(path).pipe(Stream.runForEach((batch) =>
      Effect.gen(function* () {
        bad.push(...batch.bad)
        yield* speed === "max" ? stage.ticks(batch.ticks) : atItsTime(batch.ticks)
        ticks += batch.ticks.length
        yield* options.onProgress(batch.progress, ticks)
      })
    ))
    yield* stage.drain
    return { ticks, bad }
  })
  return yield* feed.pipe(Effect.provide(Layer.provideMerge(ingest, clock)))
})
