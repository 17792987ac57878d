/**
 * Ownership: work that one process does at a time, such as the analysis or the relay.
 *
 *   standby --lease acquired--> working --lease lost, or the work failed--> standby (after a pause)
 *
 * In: a lease's name and the work. Out: nothing; it goes on for ever. Promises: the work is interrupted at once when the
 * lease is lost; a killed owner is followed within the lease's 3 s; what a former owner still writes is fenced by the
 * epochs of its own checkpoints and rows. Leases run in the wall's time, whatever time the process lives in.
 */
import { Clock, Duration, Effect, Fiber, Option, Schedule } from "effect"
import { type Lease, Leases } from "../layers/Leases.ts"
import type { Fenced, StoreError } from "../layers/Store.ts"

const TTL_MS = 3_000
const RENEW_EVERY = Duration.seconds(1)
const PAUSE = Duration.millis(250)

/** All processes share one wall clock; a replay's or a recording's time is its own. */
const inWallTime = Effect.provideService(Clock.Clock, Clock.Clock.defaultValue())

const acquire = (name: string, owner: string) =>
  Effect.gen(function* () {
    const leases = yield* Leases
    return yield* leases.acquire({ name, owner, nowMs: yield* Clock.currentTimeMillis, ttlMs: TTL_MS })
  }).pipe(inWallTime)

/** Prolongs the lease until it is lost. */
const keep = (lease: Lease): Effect.Effect<never, StoreError | Fenced, Leases> =>
  Effect.gen(function* () {
    const leases = yield* Leases
    let held = lease
    while (true) {
      yield* Effect.sleep(RENEW_EVERY)
      held = yield* leases.renew(held, yield* Clock.currentTimeMillis, TTL_MS)
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
