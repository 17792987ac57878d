/**
 * The AdminAlerts port: what is known of an alert comes back as it was, and whoever has it is alone with it. And the
 * sessions that people are told of before they end.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { type AlertState, QUIET } from "../../src/domain/AdminAlert.ts"
import { AdminAlerts } from "../../src/layers/AdminAlerts.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { day, empty, minute, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

const known: AlertState = {
  firing: true,
  turningSince: null,
  since: t0 - 1,
  lookedAt: t0 + 1,
  toldFiring: true,
  toldAt: t0,
  toldSince: t0 - 2,
}

export const storeAdminAlerts: Suite = (it) => {
  it.effect("are quiet until something is known, and then as they were left, each by its name", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const alerts = yield* AdminAlerts
      const locked = transaction(alerts.lock(["b", "a", "b"]))
      assert.deepStrictEqual([...yield* locked], [["a", QUIET], ["b", QUIET]])
      yield* alerts.save(new Map([["b", known]]))
      assert.deepStrictEqual([...yield* locked], [["a", QUIET], ["b", known]])
    }))

  it.effect("change one after the other where several processes look at once", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const alerts = yield* AdminAlerts
      const counted = transaction(Effect.gen(function* () {
        const state = (yield* alerts.lock(["a"])).get("a") ?? QUIET
        yield* alerts.save(new Map([["a", { ...state, since: (state.since ?? t0) + 1 }]]))
      }))
      yield* Effect.all(Array.from({ length: 20 }, () => counted), { concurrency: "unbounded" })
      assert.strictEqual((yield* transaction(alerts.lock(["a"]))).get("a")?.since, t0 + 20)
    }))

  it.effect("sessions that end soon are idle ones with a day left, not told of yet, the earliest first", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions, queue = yield* OpportunityQueue
      for (const [telegramId, ttlMs] of [["1", 7 * day], ["2", 7 * day - minute], ["3", 8 * day]] as const) {
        const { userId } = yield* someUser(telegramId)
        yield* sessions.start({ userId, telegramId, nowMs: t0, ttlMs })
      }
      const { userId } = yield* someUser("4")
      yield* sessions.start({ userId, telegramId: "4", nowMs: t0 + 6 * day, ttlMs: day })
      const ending = (nowMs: number) =>
        Effect.map(
          sessions.endingSoon({ nowMs, withinMs: day, limit: 10 }),
          (all) => all.map(({ expiresAt, telegramId }) => [telegramId, expiresAt - t0]),
        )
      assert.deepStrictEqual(yield* ending(t0 + 6 * day - 2 * minute), [])
      assert.deepStrictEqual(yield* ending(t0 + 6 * day), [["2", 7 * day - minute], ["1", 7 * day]])
      assert.deepStrictEqual(yield* sessions.endingSoon({ nowMs: t0 + 6 * day, withinMs: day, limit: 0 }), [])
      const told = {
        chatId: "2",
        opportunityId: `session_ends:${t0 + 7 * day - minute}`,
        kind: "notification",
      } as const
      yield* queue.enqueue([queueItem(told)], t0 + 6 * day)
      assert.deepStrictEqual(yield* ending(t0 + 6 * day), [["1", 7 * day]])
      yield* sessions.terminateChat("1", t0 + 6 * day)
      assert.deepStrictEqual(yield* ending(t0 + 6 * day), [])
    }))
}
