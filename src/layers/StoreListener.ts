/**
 * The one connection on which a Store hears its notices, shared by both implementations.
 *
 * In: a way to open a connection, and channels to hear. Out: a queue of notices per subscriber. A channel is heard from
 * the moment `listen` returns. When the connection is lost it is opened again (100 ms doubling to 5 s, for ever), every
 * channel is listened to anew, and each subscriber gets `Resumed`, because what was said meanwhile is gone.
 * A subscriber's queue holds 1,024 notices; when full it is emptied and holds one `Resumed`.
 * Time here is the wall's even under a test clock: a lost connection is a fact of the outside world.
 */
import { Clock, Deferred, Effect, Exit, Queue, Schedule, Scope, Semaphore } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import type { PgConnection } from "@effect/sql-pg/PgConnection"
import { type Notice, type Store, storeError } from "./Store.ts"

const capacity = 1_024

const reopening = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")])

/** An open connection, the channels it hears, and the moment it was lost. */
interface Line {
  readonly connection: PgConnection
  readonly scope: Scope.Closeable
  readonly channels: Set<string>
  readonly lost: Deferred.Deferred<void>
}

/** Opens nothing until the first `listen`; everything closes with the scope this was made in. */
export const makeListener = Effect.fn("StoreListener.make")(function* (
  open: Effect.Effect<PgConnection, SqlError, Scope.Scope>,
) {
  const home = yield* Scope.Scope
  const wall = Clock.Clock.defaultValue()
  const lock = yield* Semaphore.make(1)
  const subscribers = new Map<string, Set<Queue.Queue<Notice>>>()
  let line: Line | undefined

  const deliver = Effect.fnUntraced(function* (notice: Notice) {
    for (const queue of subscribers.get(notice.channel) ?? []) {
      if (Queue.offerUnsafe(queue, notice)) continue
      yield* Queue.clear(queue)
      Queue.offerUnsafe(queue, { _tag: "Resumed", channel: notice.channel })
    }
  })

  const attach = Effect.fnUntraced(function* (to: Line, channel: string) {
    const inbox = yield* to.connection.listen(channel).pipe(Scope.provide(to.scope))
    to.channels.add(channel)
    yield* Queue.take(inbox).pipe(
      Effect.flatMap(({ payload }) => deliver({ _tag: "Notified", channel, payload })),
      Effect.forever,
      Effect.catchCause(() => Deferred.succeed(to.lost, undefined)),
      Effect.forkIn(to.scope),
    )
  })

  const openLine: Effect.Effect<Line, SqlError> = Effect.gen(function* () {
    const scope = yield* Scope.fork(home)
    const connection = yield* Effect.flatMap(open, (raw) => raw.pin).pipe(
      Scope.provide(scope),
      Effect.provideService(Clock.Clock, wall),
      Effect.tapCause((cause) => Scope.close(scope, Exit.failCause(cause))),
    )
    const opened: Line = { connection, scope, channels: new Set(), lost: yield* Deferred.make<void>() }
    yield* Effect.forEach(subscribers.keys(), (channel) => attach(opened, channel), { discard: true }).pipe(
      Effect.tapCause((cause) => Scope.close(scope, Exit.failCause(cause))),
    )
    line = opened
    yield* Effect.forkIn(reopenWhenLost(opened), home)
    return opened
  })

  const reopenWhenLost = (dead: Line): Effect.Effect<void> =>
    Effect.gen(function* () {
      yield* Deferred.await(dead.lost)
      yield* lock.withPermits(1)(Effect.gen(function* () {
        line = undefined
        yield* Scope.close(dead.scope, Exit.void)
        yield* Effect.logWarning("The store's listening connection was lost; opening it again")
        yield* Effect.retry(openLine, reopening)
        for (const channel of subscribers.keys()) yield* deliver({ _tag: "Resumed", channel })
      }))
    }).pipe(Effect.provideService(Clock.Clock, wall), Effect.orDie)

  const hear = (channel: string): Effect.Effect<void, SqlError> =>
    lock.withPermits(1)(Effect.gen(function* () {
      const current = line ?? (yield* openLine)
      if (!current.channels.has(channel)) yield* attach(current, channel)
    }))

  const listen: Store["Service"]["listen"] = Effect.fn("Store.listen")(function* (channel: string) {
    const queue = yield* Queue.dropping<Notice>(capacity)
    const own = subscribers.get(channel) ?? new Set()
    subscribers.set(channel, own.add(queue))
    yield* Effect.addFinalizer(() => {
      own.delete(queue)
      return Queue.shutdown(queue)
    })
    yield* hear(channel).pipe(Effect.mapError(storeError("Store.listen")))
    yield* Queue.offer(queue, { _tag: "Resumed", channel })
    return queue
  })

  return listen
})
