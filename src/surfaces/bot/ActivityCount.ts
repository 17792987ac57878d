/**
 * Counting and telling what people do in their sessions, beside what they wait for.
 *
 * In: each interaction of somebody with a session. Out: rows of session analytics and facts `action.taken`, every 10 s
 * and at the end. Promises: neither costs an interaction a statement; a kill loses the last 10 s, never more; while the
 * store is away at most `CAPACITY` counts and as many actions are held, further ones are dropped and counted as such; of
 * somebody who was erased meanwhile the fact names nobody.
 */
import { Clock, Context, Effect, Layer, Metric } from "effect"
import type { ActionTaken } from "../../domain/Fact.ts"
import type { DenialReason } from "../../domain/Permission.ts"
import type { Session } from "../../domain/Session.ts"
import * as Subject from "../../domain/Subject.ts"
import { type NewFact, Outbox } from "../../layers/Outbox.ts"
import { type CountedActivity, SessionAnalytics } from "../../layers/SessionAnalytics.ts"

const EVERY = "10 seconds"
const CAPACITY = 50_000
const BATCH = 1_000
const LONGEST = 60

const dropped = Metric.counter("session_activity_dropped_total", {
  description: "Activities not counted or not told because too many waited to be stored",
})

/** Default: nothing is counted. */
export const ActivityCount = Context.Reference<{
  /** `denied`: why they were kept from it; null: they were not. */
  readonly count: (
    session: Session,
    activity: string,
    denied: DenialReason | null,
    nowMs: number,
  ) => Effect.Effect<void>
}>("arbedge/bot/ActivityCount", { defaultValue: () => ({ count: () => Effect.void }) })

const dayOf = (nowMs: number): string => new Date(nowMs).toISOString().slice(0, 10)

const ACTION_TAKEN = Subject.fact("action", "taken")

const factOf = (userId: string, action: string, denied: DenialReason | null, at: number): NewFact => {
  const payload: Omit<ActionTaken, "person"> = { v: 1, at, action, success: denied === null, error: denied }
  return { subject: ACTION_TAKEN, payload, person: { userId } }
}

export const layer: Layer.Layer<never, never, SessionAnalytics | Outbox> = Layer.effect(
  ActivityCount,
  Effect.gen(function* () {
    const analytics = yield* SessionAnalytics
    const outbox = yield* Outbox
    const waiting = new Map<string, CountedActivity>()
    /** Oldest first. */
    const untold: Array<NewFact> = []

    const add = (counted: CountedActivity): boolean => {
      const key = `${counted.sessionId} ${counted.day} ${counted.activity}`
      const before = waiting.get(key)
      if (before === undefined && waiting.size >= CAPACITY) return false
      waiting.set(key, { ...counted, times: (before?.times ?? 0) + counted.times })
      return true
    }

    const remember = (fact: NewFact): boolean => {
      if (untold.length >= CAPACITY) return false
      untold.push(fact)
      return true
    }

    /** What could not be appended stays, before what came meanwhile. */
    const tell = Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      while (untold.length > 0) {
        const batch = untold.slice(0, BATCH)
        // Told and forgotten at once, or the end of the process might tell it again.
        yield* Effect.uninterruptible(
          Effect.andThen(outbox.append(batch, nowMs), Effect.sync(() => untold.splice(0, batch.length))),
        )
      }
    }).pipe(Effect.catch((error) => Effect.logWarning("actions wait to be told", error.message)))

    /** What could not be stored is added to what came meanwhile. */
    const count = Effect.gen(function* () {
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

    const store = Effect.andThen(count, tell)
    yield* Effect.addFinalizer(() => store)
    yield* Effect.forkScoped(Effect.forever(Effect.delay(store, EVERY)))
    return {
      count: ({ sessionId, userId }, said, denied, nowMs) =>
        Effect.suspend(() => {
          const activity = said.slice(0, LONGEST)
          const isCounted = add({ sessionId, userId, day: dayOf(nowMs), activity, times: 1 })
          const isTold = remember(factOf(userId, activity, denied, nowMs))
          return isCounted && isTold ? Effect.void : Metric.update(dropped, 1)
        }),
    }
  }),
)
