/**
 * The queue's care: leases prolonged, dead letters put back or discarded, figures; rotations and what people asked to see.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { DeadLetters } from "../../src/layers/DeadLetters.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { OpportunityViews } from "../../src/layers/OpportunityViews.ts"
import { QueueFigures } from "../../src/layers/QueueFigures.ts"
import { Rotations } from "../../src/layers/Rotations.ts"
import { Store } from "../../src/layers/Store.ts"
import { admit, day, empty, minute, queueItem, someOpportunity, type Suite, t0 } from "./StoreWorld.ts"

const leaseMs = 3_000

/** Rows claimed by `w`, `sent` of them marked as leaving. */
const claimed = Effect.fnUntraced(function* (count: number, sending: number) {
  yield* empty
  const queue = yield* OpportunityQueue
  const items = Array.from({ length: count }, (_, n) => queueItem({ chatId: `${n}`, expiresAt: t0 + 10 * minute }))
  yield* queue.enqueue(items, t0)
  const queueIds = (yield* queue.claim({ owner: "w", limit: count, nowMs: t0, leaseMs })).map((item) => item.queueId)
  yield* queue.markSending({ owner: "w", queueIds: queueIds.slice(0, sending), nowMs: t0, leaseMs })
  return { queue, queueIds }
})

/** A row that has failed for good. */
const dead = Effect.fnUntraced(function* (opportunityId: string, error: string, nowMs = t0) {
  const queue = yield* OpportunityQueue
  const payload = { opportunity: someOpportunity(), language: "en" }
  yield* queue.enqueue([queueItem({ opportunityId, payload, expiresAt: t0 + 10 * minute })], nowMs)
  const [item] = yield* queue.claim({ owner: "w", limit: 1, nowMs, leaseMs })
  const queueId = item?.queueId ?? 0
  yield* queue.markSending({ owner: "w", queueIds: [queueId], nowMs, leaseMs })
  yield* queue.settle({ owner: "w", queueId, settlement: { _tag: "Failed", error }, nowMs })
  return queueId
})

export const storeQueueCare: Suite = (it) => {
  it.effect("makes a holder's leases last longer, each by what the row is at, and nobody else's", () =>
    Effect.gen(function* () {
      const { queue, queueIds } = yield* claimed(2, 1)
      const leases = { claimMs: 3_000, sendingMs: 15_000 }
      const late = { queueIds, nowMs: t0 + 2_000, ...leases }
      assert.deepStrictEqual(yield* queue.prolong({ owner: "v", ...late }), [])
      assert.deepStrictEqual((yield* queue.prolong({ owner: "w", ...late })).toSorted(), queueIds.toSorted())
      assert.deepStrictEqual(yield* queue.reclaim(t0 + 4_999), { pending: 0, unknown: 0, failed: 0 })
      assert.deepStrictEqual(yield* queue.reclaim(t0 + 5_000), { pending: 1, unknown: 0, failed: 0 })
      assert.deepStrictEqual(yield* queue.reclaim(t0 + 17_000), { pending: 0, unknown: 1, failed: 0 })
    }))

  it.effect("prolongs no lease that has run out: it may be another's any moment", () =>
    Effect.gen(function* () {
      const { queue, queueIds } = yield* claimed(1, 0)
      const leases = { claimMs: 3_000, sendingMs: 15_000 }
      assert.deepStrictEqual(yield* queue.prolong({ owner: "w", queueIds, nowMs: t0 + leaseMs, ...leases }), [])
      assert.strictEqual((yield* queue.claim({ owner: "v", limit: 1, nowMs: t0 + leaseMs, leaseMs })).length, 1)
    }))

  it.effect("lists what failed for good, and puts it back as the same row with its history", () =>
    Effect.gen(function* () {
      yield* empty
      const letters = yield* DeadLetters, queue = yield* OpportunityQueue
      const first = yield* dead("opp-1", "unavailable 5 times")
      const second = yield* dead("opp-2", "refused: too long")
      const all = yield* letters.list({ limit: 10, beforeId: null })
      assert.deepStrictEqual(all.map(({ error, queueId }) => [queueId, error]), [
        [second, "refused: too long"],
        [first, "unavailable 5 times"],
      ])
      assert.deepStrictEqual((yield* letters.list({ limit: 10, beforeId: second })).map(({ queueId }) => queueId), [
        first,
      ])
      assert.deepStrictEqual(yield* letters.requeue([first, 999], t0 + minute), [
        { queueId: first, end: "requeued" },
        { queueId: 999, end: "not_dead" },
      ])
      // The same key: what is already there is not inserted anew.
      assert.deepStrictEqual(yield* queue.enqueue([queueItem({ opportunityId: "opp-1" })], t0 + minute), [])
      const [waiting] = yield* queue.undecided(["user-1"], 10)
      assert.deepStrictEqual([waiting?.queueId, waiting?.attempts, waiting?.scheduledAt], [first, 0, null])
      yield* admit([{ queueId: first, dueAtMs: t0 + minute }])
      yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + minute, leaseMs })
      yield* queue.markSending({ owner: "w", queueIds: [first], nowMs: t0 + minute, leaseMs })
      yield* queue.settle({
        owner: "w",
        queueId: first,
        settlement: { _tag: "Failed", error: "403" },
        nowMs: t0 + minute,
      })
      const again = Option.getOrThrow(yield* letters.byId(first))
      assert.deepStrictEqual(again.history, [{ atMs: t0 + minute, attempts: 1, error: "unavailable 5 times" }])
      assert.strictEqual(again.error, "403")
    }))

  it.effect("never puts back what has expired; what is discarded is listed no more", () =>
    Effect.gen(function* () {
      yield* empty
      const letters = yield* DeadLetters, queue = yield* OpportunityQueue
      const queueId = yield* dead("opp-1", "403")
      const tooLate = yield* letters.requeue([queueId], t0 + 10 * minute)
      assert.deepStrictEqual(tooLate, [{ queueId, end: "expired" }])
      assert.deepStrictEqual(yield* letters.discard([queueId, queueId], t0 + 10 * minute), [{
        queueId,
        end: "discarded",
      }])
      assert.deepStrictEqual(yield* letters.list({ limit: 10, beforeId: null }), [])
      assert.strictEqual((yield* queue.counts).cancelled, 1)
      assert.deepStrictEqual(yield* letters.discard([queueId], t0), [{ queueId, end: "not_dead" }])
    }))

  it.effect("carries other kinds under the same promises, apart in its figures", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue, figures = yield* QueueFigures
      const opportunity = { opportunity: someOpportunity(), language: "en" }
      yield* queue.enqueue([
        queueItem({ opportunityId: "opp-1", payload: opportunity, strategy: "priority" }),
        queueItem({ opportunityId: "opp-2", payload: opportunity, strategy: "priority", scheduledAt: t0 - 500 }),
        queueItem({ opportunityId: "notice-1", kind: "notification", scheduledAt: t0 + 5_000 }),
      ], t0 - 1_000)
      const [one, two] = yield* queue.claim({ owner: "w", limit: 5, nowMs: t0 + 100, leaseMs })
      const queueIds = [one?.queueId ?? 0, two?.queueId ?? 0]
      assert.deepStrictEqual([one?.kind, one?.strategy, one?.opportunityType], [
        "opportunity",
        "priority",
        "cross_exchange",
      ])
      yield* queue.markSending({ owner: "w", queueIds, nowMs: t0 + 100, leaseMs })
      yield* queue.settleAll({
        owner: "w",
        nowMs: t0 + 300,
        ends: [
          { queueId: queueIds[0] ?? 0, settlement: { _tag: "Sent", messageId: 1 } },
          { queueId: queueIds[1] ?? 0, settlement: { _tag: "Failed", error: "403" } },
        ],
      })
      const [notices, opportunities, ...more] = yield* figures.since(t0, t0 + 7_000)
      assert.deepStrictEqual(more, [])
      assert.deepInclude(notices, { kind: "notification", type: null, depth: 1, oldestAgeMs: 2_000, successRate: null })
      assert.deepInclude(opportunities, {
        kind: "opportunity",
        strategy: "priority",
        type: "cross_exchange",
        channel: "telegram",
        depth: 0,
        oldestAgeMs: null,
        sent: 1,
        failed: 1,
        successRate: 0.5,
        // The earlier one went first, due half a second before.
        waitMs: { p50: 600, p95: 600, p99: 600 },
        processingMs: { p50: 200, p95: 200, p99: 200 },
        deadLetters: 1,
      })
    }))

  it.effect("gives each turn of a rotation once, however many want it, and counts shares by day", () =>
    Effect.gen(function* () {
      yield* empty
      const rotations = yield* Rotations, store = yield* Store
      const users = ["a", "b", "c", "d"]
      const turn = store.transaction(Effect.gen(function* () {
        const { cursor } = yield* rotations.hold("cross_exchange", t0)
        const next = users[(users.indexOf(cursor ?? "") + 1) % users.length] ?? "a"
        yield* rotations.turn({ rotation: "cross_exchange", cursor: next, served: [next], nowMs: t0 })
        return next
      }))
      const turns = yield* Effect.all(Array.from({ length: 12 }, () => turn), { concurrency: "unbounded" })
      assert.deepStrictEqual(users.map((user) => turns.filter((one) => one === user).length), [3, 3, 3, 3])
      const { cursor, served } = yield* rotations.hold("cross_exchange", t0)
      assert.deepStrictEqual([cursor, served.get("a"), served.size], ["d", 3, 4])
      assert.deepStrictEqual((yield* rotations.hold("funding", t0)).cursor, null)
      assert.strictEqual((yield* rotations.hold("cross_exchange", t0 + day)).served.size, 0)
      assert.strictEqual(yield* rotations.prune(t0 + day), 4)
    }))

  it.effect("keeps what people asked to see, and knows what they were told", () =>
    Effect.gen(function* () {
      yield* empty
      const views = yield* OpportunityViews, queue = yield* OpportunityQueue
      yield* views.record("user-1", [{ fingerprint: "f1", opportunityId: "opp-1" }], t0)
      yield* views.record("user-1", [{ fingerprint: "f2", opportunityId: "opp-2" }], t0 + 1)
      yield* views.record("user-2", [{ fingerprint: "f1", opportunityId: "opp-1" }], t0 + 2)
      const seen = yield* views.since(["user-1", "user-2"], t0 + 1)
      assert.deepStrictEqual(seen.get("user-1")?.map(({ atMs, fingerprint }) => [fingerprint, atMs]), [["f2", t0 + 1]])
      assert.strictEqual(seen.get("user-2")?.length, 1)
      yield* queue.enqueue([queueItem({ opportunityId: "opp-3" })], t0)
      assert.deepStrictEqual([...yield* views.pushed("user-1", ["opp-2", "opp-3"])], ["opp-3"])
      assert.strictEqual(yield* views.prune(t0 + 1), 1)
    }))
}
