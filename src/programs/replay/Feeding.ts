/**
 * Feeding: recorded ticks into Ingest, each when the clock reaches its time, or all at once; faults strike on the way.
 *
 * In: a playlist, a fault plan, a speed. Out: the ticks, handed to the stage of Ingest, and what was met meanwhile.
 * Promises: no tick comes early by the clock that is provided, and none is dropped but by a fault of the plan; what is due
 * together goes together. Faults change what a tick says, never when it is handed over.
 */
import { Clock, Duration, Effect, Option, Stream } from "effect"
import type { FaultPlan } from "../../domain/FaultPlan.ts"
import type { Tick } from "../../domain/Tick.ts"
import { Pace } from "../../layers/clock/PacedClock.ts"
import { Ingest } from "../../streams/Ingest.ts"
import { FeedGuard } from "./FeedGuard.ts"
import type { PlayedBatch, Playlist, RefusedLine } from "./Playlist.ts"

/** How far a replay has come. */
export interface Position {
  /** Of all files, 0 to 1. */
  readonly share: number
  readonly ticks: number
  /** Recorded time since the first tick, ms; and the wall's meanwhile. */
  readonly playedMs: number
  readonly tookMs: number
}

export interface FeedOptions {
  readonly playlist: Playlist
  readonly speed: number | "max"
  readonly faults: FaultPlan
  readonly onProgress: (position: Position) => Effect.Effect<void>
}

export interface Fed {
  readonly ticks: number
  readonly bad: ReadonlyArray<RefusedLine>
  /** Ingest time of the last tick, ms; 0: there was none. */
  readonly endMs: number
  /** What the faults of the plan did to the ticks; none: there was no plan. */
  readonly faults: Option.Option<FeedGuard["report"]>
}

/** Lets a paced clock go; there may be none. */
export const startPace: Effect.Effect<void> = Effect.flatMap(
  Effect.serviceOption(Pace),
  Option.match({ onNone: () => Effect.void, onSome: ({ start }) => start }),
)

type Hand = (ticks: ReadonlyArray<Tick>) => Effect.Effect<void>

/** Hands over what is due, sleeps until the next is. */
const atItsTime = Effect.fnUntraced(function* (batch: ReadonlyArray<Tick>, hand: Hand) {
  for (let from = 0; from < batch.length;) {
    const nowMs = yield* Clock.currentTimeMillis
    let to = from
    while (to < batch.length && (batch[to]?.ingestTime ?? 0) <= nowMs) to++
    if (to > from) yield* hand(batch.slice(from, to))
    else yield* Effect.sleep(Duration.millis((batch[from]?.ingestTime ?? nowMs) - nowMs))
    from = to
  }
})

/** At full speed: whoever reads waits for the rest this often. */
const CATCH_UP_EVERY_TICKS = 65_536

/**
 * The whole playlist, until Ingest has stored it. `catchUp`: at full speed, waits until those who work on the frames are
 * not far behind; Ingest itself holds 64 MB and would then drop.
 */
export const feed = Effect.fnUntraced(function* <E, R>(
  { faults, onProgress, playlist, speed }: FeedOptions,
  catchUp: Effect.Effect<void, E, R>,
) {
  const ingest = yield* Ingest
  const guard = faults.faults.length === 0 ? null : new FeedGuard(faults)
  const hand: Hand = guard === null ? ingest.ticks : (ticks) => ingest.accept(guard.push(ticks))
  const bad: Array<RefusedLine> = []
  const wall = Clock.Clock.defaultValue(), begunMs = wall.currentTimeMillisUnsafe()
  let ticks = 0, endMs = playlist.startMs, caughtUp = 0
  const take = (batch: PlayedBatch) =>
    Effect.gen(function* () {
      bad.push(...batch.bad)
      yield* speed === "max" ? hand(batch.ticks) : atItsTime(batch.ticks, hand)
      ticks += batch.ticks.length
      endMs = batch.ticks.at(-1)?.ingestTime ?? endMs
      if (speed === "max" && ticks - caughtUp >= CATCH_UP_EVERY_TICKS) {
        caughtUp = ticks
        yield* Effect.andThen(ingest.drain, catchUp)
      }
      const tookMs = wall.currentTimeMillisUnsafe() - begunMs
      yield* onProgress({ share: batch.progress, ticks, playedMs: endMs - playlist.startMs, tookMs })
    })
  yield* startPace
  yield* Stream.runForEach(playlist.batches, take)
  if (guard !== null) yield* ingest.accept(guard.end(endMs))
  yield* ingest.drain
  const fed: Fed = { ticks, bad, endMs, faults: Option.map(Option.fromNullishOr(guard), ({ report }) => report) }
  return fed
})
