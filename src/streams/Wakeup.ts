/**
 * Wakeup: loops over rows that are woken by a notice, by the time something is due, or by a slow poll.
 *
 * In: a round of work that says whether it found anything. Out: nothing; it goes on for ever. Promises: while a round
 * finds work the next follows at once; a lost notice costs at most the poll's second; a failing Store is waited for with
 * capped back-off, told once a failure.
 */
import { Clock, Duration, Effect, Option, Queue, Schedule } from "effect"
import { Store, type StoreError } from "../layers/Store.ts"

const POLL_MS = 1_000
/** Never a hot loop, whatever the table says. By the wall's time: a replay's may stand still just then. */
const leastWait = Effect.provideService(Effect.sleep("5 millis"), Clock.Clock, Clock.Clock.defaultValue())
const again: Schedule.Schedule<Duration.Duration> = Schedule.min([
  Schedule.exponential("100 millis"),
  Schedule.spaced("2 seconds"),
])

export interface WakeupOptions<R> {
  readonly channel: string
  /** For people, in logs. */
  readonly name: string
  readonly round: Effect.Effect<boolean, StoreError, R>
  readonly nextDueAt: (nowMs: number) => Effect.Effect<Option.Option<number>, StoreError, R>
}

/** Reads the clock as it falls asleep: it may have been set forward while the table was asked. */
const untilDue = (next: Option.Option<number>): Effect.Effect<void> =>
  Effect.clockWith((clock) => {
    const nowMs = clock.currentTimeMillisUnsafe()
    const waitMs = Math.min(POLL_MS, Option.getOrElse(next, () => Infinity) - nowMs)
    return waitMs > 0 ? clock.sleep(Duration.millis(waitMs)) : leastWait
  })

export const dueOrTold = <R>(options: WakeupOptions<R>): Effect.Effect<never, never, R | Store> =>
  Effect.scoped(Effect.gen(function* () {
    const store = yield* Store
    const notices = yield* store.listen(options.channel)
    while (true) {
      if (yield* options.round) continue
      const nowMs = yield* Clock.currentTimeMillis
      const next = yield* options.nextDueAt(nowMs)
      yield* Effect.raceFirst(Queue.take(notices), untilDue(next))
      yield* Queue.clear(notices)
    }
  })).pipe(
    Effect.tapError((error) => Effect.logWarning(`${options.name} waits for the store`, error._tag, String(error))),
    Effect.retry(again),
    Effect.orDie,
  )
