/**
 * One writer for the session extensions of a process: what arrives while it writes goes into its next statement.
 *
 * In: one session at a time from many actors, just seen. Out: the session as its row is now, or null where its writer
 * was fenced. Promises: the row is written when it returns. 4,096 wait at most; whoever comes then waits for room. A
 * statement takes up to 256 rows, so the cost of one is shared by all who came meanwhile instead of queued for.
 */
import { Clock, Deferred, Effect, Metric, Queue, type Scope } from "effect"
import type { Session } from "../domain/Session.ts"
import { SessionExtensions } from "../layers/SessionExtensions.ts"
import type { StoreError } from "../layers/Store.ts"

const CAPACITY = 4_096
const BATCH = 256

const batchSizes = Metric.histogram("session_extension_batch_rows", {
  description: "Session extensions written in one statement",
  boundaries: [1, 2, 4, 8, 16, 32, 64, 128, 256],
})

interface Waiting {
  readonly session: Session
  readonly written: Deferred.Deferred<Session | null, StoreError>
}

/** `ttlMs`: how long a session lasts from its user's last interaction. */
export const makeExtensionWriter = Effect.fnUntraced(function* (
  ttlMs: number,
): Effect.fn.Return<
  (session: Session) => Effect.Effect<Session | null, StoreError>,
  never,
  SessionExtensions | Scope.Scope
> {
  const { extendAll } = yield* SessionExtensions
  const queue = yield* Queue.bounded<Waiting>(CAPACITY)

  const write = Effect.fnUntraced(function* (batch: ReadonlyArray<Waiting>) {
    const nowMs = yield* Clock.currentTimeMillis
    const expiresAt = nowMs + ttlMs
    yield* Metric.update(batchSizes, batch.length)
    const exit = yield* Effect.exit(extendAll({ sessions: batch.map(({ session }) => session), nowMs, expiresAt }))
    for (const { session, written } of batch) {
      if (exit._tag === "Failure") Deferred.doneUnsafe(written, Effect.failCause(exit.cause))
      else {
        const extended = { ...session, lastActivityAt: nowMs, expiresAt }
        Deferred.doneUnsafe(written, Effect.succeed(exit.value.has(session.sessionId) ? extended : null))
      }
    }
  })

  yield* Effect.forkScoped(Effect.forever(Effect.flatMap(Queue.takeBetween(queue, 1, BATCH), write)))

  return Effect.fnUntraced(function* (session: Session) {
    const written = yield* Deferred.make<Session | null, StoreError>()
    yield* Queue.offer(queue, { session, written })
    return yield* Deferred.await(written)
  })
})
