/** The user queue actor: rows get a time or a reason, caps hold under simultaneous wakes, the sweep finds the rest. */
import { assert } from "@effect/vitest"
import { Effect, Layer, Option, Queue } from "effect"
import { TestClock } from "effect/testing"
import { behaviour, UserQueueClient } from "../../src/actors/UserQueue.ts"
import { DEFAULT_PREFERENCES, type Preferences } from "../../src/domain/Preferences.ts"
import type { ClusterOptions } from "../../src/layers/cluster/Cluster.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, minute, queueItem, someOpportunity, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, overBothStores, processOf } from "../support/actors.ts"

/** One life of a process that hosts user queues. */
const running = <A, E, R>(
  body: (queues: UserQueueClient["Service"]) => Effect.Effect<A, E, R>,
  options: ClusterOptions = {},
) =>
  Effect.flatMap(UserQueueClient, body).pipe(
    Effect.provide(processOf(Layer.merge(behaviour, UserQueueClient.layer), options)),
  )

/** A user with a valid session, who is pushed each by itself around the clock unless they want it otherwise. */
const subscriber = Effect.fnUntraced(function* (preferences: Partial<Preferences> = {}) {
  const user = yield* someUser("100")
  yield* Users.use((users) =>
    users.setPreferences(
      user.userId,
      { ...DEFAULT_PREFERENCES, activeHoursStart: 0, activeHoursEnd: 0, batchNotifications: false, ...preferences },
      t0,
    )
  )
  yield* Sessions.use((sessions) =>
    sessions.start({ userId: user.userId, telegramId: "100", nowMs: t0, ttlMs: 7 * day })
  )
  return user.userId
})

const enqueue = (userId: string, count: number, changes: Parameters<typeof queueItem>[0] = {}, nowMs = t0) =>
  OpportunityQueue.use((queue) =>
    queue.enqueue(
      Array.from({ length: count }, (_, index) =>
        queueItem({ userId, opportunityId: `opp-${nowMs}-${index}`, scheduledAt: null, ...changes })),
      nowMs,
    )
  )

const rows = Effect.flatMap(
  Store,
  ({ sql }) =>
    sql<{ readonly status: string; readonly due: number | null; readonly why: string | null }>`select status,
    (extract(epoch from scheduled_at) * 1000)::float8 as due, error_message as why
    from opportunity_distribution_queue order by queue_id`,
)

overBothStores("A user's queue", (it) => {
  it.effect("gives what may be sent now the time now, and wakes whoever delivers", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber()
      yield* enqueue(userId, 1)
      const notices = yield* Store.use((store) => store.listen(Channel.queue))
      yield* Queue.take(notices)
      yield* running(Effect.fnUntraced(function* (queues) {
        assert.deepStrictEqual(yield* queues.wake(userId), { admitted: 1, refused: 0 })
        assert.deepStrictEqual(yield* rows, [{ status: "pending", due: t0, why: null }])
        assert.strictEqual((yield* Queue.take(notices))._tag, "Notified")
      }))
    }))

  it.effect("keeps to the caps when many wakes arrive at once", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber({ maxPerHour: 3 })
      yield* enqueue(userId, 10)
      yield* running(Effect.fnUntraced(function* (queues) {
        yield* Effect.forEach(Array.from({ length: 40 }), () => queues.wake(userId), { concurrency: "unbounded" })
        const after = yield* rows
        assert.strictEqual(after.filter(({ due }) => due === t0).length, 3)
        assert.strictEqual(after.filter(({ why }) => why === "hour_limit").length, 7)
      }))
    }))

  it.effect("frees the hour as it slides, and the tier's limit stands above the user's own cap", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber({ maxPerHour: 100, maxPerDay: 100 })
      yield* running(Effect.fnUntraced(function* (queues) {
        yield* enqueue(userId, 8, { expiresAt: t0 + day })
        assert.deepStrictEqual(yield* queues.wake(userId), { admitted: 5, refused: 3 })
        yield* TestClock.adjust("59 minutes")
        yield* enqueue(userId, 1, { expiresAt: t0 + day }, t0 + 59 * minute)
        assert.deepStrictEqual(yield* queues.wake(userId), { admitted: 0, refused: 1 })
        yield* TestClock.adjust("1 minute")
        yield* enqueue(userId, 1, { expiresAt: t0 + day }, t0 + 60 * minute)
        assert.deepStrictEqual(yield* queues.wake(userId), { admitted: 1, refused: 0 })
      }))
    }))

  it.effect("waits for the active hours or refuses what will not live that long", () =>
    Effect.gen(function* () {
      yield* fresh
      // t0 is 15:06:40 UTC, 0:06:40 of the next day in Tokyo.
      const userId = yield* subscriber({ timeZone: "Asia/Tokyo", activeHoursStart: 8, activeHoursEnd: 22 })
      yield* enqueue(userId, 1, { opportunityId: "short" })
      yield* enqueue(userId, 1, { opportunityId: "long", expiresAt: t0 + day })
      yield* running(Effect.fnUntraced(function* (queues) {
        yield* queues.wake(userId)
        assert.deepStrictEqual(yield* rows, [
          { status: "cancelled", due: null, why: "outside_hours" },
          { status: "pending", due: Date.parse("2025-06-15T23:00:00Z"), why: null },
        ])
      }))
    }))

  it.effect("refuses everything but edits to a user without a session, and what has expired as such", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber()
      yield* enqueue(userId, 1, { opportunityId: "late", expiresAt: t0 })
      yield* enqueue(userId, 1, { opportunityId: "new" })
      yield* enqueue(userId, 1, { opportunityId: "old", purpose: "edit:2" })
      yield* Sessions.use((sessions) => sessions.terminateChat("100", t0))
      yield* running(Effect.fnUntraced(function* (queues) {
        yield* queues.wake(userId)
        assert.deepStrictEqual(yield* rows, [
          { status: "expired", due: null, why: "expired" },
          { status: "cancelled", due: null, why: "no_session" },
          { status: "pending", due: t0, why: null },
        ])
      }))
    }))

  it.effect("is found by the sweep a second after a wake that never came, and not before", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber()
      yield* enqueue(userId, 1)
      yield* running(Effect.fnUntraced(function* (queues) {
        assert.strictEqual(yield* queues.sweep, 0)
        yield* TestClock.adjust("1001 millis")
        assert.strictEqual(yield* queues.sweep, 1)
        assert.strictEqual(
          (yield* OpportunityQueue.use((queue) => queue.nextDueAt(t0 + 1_001))).pipe(Option.getOrThrow),
          t0 + 1_001,
        )
        assert.strictEqual(yield* queues.sweep, 0)
      }))
    }))

  it.effect("is decided without an actor when the process has no room for one", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber()
      yield* enqueue(userId, 1)
      yield* running(
        Effect.fnUntraced(function* (queues) {
          yield* queues.wake("somebody else")
          assert.deepStrictEqual(yield* queues.wake(userId), { admitted: 1, refused: 0 })
        }),
        { maxResidentEntities: 1 },
      )
    }))

  it.effect("gathers what can wait into batches of five, which rows hold and a restart finds again", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber({ batchNotifications: true, maxPerHour: 9 })
      yield* Users.use((users) => users.setPlan({ userId, role: "user", tier: "pro", nowMs: t0 }))
      const half = t0 + minute / 2
      yield* enqueue(userId, 4)
      yield* running((queues) => queues.wake(userId))
      yield* TestClock.setTime(t0 + 1_000)
      yield* enqueue(userId, 2, {}, t0 + 1_000)
      yield* enqueue(userId, 1, { priority: "critical", opportunityId: "urgent" }, t0 + 1_000)
      yield* running((queues) => queues.wake(userId))
      const placed = yield* Effect.flatMap(
        Store,
        ({ sql }) =>
          sql<{ readonly batch: bigint | null; readonly due: number }>`select batch_id as batch,
          (extract(epoch from scheduled_at) * 1000)::float8 as due
          from opportunity_distribution_queue order by queue_id`,
      )
      const first = { batch: placed[0]?.batch ?? null, due: half }
      // Half of the minute that those of the second wake had left, counted from t0: 30 s.
      assert.deepStrictEqual(placed.slice(0, 5), [first, first, first, first, first])
      assert.deepInclude(placed[5], { due: t0 + 1_000 + Math.floor((minute - 1_000) / 2) })
      assert.notStrictEqual(placed[5]?.batch, first.batch)
      assert.deepStrictEqual(placed[6], { batch: null, due: t0 + 1_000 })
    }))

  it.effect("tells nobody the same thing again within its rest, unless it earns half as much again", () =>
    Effect.gen(function* () {
      yield* fresh
      const userId = yield* subscriber({ maxPerHour: 9 })
      yield* Users.use((users) => users.setPlan({ userId, role: "user", tier: "pro", nowMs: t0 }))
      const found = (id: string, netProfit: string, fingerprint = "f") => ({
        opportunityId: id,
        payload: { opportunity: someOpportunity({ id, fingerprint, netProfit }), language: "en" },
      })
      yield* enqueue(userId, 1, found("a", "10"))
      yield* enqueue(userId, 1, found("b", "10", "another"))
      yield* running((queues) => queues.wake(userId))
      yield* enqueue(userId, 1, found("c", "14"), t0 + 1)
      yield* enqueue(userId, 1, found("d", "15"), t0 + 2)
      yield* running((queues) => queues.wake(userId))
      assert.deepStrictEqual((yield* rows).map(({ why }) => why), [null, null, "cooldown", null])
    }))
})
