/**
 * One writer for the session extensions of a process: what arrives while it writes goes into its next statement.
 *
 * In: one extension at a time from many actors. Out: the row as written, or null where the writer of it was fenced.
 * Promises: an extension is committed when it returns. 4,096 wait at most; whoever comes then waits for room. Two
 * statements are under way at most, each of up to 256 rows, so that a commit's latency is shared instead of queued for.
 */
import { Deferred, Effect, Metric, Queue, type Scope } from "effect"
import type { Session } from "../domain/Session.ts"
import { type SessionExtension, SessionExtensions } from "../layers/SessionExtensions.ts"
import type { StoreError } from "../layers/Store.ts"

const CAPACITY = 4_096
const BATCH = 256
const WRITERS = 2

const batchSizes = Metric.histogram("session_extension_batch_rows", {
  description: "Session extensions written in one statement",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})

interface Waiting {
  readonly extension: SessionExtension
  readonly written: Deferred.Deferred<Session | null, StoreError>
}

export const makeExtensionWriter: Effect.Effect<
  (extension: SessionExtension) => Effect.Effect<Session | null, StoreError>,
  never,
  SessionExtensions | Scope.Scope
> = Effect.gen(function* () {
  const { extendAll } = yield* SessionExtensions
  const queue = yield* Queue.bounded<Waiting>(CAPACITY)

  const write = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>) {
    yield* Metric.update(batchSizes, batch.length)
    yield* extendAll(batch.map((waiting) => waiting.extension)).pipe(
      Effect.matchCauseEffect({
        onSuccess: (rows) =>
          Effect.forEach(
            batch,
            ({ extension, written }) => Deferred.succeed(written, rows.get(extension.sessionId) ?? null),
            { discard: true },
          ),
        onFailure: (cause) =>
          Effect.forEach(batch, ({ written }) => Deferred.failCause(written, cause), { discard: true }),
      }),
    )
  })

  for (let writer = 0; writer < WRITERS; writer++) {
    yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.takeBetween(queue, 1, BATCH), write)))
  }

  return Effect.fnUntraced(function* (extension: SessionExtension) {
    const written = yield* Deferred.make<Session | null, StoreError>()
    yield* Queue.offer(queue, { extension, written })
    return yield* Deferred.await(written)
  })
})
