/**
 * The SessionAnalytics port: durations, what was done, what was received, who came back.
 *
 * In: sessions at made-up times. Out: figures counted by hand.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { SessionAnalytics } from "../../src/layers/SessionAnalytics.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { day, empty, minute, someUser, type Suite, t0 } from "./StoreWorld.ts"

const ttlMs = 7 * day
const dayOf = (ms: number) => new Date(ms).toISOString().slice(0, 10)

const startedAt = Effect.fnUntraced(function* (telegramId: string, nowMs: number) {
  const { userId } = yield* someUser(telegramId)
  const sessions = yield* Sessions
  return (yield* sessions.start({ userId, telegramId, nowMs, ttlMs })).session
})

export const storeSessionAnalytics: Suite = (it) => {
  it.effect("say how long sessions lasted, what was done and received in them, and who came back", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions, analytics = yield* SessionAnalytics, { sql } = yield* Store
      const ada = yield* startedAt("100", t0),
        ben = yield* startedAt("200", t0),
        eve = yield* startedAt("300", t0 + day)
      yield* sessions.extend({ session: ben, nowMs: t0 + 30 * minute, ttlMs })
      yield* sessions.activate("100")
      yield* sessions.terminateChat("100", t0 + 10 * minute)
      yield* sql`update user_sessions set last_activity_at = started_at + interval '10 minutes'
        where session_id = ${ada.sessionId}`
      const done = (session: typeof ada, atMs: number, activity: string, times = 1) => ({
        sessionId: session.sessionId,
        userId: session.userId,
        day: dayOf(atMs),
        activity,
        times,
      })
      yield* analytics.count([done(ada, t0, "command:keys", 2), done(ben, t0, "tap"), done(ada, t0, "command:keys")])
      yield* analytics.count([
        done(ben, t0 + day, "command:keys"),
        done(ben, t0 + 7 * day, "tap"),
        { ...done(ben, t0, "tap"), sessionId: "gone" },
      ])
      for (const [user, minutes] of [[ada, 5], [ada, 11], [ben, 20], [eve, 1]] as const) {
        yield* sql`insert into distribution_analytics (user_id, opportunity_id, distribution_type, delivered_at)
          values (${user.userId}, ${`o${minutes}`}, 'push', ${new Date(t0 + minutes * minute)})`
      }
      const whole = { sinceMs: t0, untilMs: t0 + 2 * day }
      assert.deepStrictEqual(yield* analytics.figures({ ...whole, nowMs: t0 + 2 * day }), {
        started: 3,
        active: 2,
        expired: 0,
        terminated: 1,
        durationP50Ms: 10 * minute,
        durationP95Ms: 10 * minute,
        activities: [
          { activity: "command:keys", times: 4, people: 2 },
          { activity: "tap", times: 2, people: 1 },
        ],
        // One after Ada's end, and one before Eve's start, are nobody's.
        opportunities: 2,
        retention: [
          { day: 1, people: 2, returned: 1 },
          { day: 7, people: 0, returned: 0 },
          { day: 30, people: 0, returned: 0 },
        ],
      })
      const later = yield* analytics.figures({ ...whole, nowMs: t0 + 10 * day })
      assert.deepInclude(later, { active: 0, expired: 2, terminated: 1, durationP50Ms: 10 * minute })
      assert.deepStrictEqual(later.retention, [
        { day: 1, people: 3, returned: 1 },
        { day: 7, people: 3, returned: 1 },
        { day: 30, people: 0, returned: 0 },
      ])
      const none = yield* analytics.figures({ sinceMs: t0 + 5 * day, untilMs: t0 + 6 * day, nowMs: t0 + 6 * day })
      assert.deepInclude(none, { started: 0, durationP50Ms: null, activities: [], opportunities: 0 })
    }))
}
