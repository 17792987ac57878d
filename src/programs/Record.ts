/**
 * Record: market data into a recording that `replay`, `detect` and `edges` read.
 *
 * In: a source of ticks, a path, how long. Out: the file, ordered by ingest time, and what is in it. Promises: however it
 * ends (the source, the time, an interruption, a failure of the source) the file is completed and gets its name; only a
 * kill leaves none, and then a `.partial` beside it.
 */
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Option, Stream } from "effect"
import * as TickCodec from "../domain/TickCodec.ts"
import type { BadTickReason } from "../domain/Tick.ts"
import { Recording, type RecordingError } from "../layers/Recording.ts"
import { Ordering } from "./record/Ordering.ts"
import type { SourceBatch } from "./record/Sources.ts"

export interface Recorded {
  readonly ticks: number
  /** Of the ticks, those of simulated markets. */
  readonly simulated: number
  /** What was refused, by reason; `time_backwards`: too late to stand in its place. */
  readonly bad: Readonly<Partial<Record<BadTickReason, number>>>
  /** Integer ms; null: nothing was recorded. */
  readonly firstAt: number | null
  readonly lastAt: number | null
  readonly interrupted: boolean
}

export interface RecordOptions<E, R> {
  readonly path: string
  readonly source: Stream.Stream<SourceBatch, E, R>
  /** How many ticks of the source may come before one that belongs ahead of them. */
  readonly disorderTicks: number
  /** None: until the source ends, or for ever. */
  readonly duration: Option.Option<Duration.Duration>
  readonly onProgress: (share: number | null, ticks: number) => Effect.Effect<void>
  /** Runs once the file is complete, also after an interruption. */
  readonly onDone: (recorded: Recorded) => Effect.Effect<void>
}

/** What was written so far. */
class Tally {
  readonly ordering: Ordering
  readonly bad = new Map<BadTickReason, number>()
  ticks = 0
  /** Written or still held. */
  taken = 0
  simulated = 0
  firstAt: number | null = null
  lastAt: number | null = null

  constructor(disorderTicks: number) {
    this.ordering = new Ordering(disorderTicks)
  }

  lines(ready: ReturnType<Ordering["push"]>): ReadonlyArray<string> {
    this.ticks += ready.length
    this.firstAt ??= ready[0]?.ingestTime ?? null
    this.lastAt = ready.at(-1)?.ingestTime ?? this.lastAt
    return ready.map(TickCodec.toLine)
  }

  take(batch: SourceBatch): ReadonlyArray<string> {
    for (const reason of batch.bad) this.bad.set(reason, (this.bad.get(reason) ?? 0) + 1)
    this.simulated += batch.simulated
    this.taken += batch.ticks.length
    return this.lines(this.ordering.push(batch.ticks))
  }

  recorded(interrupted: boolean): Recorded {
    const { firstAt, lastAt, ordering: { late }, simulated, ticks } = this
    const backwards = (this.bad.get("time_backwards") ?? 0) + late
    const bad = { ...Object.fromEntries(this.bad), ...backwards === 0 ? {} : { time_backwards: backwards } }
    return { ticks, simulated, bad, firstAt, lastAt, interrupted }
  }
}

export const record = Effect.fn("Record.record")(function* <E, R>(
  options: RecordOptions<E, R>,
): Effect.fn.Return<Recorded, E | RecordingError, Recording | R> {
  const recording = yield* Recording
  const context = yield* Effect.context<R>()
  const stop = yield* Deferred.make<void>()
  let sourceEnd: Exit.Exit<void, E> = Exit.void
  const tally = new Tally(options.disorderTicks)
  const startedAt = yield* Clock.currentTimeMillis
  const lengthMs = Option.map(options.duration, (duration) => Math.max(1, Duration.toMillis(duration)))

  const progress = (share: number | null) =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
      const timed = Option.match(lengthMs, { onNone: () => share, onSome: (length) => (nowMs - startedAt) / length })
      return options.onProgress(timed, tally.taken)
    })

  const lines = options.source.pipe(
    Stream.interruptWhen(Deferred.await(stop)),
    Stream.mapEffect((batch) => Effect.as(progress(batch.share), batch)),
    Stream.map((batch) => tally.take(batch)),
    // The file is completed with what there is; the failure is told after that.
    Stream.catchCause((cause) => {
      sourceEnd = Exit.failCause(cause)
      return Stream.empty
    }),
    Stream.concat(Stream.sync(() => tally.lines(tally.ordering.flush()))),
    Stream.filter((ready) => ready.length > 0),
    Stream.provideContext(context),
  )

  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const writing = yield* Effect.forkChild(recording.write(options.path, lines))
      const timeUp = Option.match(options.duration, { onNone: () => Effect.never, onSome: Effect.sleep })
      const waited = yield* Effect.exit(restore(Effect.raceFirst(Effect.asVoid(Fiber.await(writing)), timeUp)))
      yield* Deferred.succeed(stop, undefined)
      yield* Fiber.join(writing)
      const recorded = tally.recorded(Exit.isFailure(waited) && Cause.hasInterrupts(waited.cause))
      yield* options.onDone(recorded)
      yield* sourceEnd
      return recorded
    })
  )
})
