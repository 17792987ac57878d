/**
 * Replay to the bus: a recording's ticks as durable frames, for services that run elsewhere.
 *
 * In: a recording and a speed. Out: frames on `md.frame.<p>` with the recording's own times, marked as recorded, so that
 * whoever works on them lives in the recording's time. Promises: nothing is lost while the broker's absence fits 64 MB.
 */
import { Effect, Layer } from "effect"
import * as PacedClock from "../../layers/clock/PacedClock.ts"
import { Ingest } from "../../streams/Ingest.ts"
import { ensureStreams } from "../../streams/Topology.ts"
import { feed, type FeedOptions } from "./Feeding.ts"

export interface ReplayToBusOptions extends FeedOptions {
  readonly owner: string
}

export const replayToBus = Effect.fn("ReplayToBus.replayToBus")(function* (options: ReplayToBusOptions) {
  const { owner, playlist, speed } = options
  yield* ensureStreams
  const ingest = Ingest.layer({ writer: `${owner}.0`, source: "recorded", live: true, venues: true })
  const clock = speed === "max" ? Layer.empty : PacedClock.layer(playlist.startMs, speed)
  return yield* feed(options, Effect.void).pipe(Effect.provide(Layer.provideMerge(ingest, clock)))
})
