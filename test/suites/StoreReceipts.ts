/**
 * The Receipts port: the first time of a thing stands, and only who was owed a message can receive it.
 */
import { assert } from "@effect/vitest"
import { Effect } from "effect"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Receipts } from "../../src/layers/Receipts.ts"
import { Store } from "../../src/layers/Store.ts"
import { day, empty, minute, queueItem, type Suite, t0 } from "./StoreWorld.ts"

const reader = { userId: "user-1", opportunityId: "opp-1", inGroup: false }
const pushed = { userId: "user-1", opportunityId: "opp-1", distributionType: "push" } as const

const stored = Effect.flatMap(
  Store,
  ({ sql }) => sql<{ readonly score: number }>`select engagement_score as score from distribution_analytics`,
)

export const storeReceipts: Suite = (it) => {
  it.effect("keep the first time of each thing, whatever is repeated, and the score that follows from them", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts
      yield* receipts.delivered([pushed, pushed], t0)
      yield* receipts.delivered([pushed], t0 + minute)
      assert.isTrue(yield* receipts.record(reader, "opened", t0 + 1))
      assert.isFalse(yield* receipts.record(reader, "opened", t0 + 2))
      assert.isTrue(yield* receipts.record(reader, "clicked", t0 + 3))
      assert.isTrue(yield* receipts.record(reader, "converted", t0 + 4))
      assert.isFalse(yield* receipts.record(reader, "converted", t0 + 5))
      assert.deepStrictEqual(yield* receipts.since("user-1", t0, 10), [{
        ...pushed,
        deliveredAt: t0,
        openedAt: t0 + 1,
        clickedAt: t0 + 3,
        convertedAt: t0 + 4,
        dismissedAt: null,
        mutedAt: null,
        feedback: null,
      }])
      assert.deepStrictEqual(yield* stored, [{ score: 1 }])
    }))

  it.effect("count anything a reader does as opening, and the last word of feedback", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts
      yield* receipts.delivered([pushed], t0)
      assert.isTrue(yield* receipts.feedback(reader, "useful", t0 + 1))
      assert.isFalse(yield* receipts.feedback(reader, "useful", t0 + 2))
      assert.deepStrictEqual(yield* stored, [{ score: 0.5 }])
      assert.isTrue(yield* receipts.feedback(reader, "too_late", t0 + 3))
      const [receipt] = yield* receipts.since("user-1", t0, 10)
      assert.deepInclude(receipt, { openedAt: t0 + 1, feedback: "too_late" })
      assert.deepStrictEqual(yield* stored, [{ score: 0.2 }])
    }))

  it.effect("tell a fact of each thing that is news, and of nothing else", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts
      yield* receipts.delivered([pushed], t0)
      yield* receipts.record(reader, "clicked", t0 + 1)
      yield* receipts.record(reader, "clicked", t0 + 2)
      yield* receipts.feedback(reader, "useful", t0 + 3)
      const { sql } = yield* Store
      const rows = yield* sql<{ readonly payload: Record<string, unknown> }>`select payload from outbox
        where subject = 'evt.v1.engagement.recorded' order by id`
      assert.deepStrictEqual(rows.map(({ payload: { at, event, score } }) => ({ at, event, score })), [
        { at: t0 + 1, event: "clicked", score: 0.6 },
        { at: t0 + 3, event: "feedback", score: 0.8 },
      ])
      assert.notInclude(JSON.stringify(rows), "user-1", "who it was is sealed")
    }))

  it.effect("are exact under two taps at once", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts
      yield* receipts.delivered([pushed], t0)
      const both = yield* Effect.all([
        receipts.record(reader, "muted", t0 + 1),
        receipts.record(reader, "muted", t0 + 1),
      ], { concurrency: "unbounded" })
      assert.deepStrictEqual(both.toSorted(), [false, true])
    }))

  it.effect("take no word of somebody who was owed nothing, and of a message whose answer was lost they do", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts, queue = yield* OpportunityQueue
      assert.isFalse(yield* receipts.record(reader, "opened", t0))
      assert.deepStrictEqual(yield* stored, [])
      yield* queue.enqueue([queueItem()], t0)
      assert.isFalse(yield* receipts.record(reader, "opened", t0), "it has not left yet")
      const [item] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs: minute })
      const queueIds = [item?.queueId ?? 0]
      yield* queue.markSending({ owner: "w", queueIds, nowMs: t0, leaseMs: minute })
      assert.isTrue(yield* receipts.record(reader, "opened", t0 + 1))
      assert.isFalse(yield* receipts.record({ ...reader, userId: "user-2" }, "opened", t0 + 1))
    }))

  it.effect("of a group are apart from those of its members, and are counted for all or for one", () =>
    Effect.gen(function* () {
      yield* empty
      const receipts = yield* Receipts
      yield* receipts.delivered([
        pushed,
        { userId: "group-1", opportunityId: "opp-1", distributionType: "group" },
        { userId: "user-2", opportunityId: "opp-1", distributionType: "on_demand" },
      ], t0)
      yield* receipts.delivered([{ ...pushed, opportunityId: "opp-0" }], t0 - day)
      assert.isTrue(yield* receipts.record({ ...reader, userId: "group-1", inGroup: true }, "opened", t0 + 1))
      assert.isTrue(yield* receipts.record({ ...reader, userId: "user-2" }, "dismissed", t0 + 1))
      const all = yield* receipts.counts(null, t0)
      assert.deepInclude(all, { delivered: 3, opened: 2, dismissed: 1, clicked: 0, converted: 0 })
      assert.deepInclude(yield* receipts.counts("user-1", t0), { delivered: 1, opened: 0 })
      assert.deepInclude(yield* receipts.counts("user-1", t0 - day), { delivered: 2 })
    }))
}
