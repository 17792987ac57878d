/**
 * Counting what people do in their sessions, beside what they wait for.
 *
 * In: each admitted interaction. Out: rows of session analytics, every 10 s and at the end. Promises: counting costs an
 * interaction no statement; a kill loses the last 10 s of counts, never more; while the store is away at most
 * `CAPACITY` different counts are held, further ones are dropped and counted as such.
 */
import { Context, Effect, Layer, Metric } from "effect"
import type { Session } from "../../domain/Session.ts"
import { type CountedActivity, SessionAnalytics } from "../../layers/SessionAnalytics.ts"

const EVERY = "10 seconds"
const CAPACITY = 50_000
const BATCH = 1_000
const LONGEST = 60

const dropped = Metric.counter("session_activity_dropped_total", {
  description: "Activities not counted because too many waited to be stored",
})

/** Default: nothing is counted. */
export const ActivityCount = Context.Reference<{
  readonly count: (session: Session, activity: string, nowMs: number) => Effect.Effect<void>
}>("arbedge/bot/ActivityCount", { defaultValue: () => ({ count: () => Effect.void }) })

const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10)

export const layer: Layer.Layer<never, never, SessionAnalytics> = Layer.effect(
  ActivityCount,
  Effect.gen(function* () {
    const analytics = yield* SessionAnalytics
    const waiting = new Map<string, CountedActivity>()

    const add = (counted: CountedActivity): boolean => {
      const key = `${counted.sessionId} ${counted.day} ${counted.activity}`
      const before = waiting.get(key)
      if (before === undefined && waiting.size >= CAPACITY) return false
      waiting.set(key, { ...counted, times: (before?.times ?? 0) + counted.times })
      return true
    }

    /** What could not be stored is added to what came meanwhile. */
    const store = Effect.gen(function* () {
      const all = [...waiting.values()]
      waiting.clear()
      for (let at = 0; at < all.length; at += BATCH) {
        yield* analytics.count(all.slice(at, at + BATCH)).pipe(
          Effect.catch((error) =>
            Effect.andThen(
              Effect.logWarning("activities wait to be counted", error.message),
              Effect.sync(() => all.slice(at, at + BATCH).forEach(add)),
            )
          ),
        )
      }
    })

    yield* Effect.addFinalizer(() => store)
    yield* Effect.forkScoped(Effect.forever(Effect.delay(store, EVERY)))
    return {
      count: ({ sessionId, userId }, activity, nowMs) =>
        Effect.suspend(() => {
          const counted = { sessionId, userId, day: dayOf(nowMs), activity: activity.slice(0, LONGEST), times: 1 }
          return add(counted) ? Effect.void : Metric.update(dropped, 1)
        }),
    }
  }),
)
