/**
 * The OpportunityQueue port after a row is claimed: what a worker's life and death do to a message in flight.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue } from "effect"
import { OpportunityQueue, type Settlement } from "../../src/layers/OpportunityQueue.ts"
import { Channel } from "../../src/layers/Store.ts"
import { empty, listenAnew, minute, queueItem, type Suite, t0 } from "./StoreWorld.ts"

const leaseMs = 10_000

/** One row, claimed and marked as leaving by `owner`; its id. */
const inFlight = Effect.fnUntraced(function* (owner: string, nowMs = t0) {
  const queue = yield* OpportunityQueue
  const [item] = yield* queue.claim({ owner, limit: 1, nowMs, leaseMs })
  assert.isDefined(item)
  const left = yield* queue.markSending({ owner, queueIds: [item.queueId], nowMs, leaseMs })
  assert.deepStrictEqual(left, [item.queueId])
  return item.queueId
})

const fresh = Effect.gen(function* () {
  yield* empty
  const queue = yield* OpportunityQueue
  yield* queue.enqueue([queueItem({ expiresAt: t0 + 10 * minute })], t0)
  return queue
})

export const storeSending: Suite = (it) => {
  it.effect("settles each end as what it is", () =>
    Effect.gen(function* () {
      const ends: ReadonlyArray<readonly [Settlement, string]> = [
        [{ _tag: "Sent", messageId: 5 }, "sent"],
        [{ _tag: "Failed", error: "403" }, "failed"],
        [{ _tag: "Unknown", error: "no answer" }, "unknown"],
        [{ _tag: "Reschedule", dueAtMs: t0 + 100, error: "429" }, "pending"],
        [{ _tag: "Cancelled", error: "closed" }, "cancelled"],
      ]
      for (const [settlement, status] of ends) {
        const queue = yield* fresh
        const queueId = yield* inFlight("w")
        assert.strictEqual(yield* queue.settle({ owner: "w", queueId, settlement, nowMs: t0 + 1 }), status)
      }
    }))

  it.effect("settles the ends of many sends at once, each as what it is, and leaves out what is no longer the owner's", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue(
        Array.from({ length: 4 }, (_, n) => queueItem({ chatId: `${n}`, expiresAt: t0 + 10 * minute })),
        t0,
      )
      const [first = 0, second = 0, third = 0] = [yield* inFlight("w"), yield* inFlight("w"), yield* inFlight("w")]
      const others = yield* inFlight("another")
      const settled = yield* queue.settleAll({
        owner: "w",
        nowMs: t0 + 1,
        ends: [
          { queueId: first, settlement: { _tag: "Sent", messageId: 5 } },
          { queueId: second, settlement: { _tag: "Reschedule", dueAtMs: t0 + 3_000, error: "429" } },
          { queueId: third, settlement: { _tag: "Unknown", error: "no answer" } },
          { queueId: others, settlement: { _tag: "Sent", messageId: 6 } },
        ],
      })
      assert.deepStrictEqual(
        [...settled].toSorted(([a], [b]) => a - b),
        [[first, "sent"], [second, "pending"], [third, "unknown"]],
      )
      assert.deepStrictEqual(yield* queue.messageIdOf("0", "opp-1"), Option.some(5))
      assert.strictEqual((yield* queue.counts).sending, 1)
    }))

  it.effect("sends a rescheduled row again at its time, with its attempts and its error", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const queueId = yield* inFlight("w")
      const settlement: Settlement = { _tag: "Reschedule", dueAtMs: t0 + 3_000, error: "retry after 3" }
      yield* queue.settle({ owner: "w", queueId, settlement, nowMs: t0 })
      assert.strictEqual((yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + 2_999, leaseMs })).length, 0)
      const [again] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + 3_000, leaseMs })
      assert.deepStrictEqual([again?.attempts, again?.lastError], [1, "retry after 3"])
    }))

  it.effect("tells whoever waits for rows of each that is given back or will leave once more", () =>
    Effect.gen(function* () {
      const waysBack: ReadonlyArray<Settlement> = [
        { _tag: "Reschedule", dueAtMs: t0 + 3_000, error: "retry after 3" },
        { _tag: "Unknown", error: "no answer" },
      ]
      for (const settlement of waysBack) {
        const queue = yield* fresh
        const queueId = yield* inFlight("w")
        const notices = yield* listenAnew(Channel.queue)
        yield* queue.settle({ owner: "w", queueId, settlement, nowMs: t0 })
        assert.strictEqual((yield* Queue.take(notices))._tag, "Notified")
      }
      const queue = yield* fresh
      const claimed = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs })
      const notices = yield* listenAnew(Channel.queue)
      yield* queue.release({ owner: "w", queueIds: claimed.map(({ queueId }) => queueId), dueAtMs: t0 + 500 })
      assert.strictEqual((yield* Queue.take(notices))._tag, "Notified")
    }))

  it.effect("gives a lease back untouched when nothing left", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const [item] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs })
      const queueIds = item === undefined ? [] : [item.queueId]
      yield* queue.release({ owner: "other", queueIds, dueAtMs: t0 })
      assert.strictEqual((yield* queue.claim({ owner: "v", limit: 1, nowMs: t0, leaseMs })).length, 0)
      yield* queue.release({ owner: "w", queueIds, dueAtMs: t0 + 50 })
      const [again] = yield* queue.claim({ owner: "v", limit: 1, nowMs: t0 + 50, leaseMs })
      assert.strictEqual(again?.attempts, 0)
    }))

  it.effect("ends an edit that a newer one overtook while it was held, however it is given back", () =>
    Effect.gen(function* () {
      for (const way of ["released", "rescheduled", "left behind"] as const) {
        yield* empty
        const queue = yield* OpportunityQueue
        yield* queue.enqueue([queueItem({ purpose: "edit:2", scheduledAt: t0 })], t0)
        const [held] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs })
        assert.isDefined(held)
        yield* queue.enqueue([queueItem({ purpose: "edit:3", scheduledAt: t0 + 1 })], t0 + 1)
        if (way === "released") yield* queue.release({ owner: "w", queueIds: [held.queueId], dueAtMs: t0 + 2 })
        if (way === "left behind") yield* queue.reclaim(t0 + leaseMs)
        if (way === "rescheduled") {
          const settlement = { _tag: "Reschedule", dueAtMs: t0 + 2, error: "429" } as const
          yield* queue.settle({ owner: "w", queueId: held.queueId, settlement, nowMs: t0 + 2 })
        }
        const { cancelled, pending } = yield* queue.counts
        assert.deepStrictEqual({ way, cancelled, pending }, { way, cancelled: 1, pending: 1 })
      }
    }))

  it.effect("lets nothing leave under a lease that ran out or is another's", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const [item] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs })
      const queueIds = item === undefined ? [] : [item.queueId]
      assert.deepStrictEqual(yield* queue.markSending({ owner: "v", queueIds, nowMs: t0, leaseMs }), [])
      assert.deepStrictEqual(yield* queue.markSending({ owner: "w", queueIds, nowMs: t0 + leaseMs, leaseMs }), [])
      const [next] = yield* queue.claim({ owner: "v", limit: 1, nowMs: t0 + leaseMs, leaseMs })
      assert.strictEqual(next?.queueId, item?.queueId)
    }))

  it.effect("takes back the claims of a worker that died before sending, as if nothing had happened", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      yield* queue.claim({ owner: "dead", limit: 1, nowMs: t0, leaseMs })
      assert.deepStrictEqual(yield* queue.reclaim(t0 + leaseMs - 1), { pending: 0, unknown: 0, failed: 0 })
      assert.deepStrictEqual(yield* queue.reclaim(t0 + leaseMs), { pending: 1, unknown: 0, failed: 0 })
      const [again] = yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + leaseMs, leaseMs })
      assert.deepStrictEqual([again?.status, again?.attempts], ["pending", 0])
    }))

  it.effect("sends once more what was in flight when its worker died, and never a third time", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      yield* inFlight("dead")
      assert.deepStrictEqual(yield* queue.reclaim(t0 + leaseMs), { pending: 0, unknown: 1, failed: 0 })
      yield* inFlight("dead too", t0 + leaseMs)
      assert.deepStrictEqual(yield* queue.reclaim(t0 + 2 * leaseMs), { pending: 0, unknown: 0, failed: 1 })
      assert.strictEqual((yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + 3 * leaseMs, leaseMs })).length, 0)
      assert.strictEqual((yield* queue.counts).failed, 1)
    }))

  it.effect("fails after a second unanswered send, also with a refused one between", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const unknown: Settlement = { _tag: "Unknown", error: "no answer" }
      const first = yield* inFlight("w")
      yield* queue.settle({ owner: "w", queueId: first, settlement: unknown, nowMs: t0 })
      const second = yield* inFlight("w")
      const refused: Settlement = { _tag: "Reschedule", dueAtMs: t0, error: "429" }
      yield* queue.settle({ owner: "w", queueId: second, settlement: refused, nowMs: t0 })
      const third = yield* inFlight("w")
      const end = yield* queue.settle({ owner: "w", queueId: third, settlement: unknown, nowMs: t0 })
      assert.strictEqual(end, "failed")
    }))

  it.effect("never sends again an unknown row that has expired", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem({ expiresAt: t0 + 5_000 })], t0)
      yield* inFlight("dead")
      yield* queue.reclaim(t0 + leaseMs)
      assert.strictEqual((yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + leaseMs, leaseMs })).length, 0)
      assert.isTrue(Option.isNone(yield* queue.nextDueAt(t0 + leaseMs)))
      assert.strictEqual(yield* queue.expire(t0 + leaseMs), 1)
    }))

  it.effect("believes a late answer that the message is there, and then sends nothing again", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const queueId = yield* inFlight("slow")
      yield* queue.reclaim(t0 + leaseMs)
      const settlement: Settlement = { _tag: "Sent", messageId: 9 }
      assert.strictEqual(yield* queue.settle({ owner: "slow", queueId, settlement, nowMs: t0 + leaseMs + 1 }), "sent")
      assert.strictEqual((yield* queue.claim({ owner: "w", limit: 1, nowMs: t0 + leaseMs + 2, leaseMs })).length, 0)
    }))

  it.effect("fences a worker whose row another has taken", () =>
    Effect.gen(function* () {
      const queue = yield* fresh
      const queueId = yield* inFlight("slow")
      yield* queue.reclaim(t0 + leaseMs)
      yield* inFlight("quick", t0 + leaseMs)
      for (const settlement of [{ _tag: "Sent", messageId: 9 }, { _tag: "Failed", error: "x" }] as const) {
        const error = yield* Effect.flip(queue.settle({ owner: "slow", queueId, settlement, nowMs: t0 + leaseMs }))
        assert.strictEqual(error._tag, "Fenced")
      }
      const sent: Settlement = { _tag: "Sent", messageId: 10 }
      yield* queue.settle({ owner: "quick", queueId, settlement: sent, nowMs: t0 + leaseMs })
      const again = yield* Effect.flip(queue.settle({ owner: "quick", queueId, settlement: sent, nowMs: t0 + leaseMs }))
      assert.strictEqual(again._tag, "Fenced")
    }))
}
