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

export const TTL_MS = 3_000
export const RENEW_EVERY = Duration.seconds(1)
/** Before the lease ends: what is under way must have stopped by then. */
const SAFETY_MS = 500
const PAUSE = Duration.millis(250)

/** All processes share one wall clock; a replay's or a recording's time is its own. */
export const inWallTime = Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())

const acquire = (name: string, owner: string) =>
  Effect.gen(function* () {
    const leases = yield* Leases
    return yield* leases.acquire({ name, owner, nowMs: yield* Clock.currentTimeMillis, ttlMs: TTL_MS })
  }).pipe(inWallTime)

/** What ends a term: the lease was taken, or nobody can say whether it is still held. */
export type Lost = StoreError | Fenced | Cause.TimeoutError

/** Does `renew` again and again until it fails, or could not be done before `expiresAt`: work ends before its lease does. */
export const keeping = <R>(
  renew: (nowMs: number) => Effect.Effect<unknown, StoreError | Fenced, R>,
  expiresAt: () => number,
): Effect.Effect<never, Lost, R> =>
  Effect.gen(function* () {
    yield* Effect.sleep(RENEW_EVERY)
    const leftMs = expiresAt() - SAFETY_MS - (yield* Clock.currentTimeMillis)
    yield* Effect.flatMap(Clock.currentTimeMillis, renew).pipe(
      Effect.retry({ while: (error) => error.retryable, schedule: Schedule.spaced(PAUSE) }),
      Effect.timeout(Duration.millis(Math.max(leftMs, 0))),
    )
  }).pipe(inWallTime, Effect.forever)

const keep = (lease: Lease): Effect.Effect<never, Lost, Leases> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    let held = lease
    const renew = (nowMs: number) =>
      Effect.map(leases.renew(held, nowMs, TTL_MS), (renewed) => {
        held = renewed
      })
    return yield* keeping(renew, () => held.expiresAt)
  })

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
  return forEver(options.name, term)
}

/** Whatever ends a term is told, and a new one begins. */
export const forEver = <E extends { readonly _tag: string; readonly message: string }, R>(
  name: string,
  term: Effect.Effect<unknown, E, R>,
): Effect.Effect<never, never, R> =>
  term.pipe(
    Effect.tapError((error) => Effect.logWarning(`${name} stands still`, error._tag, error.message)),
    Effect.ignore,
    Effect.andThen(inWallTime(Effect.sleep(PAUSE))),
    Effect.forever,
  )
