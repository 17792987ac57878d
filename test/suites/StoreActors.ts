/**
 * The ports that actors need beside the others: SessionExtensions and UserSchedule.
 */
import { assert } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, Ref } from "effect"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { SessionExtensions } from "../../src/layers/SessionExtensions.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { UserSchedule } from "../../src/layers/UserSchedule.ts"
import { day, empty, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

export const storeActors: Suite = (it) => {
  it.effect("extends many sessions in one statement, each fenced on its own", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { extendAll } = yield* SessionExtensions
      const started = yield* Effect.forEach(["1", "2", "3"], (telegramId) =>
        Effect.flatMap(someUser(telegramId), ({ userId }) =>
          sessions.start({ userId, telegramId, nowMs: t0, ttlMs: 7 * day })))
      yield* sessions.activate("2")
      const lapsed = started[2]
      const extension = { nowMs: t0 + day, expiresAt: t0 + 8 * day }
      const written = yield* extendAll({
        ...extension,
        sessions: started.map(({ session }) =>
          session
        ),
      })
      assert.deepStrictEqual(
        [...written.keys()].toSorted(),
        [started[0], lapsed].map((it) => it?.session.sessionId).toSorted(),
      )
      const { session: row } = yield* sessions.validateFromRow("1", t0)
      assert.strictEqual(Option.getOrThrow(row).expiresAt, t0 + 8 * day)
      const tooLate = { nowMs: t0 + 8 * day, expiresAt: t0 + 15 * day }
      assert.strictEqual((yield* extendAll({ ...tooLate, sessions: started.map(({ session }) => session) })).size, 0)
      assert.strictEqual((yield* extendAll({ ...extension, sessions: [] })).size, 0)
    }))

  it.effect("extends the sessions of many chats in one statement, whoever holds them, and raises no epoch", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { extendChats } = yield* SessionExtensions
      yield* Effect.forEach(
        ["1", "2", "3"],
        (telegramId) =>
          Effect.flatMap(
            someUser(telegramId),
            ({ userId }) => sessions.start({ userId, telegramId, nowMs: t0, ttlMs: 7 * day }),
          ),
      )
      const taken = yield* sessions.activate("2")
      yield* sessions.terminateChat("3", t0)
      const extension = { nowMs: t0 + day, expiresAt: t0 + 8 * day }
      const written = yield* extendChats({ ...extension, telegramIds: ["1", "2", "3", "404"] })
      assert.deepStrictEqual([...written.keys()].toSorted(), ["1", "2"])
      assert.strictEqual(written.get("2")?.epoch, Option.getOrThrow(taken).epoch)
      const { session: row } = yield* sessions.validateFromRow("1", t0)
      assert.deepStrictEqual(Option.getOrThrow(row), written.get("1"))
      assert.strictEqual(Option.getOrThrow(row).expiresAt, t0 + 8 * day)
      const tooLate = { nowMs: t0 + 8 * day, expiresAt: t0 + 15 * day, telegramIds: ["1"] }
      assert.strictEqual((yield* extendChats(tooLate)).size, 0)
      assert.strictEqual((yield* extendChats({ ...extension, telegramIds: [] })).size, 0)
    }))

  it.effect("lets one transaction at a time decide for a user", () =>
    Effect.gen(function* () {
      yield* empty
      const { transaction } = yield* Store
      const { lock } = yield* UserSchedule
      const { userId } = yield* someUser("100")
      const [locked, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const order = yield* Ref.make<ReadonlyArray<string>>([])
      const note = (what: string) => Ref.update(order, (all) => [...all, what])
      const first = yield* Effect.forkChild(transaction(Effect.gen(function* () {
        assert.deepStrictEqual(yield* lock([userId]), new Map([[userId, "100"]]))
        yield* Deferred.succeed(locked, undefined)
        yield* Deferred.await(go)
        yield* note("first")
      })))
      yield* Deferred.await(locked)
      const second = yield* Effect.forkChild(
        transaction(Effect.andThen(lock(["nobody", userId]), note("second"))),
        { startImmediately: true },
      )
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
      assert.deepStrictEqual(yield* Ref.get(order), ["first", "second"])
      assert.strictEqual((yield* lock(["nobody"])).size, 0)
    }))

  it.effect("refuses rows that wait for a decision with their reason, and no others", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const schedule = yield* UserSchedule
      const rows = yield* queue.enqueue([
        queueItem({ scheduledAt: null }),
        queueItem({ scheduledAt: null, opportunityId: "opp-2" }),
        queueItem({ chatId: "200", userId: "user-2" }),
      ], t0)
      assert.deepStrictEqual(yield* schedule.waiting(t0 + 1, 10), ["user-1"])
      assert.deepStrictEqual(yield* schedule.waiting(t0, 10), [])
      const ids = rows.map((row) => row.queueId)
      const refused = yield* schedule.decide(
        ids.map((queueId, n) => ({ _tag: "Refuse", queueId, reason: n === 0 ? "expired" : "hour_limit" })),
        t0 + 1,
      )
      assert.strictEqual(refused, 2)
      const counts = yield* queue.counts
      assert.deepStrictEqual([counts.expired, counts.cancelled, counts.pending], [1, 1, 1])
    }))
}
