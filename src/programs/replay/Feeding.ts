/**
 * Feeding: recorded ticks into Ingest, each when the clock reaches its time.
 *
 * In: batches of a recording, in order. Out: the same, handed to the stage of Ingest. Promises: no tick comes early by the
 * clock that is provided, and none is dropped; what is due together goes together.
 */
import { Clock, Duration, Effect, Option, Stream } from "effect"
import type { Tick } from "../../domain/Tick.ts"
import { Pace } from "../../layers/clock/PacedClock.ts"
import { Recording } from "../../layers/Recording.ts"
import { Ingest } from "../../streams/Ingest.ts"

/** Ingest time of the first tick, ms; 0 for a recording without ticks. */
export const startOf = Effect.fnUntraced(function* (path: string) {
  const recording = yield* Recording
  const first = yield* recording.read(path).pipe(Stream.filter((batch) => batch.ticks.length > 0), Stream.runHead)
  return Option.match(first, { onNone: () => 0, onSome: (batch) => batch.ticks[0]?.ingestTime ?? 0 })
})

/** Lets a paced clock go; there may be none. */
export const startPace: Effect.Effect<void> = Effect.flatMap(
  Effect.serviceOption(Pace),
  Option.match({ onNone: () => Effect.void, onSome: ({ start }) => start }),
)

/** Hands over what is due, sleeps until the next is. */
export const atItsTime = Effect.fnUntraced(function* (batch: ReadonlyArray<Tick>) {
  const ingest = yield* Ingest
  for (let from = 0; from < batch.length;) {
    const nowMs = yield* Clock.currentTimeMillis
    let to = from
    while (to < batch.length && (batch[to]?.ingestTime ?? 0) <= nowMs) to++
    if (to > from) yield* ingest.ticks(batch.slice(from, to))
    else yield* Effect.sleep(Duration.millis((batch[from]?.ingestTime ?? nowMs) - nowMs))
    from = to
  }
})
