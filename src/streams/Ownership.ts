/**
 * Ownership: work that one process does at a time, such as the analysis or the relay.
 *
 *   standby --lease acquired--> working --lease lost, not renewed in time, or the work failed--> standby (after a pause)
 *
 * In: a lease's name and the work. Out: nothing; it goes on for ever. Promises: the work is interrupted at once when the
 * lease is lost, and half a second before it ends when the store does not answer; a killed owner is followed within 3 s;
 * what a frozen former owner still writes is fenced by epochs. Leases run in the wall's time, whatever time it is here.
 */
import { type Cause, Clock, Duration, Effect, Fiber, Option, Schedule } from "effect"
import { type Lease, Leases } from "../layers/Leases.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"

const TTL_MS = 3_000
const RENEW_EVERY = Duration.seconds(1)
/** Before the lease ends: what is under way must have stopped by then. */
const SAFETY_MS = 500
const PAUSE = Duration.millis(250)

/** All processes share one wall clock; a replay's or a recording's time is its own. */
const inWallTime = Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())

const acquire = (name: string, owner: string) =>
  Effect.gen(function* () {
    const leases = yield* Leases
    return yield* leases.acquire({ name, owner, nowMs: yield* Clock.currentTimeMillis, ttlMs: TTL_MS })
  }).pipe(inWallTime)

/** Prolongs the lease until it is lost, or can no longer be known to be held: the work ends before its lease does. */
const keep = (lease: Lease): Effect.Effect<never, StoreError | Fenced | Cause.TimeoutError, Leases> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    const renew = (held: Lease) => Effect.flatMap(Clock.currentTimeMillis, (nowMs) => leases.renew(held, nowMs, TTL_MS))
    let held = lease
    while (true) {
      yield* Effect.sleep(RENEW_EVERY)
      const leftMs = held.expiresAt - SAFETY_MS - (yield* Clock.currentTimeMillis)
      held = yield* renew(held).pipe(
        Effect.retry({ while: (error) => error.retryable, schedule: Schedule.spaced(PAUSE) }),
        Effect.timeout(Duration.millis(Math.max(leftMs, 0))),
      )
    }
  }).pipe(inWallTime)

const giveUp = (lease: Lease) =>
  Effect.gen(function* () {
    const leases = yield* Leases
    yield* leases.release(lease, yield* Clock.currentTimeMillis)
  }).pipe(Effect.ignore, inWallTime)

/** `owner` is unique for each process. */
export const whileOwner = <A, E extends { readonly _tag: string; readonly message: string }, R>(
  options: { readonly name: string; readonly owner: string },
  work: Effect.Effect<A, E, R>,
): Effect.Effect<never, never, R | Leases> => {
  const term = Effect.gen(function* () {
    const lease = yield* acquire(options.name, options.owner).pipe(
      Effect.repeat({ until: Option.isSome, schedule: Schedule.spaced(RENEW_EVERY) }),
      inWallTime,
    )
    if (Option.isNone(lease)) return
    yield* Effect.acquireUseRelease(
      Effect.succeed(lease.value),
      (held) =>
        Effect.gen(function* () {
          const keeping = yield* Effect.forkChild(keep(held))
          yield* Effect.raceFirst(work, Fiber.join(keeping))
        }),
      giveUp,
    )
  })
  return term.pipe(
    Effect.tapError((error) => Effect.logWarning(`${options.name} stands still`, error._tag, error.message)),
    Effect.ignore,
    Effect.andThen(inWallTime(Effect.sleep(PAUSE))),
    Effect.forever,
  )
}
