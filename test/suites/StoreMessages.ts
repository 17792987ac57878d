/**
 * What messages that tell of several, and edits of them, ask of the queue and of the opportunities.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { Opportunities } from "../../src/layers/Opportunities.ts"
import { type NewQueueItem, OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Receipts } from "../../src/layers/Receipts.ts"
import { UserSchedule } from "../../src/layers/UserSchedule.ts"
import { admit, empty, minute, queueItem, someOpportunity, type Suite, t0 } from "./StoreWorld.ts"

const lease = { nowMs: t0, leaseMs: minute }

export const storeMessages: Suite = (it) => {
  it.effect("leave together: who claims one of a batch takes the rest, and nobody else's", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const rows = yield* queue.enqueue(
        ["a", "b", "c", "d"].map((opportunityId) => queueItem({ opportunityId, scheduledAt: null })),
        t0,
      )
      const [a = 0, b = 0, c = 0, d = 0] = rows.map(({ queueId }) => queueId)
      const together = [a, b, c].map((queueId) => ({ queueId, dueAtMs: t0 + 5_000, batchId: a }))
      yield* admit([...together, { queueId: d, dueAtMs: t0 + 5_000 }])
      assert.deepStrictEqual(
        yield* queue.waitingBatches(["user-1", "user-2"], t0),
        new Map([["user-1", [{ userId: "user-1", batchId: a, dueAtMs: t0 + 5_000, items: 3 }]]]),
      )
      assert.deepStrictEqual(yield* queue.claimMates({ owner: "w", batchIds: [a], ...lease }), [], "not due yet")
      const due = { ...lease, nowMs: t0 + 5_000 }
      const [first, ...more] = yield* queue.claim({ owner: "w", limit: 1, ...due })
      assert.deepStrictEqual([first?.queueId, first?.batchId, more.length], [a, a, 0])
      const mates = yield* queue.claimMates({ owner: "w", batchIds: [a], ...due })
      assert.deepStrictEqual(mates.map(({ queueId }) => queueId), [b, c])
      assert.deepStrictEqual(yield* queue.claimMates({ owner: "v", batchIds: [a], ...due }), [])
      assert.deepStrictEqual(yield* queue.waitingBatches(["user-1"], t0), new Map())
    }))

  it.effect("that wait for company are decided on again once what they tell of is more urgent", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue, schedule = yield* UserSchedule
      const waits = (row: Partial<NewQueueItem>) =>
        Effect.map(
          queue.enqueue([queueItem({ scheduledAt: null, priority: "high", ...row })], t0),
          ([inserted]) => inserted?.queueId ?? 0,
        )
      const together = yield* waits({ opportunityId: "a" }), other = yield* waits({ opportunityId: "b" })
      const alone = yield* waits({ opportunityId: "a", chatId: "200", userId: "user-2" })
      yield* admit([
        { queueId: together, dueAtMs: t0 + 5_000, batchId: together },
        { queueId: other, dueAtMs: t0 + 5_000, batchId: together },
        { queueId: alone, dueAtMs: t0 + 5_000 },
      ])
      assert.deepStrictEqual(
        yield* schedule.hasten({ id: "a", priority: "high" }, t0),
        [],
        "no more urgent than it was",
      )
      assert.deepStrictEqual(yield* schedule.hasten({ id: "a", priority: "critical" }, t0 + 5_000), [], "due by now")
      assert.deepStrictEqual(yield* schedule.hasten({ id: "a", priority: "critical" }, t0), [
        { userId: "user-1", chatId: "100" },
      ])
      const [row] = yield* queue.undecided(["user-1", "user-2"], 10)
      assert.deepStrictEqual([row?.queueId, row?.priority, row?.batchId], [together, "critical", null])
      const left = yield* queue.waitingBatches(["user-1"], t0)
      assert.deepStrictEqual(left.get("user-1")?.map(({ batchId, items }) => [batchId, items]), [[together, 1]])
    }))

  it.effect("are known by what they told, when they changed, and who has dismissed them", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue, receipts = yield* Receipts
      yield* queue.enqueue([queueItem({ opportunityId: "a" }), queueItem({ opportunityId: "b" })], t0)
      assert.deepStrictEqual((yield* queue.toldOf("a")).map(({ touchedAt }) => touchedAt), [null])
      const send = Effect.fnUntraced(function* (nowMs: number) {
        const queueIds = (yield* queue.claim({ owner: "w", limit: 9, nowMs, leaseMs: minute })).map((row) =>
          row.queueId
        )
        yield* queue.markSending({ owner: "w", queueIds, nowMs, leaseMs: minute })
        const ends = queueIds.map((queueId) => ({
          queueId,
          settlement: { _tag: "Sent" as const, messageId: 77, toldAfterMs: 900 },
        }))
        yield* queue.settleAll({ owner: "w", ends, nowMs })
      })
      yield* send(t0)
      const both = [{ opportunityId: "a", toldAfterMs: 900 }, { opportunityId: "b", toldAfterMs: 900 }]
      const told = queue.toldBy([{ chatId: "100", messageId: 78 }, { chatId: "100", messageId: 77 }])
      assert.deepStrictEqual(yield* told, [[], both])
      const message = { chatId: "100", messageId: 77 }
      assert.deepStrictEqual(yield* queue.toldBy([message, message]), [both, both], "asked twice, told once each")
      yield* queue.enqueue([queueItem({ opportunityId: "b", purpose: "edit:2" })], t0)
      yield* send(t0 + 3)
      assert.deepStrictEqual((yield* queue.toldOf("a")).map(({ touchedAt }) => touchedAt), [t0 + 3])
      assert.deepStrictEqual(yield* told, [[], both], "an edit tells of nothing new")
      yield* receipts.delivered([{ userId: "user-1", opportunityId: "a", distributionType: "push" }], t0)
      yield* receipts.record({ userId: "user-1", opportunityId: "a", inGroup: false }, "dismissed", t0)
      assert.deepStrictEqual(yield* queue.toldOf("a"), [])
      assert.strictEqual((yield* queue.toldOf("b")).length, 1)
    }))

  it.effect("find opportunities by their ids, and by when they were detected", () =>
    Effect.gen(function* () {
      yield* empty
      const opportunities = yield* Opportunities
      const all = ["a", "b", "c"].map((id, at) => someOpportunity({ id, detectedAt: t0 + at }))
      yield* Effect.forEach(all, (opportunity) => opportunities.upsert(opportunity, t0))
      const ids = (found: ReadonlyArray<{ readonly id: string }>) => found.map(({ id }) => id)
      assert.sameMembers(ids(yield* opportunities.byIds(["c", "a", "nobody"])), ["a", "c"])
      assert.deepStrictEqual(yield* opportunities.byIds([]), [])
      assert.deepStrictEqual(ids(yield* opportunities.detectedIn(t0, t0 + 2, 9)), ["b", "a"])
      assert.deepStrictEqual(ids(yield* opportunities.detectedIn(t0, t0 + 9, 1)), ["c"])
    }))
}
