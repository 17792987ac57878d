/**
 * Record: market data into a recording, normalised ticks or raw frames.
 *
 * In: a source, how its batches become lines, a path, how long. Out: the file or its parts, and what is in them, counted
 * at the source and at the file. Promises: however it ends (the source, the time, an interruption, a failure of the
 * source) the file is completed and gets its name; only a kill leaves the part it was in as `.partial`, which can be read
 * up to its last whole line.
 */
import { Cause, Clock, Deferred, Duration, Effect, Exit, Fiber, Option, Stream } from "effect"
import { Recording, type RecordingError, type Rotation, type Written } from "../layers/Recording.ts"

/** How a source's batches become lines. */
export interface Tally<B, A> {
  readonly take: (batch: B) => ReadonlyArray<string>
  /** What was held back, once the source has ended. */
  readonly rest: Effect.Effect<ReadonlyArray<string>>
  /** Of batches so far, for people who wait. */
  readonly taken: () => number
  readonly recorded: (written: Written, interrupted: boolean) => A
}

export interface RecordOptions<B, A, E, R> {
  readonly path: string
  readonly rotation: Option.Option<Rotation>
  readonly source: Stream.Stream<B, E, R>
  readonly tally: Tally<B, A>
  /** Share of what there is, 0 to 1; null: it has no end. */
  readonly shareOf: (batch: B) => number | null
  /** None: until the source ends, or for ever. */
  readonly duration: Option.Option<Duration.Duration>
  readonly onProgress: (share: number | null, taken: number) => Effect.Effect<void>
  /** Runs once the file is complete, also after an interruption. */
  readonly onDone: (recorded: A) => Effect.Effect<void>
}

export const record = Effect.fn("Record.record")(function* <B, A, E, R>(
  options: RecordOptions<B, A, E, R>,
): Effect.fn.Return<A, E | RecordingError, Recording | R> {
  const { tally } = options
  const recording = yield* Recording
  const context = yield* Effect.context<R>()
  const stop = yield* Deferred.make<void>()
  let sourceEnd: Exit.Exit<void, E> = Exit.void
  const startedAt = yield* Clock.currentTimeMillis
  const lengthMs = Option.map(options.duration, (duration) => Math.max(1, Duration.toMillis(duration)))

  const progress = (share: number | null) =>
    Effect.flatMap(Clock.currentTimeMillis, (nowMs) => {
      const timed = Option.match(lengthMs, { onNone: () => share, onSome: (length) => (nowMs - startedAt) / length })
      return options.onProgress(timed, tally.taken())
    })

  const lines = options.source.pipe(
    Stream.interruptWhen(Deferred.await(stop)),
    Stream.mapEffect((batch) => Effect.as(progress(options.shareOf(batch)), batch)),
    Stream.map((batch) => tally.take(batch)),
    // The file is completed with what there is; the failure is told after that.
    Stream.catchCause((cause) => {
      sourceEnd = Exit.failCause(cause)
      return Stream.empty
    }),
    Stream.concat(Stream.fromEffect(tally.rest)),
    Stream.provideContext(context),
  )

  return yield* Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const rotation = Option.getOrUndefined(options.rotation)
      const writing = yield* Effect.forkChild(recording.write(options.path, lines, rotation))
      const timeUp = Option.match(options.duration, { onNone: () => Effect.never, onSome: Effect.sleep })
      const waited = yield* Effect.exit(restore(Effect.raceFirst(Effect.asVoid(Fiber.await(writing)), timeUp)))
      yield* Deferred.succeed(stop, undefined)
      const written = yield* Fiber.join(writing)
      const recorded = tally.recorded(written, Exit.isFailure(waited) && Cause.hasInterrupts(waited.cause))
      yield* options.onDone(recorded)
      yield* sourceEnd
      return recorded
    })
  )
})
