/**
 * The OpportunityQueue port: what enters, in what order it is given out, and what stops it.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue } from "effect"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { admit, empty, listenAnew, minute, queueItem, type Suite, t0 } from "./StoreWorld.ts"

const claimAll = (owner: string, nowMs = t0, limit = 100) =>
  Effect.flatMap(OpportunityQueue, (queue) => queue.claim({ owner, limit, nowMs, leaseMs: 10_000 }))

/** Claims and sends everything that is due. */
export const sendAll = Effect.fnUntraced(function* (owner: string, nowMs = t0) {
  const queue = yield* OpportunityQueue
  const claimed = yield* claimAll(owner, nowMs)
  yield* queue.markSending({ owner, queueIds: claimed.map((item) => item.queueId), nowMs, leaseMs: 10_000 })
  yield* Effect.forEach(claimed, (item) =>
    queue.settle({
      owner,
      queueId: item.queueId,
      settlement: { _tag: "Sent", messageId: 1_000 + item.queueId },
      nowMs,
    }))
  return claimed
})

export const storeQueue: Suite = (it) => {
  it.effect("keeps one row for each chat, opportunity and purpose, however often it is enqueued", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const items = [queueItem(), queueItem(), queueItem({ chatId: "200" }), queueItem({ opportunityId: "opp-2" })]
      const rounds = yield* Effect.all(Array.from({ length: 8 }, () => queue.enqueue(items, t0)), {
        concurrency: "unbounded",
      })
      assert.strictEqual(rounds.flat().length, 3)
      assert.strictEqual((yield* queue.counts).pending, 3)
      assert.deepStrictEqual(yield* queue.enqueue([], t0), [])
    }))

  it.effect("gives back what was put in, to the millisecond and the character", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const item = queueItem({ scheduledAt: t0 + 1, expiresAt: t0 + 12_345, chatId: "-1001234567890123" })
      yield* queue.enqueue([item], t0)
      const [claimed] = yield* claimAll("w", t0 + 1)
      assert.isDefined(claimed)
      const { queueId, ...rest } = claimed
      assert.isAbove(queueId, 0)
      assert.deepInclude(rest, {
        ...item,
        kind: "opportunity",
        strategy: "broadcast",
        opportunityType: null,
        status: "pending",
        createdAt: t0,
        attempts: 0,
        messageId: null,
        lastError: null,
      })
    }))

  it.effect("enqueues 5,000 rows in one statement", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const items = Array.from({ length: 5_000 }, (_, n) => queueItem({ chatId: `${n}`, userId: `u${n}` }))
      assert.strictEqual((yield* queue.enqueue(items, t0)).length, 5_000)
    }))

  it.effect("belongs to the caller's transaction", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const { transaction } = yield* Store
      yield* Effect.ignore(transaction(Effect.andThen(queue.enqueue([queueItem()], t0), Effect.fail("undo"))))
      assert.strictEqual((yield* queue.counts).pending, 0)
    }))

  it.effect("wakes listeners once for a batch and not for a repeat", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const { notify } = yield* Store
      const notices = yield* listenAnew(Channel.queue)
      yield* queue.enqueue([queueItem(), queueItem({ chatId: "2" })], t0)
      yield* queue.enqueue([queueItem()], t0)
      yield* notify(Channel.queue, "end")
      const heard = yield* Queue.takeN(notices, 2)
      assert.deepStrictEqual(heard.map((notice) => notice._tag === "Notified" ? notice.payload : "-"), ["", "end"])
    }))

  it.effect("gives out the most urgent first, then the earliest, and nothing that is not due", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([
        queueItem({ chatId: "low", priority: "low", scheduledAt: t0 - 50 }),
        queueItem({ chatId: "late", priority: "high", scheduledAt: t0 }),
        queueItem({ chatId: "early", priority: "high", scheduledAt: t0 - 10 }),
        queueItem({ chatId: "critical", priority: "critical", scheduledAt: t0 }),
        queueItem({ chatId: "tomorrow", priority: "critical", scheduledAt: t0 + 1 }),
        queueItem({ chatId: "dead", priority: "critical", expiresAt: t0 }),
        queueItem({ chatId: "undecided", priority: "critical", scheduledAt: null }),
      ], t0)
      const first = yield* claimAll("w", t0, 2)
      const second = yield* claimAll("w", t0)
      assert.deepStrictEqual(first.map((item) => item.chatId), ["critical", "early"])
      assert.deepStrictEqual(second.map((item) => item.chatId), ["late", "low"])
    }))

  it.effect("goes on behind the places it is told, one a priority, and passes over what stands before them", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      const rows = [["medium", 1], ["medium", 2], ["medium", 3], ["high", 1], ["low", 1]] as const
      const inserted = yield* queue.enqueue(
        rows.map(([priority, at], n) => queueItem({ chatId: `${n}`, priority, scheduledAt: t0 + at })),
        t0,
      )
      const idOf = (chatId: string) => inserted.find((row) => row.chatId === chatId)?.queueId ?? 0
      const start = [0, 1, 3].map((rank) => ({ rank, atMs: 0, queueId: 0 }))
      const claim = { owner: "w", limit: 2, nowMs: t0 + 10, leaseMs: 1_000 }
      const next = yield* queue.claim({ ...claim, after: [...start, { rank: 2, atMs: t0 + 1, queueId: idOf("0") }] })
      assert.deepStrictEqual(next.map(({ chatId }) => chatId), ["3", "1"])
      const rest = yield* queue.claim({
        ...claim,
        limit: 9,
        after: [...start, { rank: 2, atMs: t0 + 2, queueId: idOf("1") }],
      })
      assert.deepStrictEqual(rest.map(({ chatId }) => chatId), ["2", "4"])
      assert.deepStrictEqual((yield* queue.claim({ ...claim, limit: 9 })).map(({ chatId }) => chatId), ["0"])
    }))

  it.effect("never gives one row to two claimers", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue(Array.from({ length: 200 }, (_, n) => queueItem({ chatId: `${n}` })), t0)
      const claims = yield* Effect.all(
        Array.from({ length: 10 }, (_, n) => claimAll(`w${n}`, t0, 25)),
        { concurrency: "unbounded" },
      )
      const rest = yield* claimAll("last", t0, 200)
      const ids = [...claims.flat(), ...rest].map((item) => item.queueId)
      assert.strictEqual(ids.length, 200)
      assert.strictEqual(new Set(ids).size, 200)
    }))

  it.effect("leaves undecided rows to their user's actor, and claims them once it has decided", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([
        queueItem({ userId: "ann", scheduledAt: null, priority: "low" }),
        queueItem({ userId: "ann", scheduledAt: null, opportunityId: "opp-2", priority: "high" }),
        queueItem({ userId: "bob", chatId: "200", scheduledAt: null }),
        queueItem({ userId: "cid", chatId: "300" }),
      ], t0)
      assert.deepStrictEqual(yield* queue.undecidedUsers, ["ann", "bob"])
      const rows = yield* queue.undecided(["ann"], 10)
      assert.deepStrictEqual(rows.map((row) => row.priority), ["high", "low"])
      const times = rows.map(({ queueId }, at) => ({ queueId, dueAtMs: t0 + 500 + at }))
      assert.strictEqual(yield* admit(times), 2)
      assert.deepStrictEqual(yield* queue.undecidedUsers, ["bob"])
      assert.strictEqual((yield* claimAll("w", t0 + 499)).length, 1)
      assert.deepStrictEqual((yield* claimAll("w", t0 + 500)).map((row) => row.priority), ["high"])
      assert.deepStrictEqual((yield* claimAll("w", t0 + 501)).map((row) => row.priority), ["low"])
    }))

  it.effect("shows the undecided rows of several users, the most urgent of each", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([
        queueItem({ userId: "bob", chatId: "200", scheduledAt: null, opportunityId: "b1" }),
        queueItem({ userId: "ann", scheduledAt: null, opportunityId: "a1", priority: "low" }),
        queueItem({ userId: "ann", scheduledAt: null, opportunityId: "a2", priority: "high" }),
        queueItem({ userId: "cid", chatId: "300", scheduledAt: null, opportunityId: "c1" }),
      ], t0)
      const of = (limit: number) =>
        Effect.map(queue.undecided(["bob", "ann", "nobody"], limit), (rows) => rows.map((row) => row.opportunityId))
      assert.deepStrictEqual(yield* of(10), ["a2", "a1", "b1"])
      assert.deepStrictEqual(yield* of(1), ["a2", "b1"])
    }))

  it.effect("replaces an older pending edit by a newer one and drops an edit older than what is there", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem()], t0)
      const told = yield* sendAll("w")
      yield* queue.enqueue([queueItem({ purpose: "edit:2" })], t0 + 1)
      yield* queue.enqueue([queueItem({ purpose: "edit:4" }), queueItem({ purpose: "edit:3" })], t0 + 2)
      yield* queue.enqueue([queueItem({ purpose: "edit:3" })], t0 + 3)
      const claimed = yield* claimAll("w", t0 + 4)
      assert.deepStrictEqual(claimed.map((item) => item.purpose), ["edit:4"])
      assert.strictEqual(claimed[0]?.messageId, 1_000 + (told[0]?.queueId ?? 0))
      const counts = yield* queue.counts
      assert.deepStrictEqual([counts.sent, counts.cancelled, counts.pending], [1, 1, 1])
    }))

  it.effect("holds an edit back until the message it edits has left", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem(), queueItem({ purpose: "edit:2" })], t0)
      const first = yield* sendAll("w")
      assert.deepStrictEqual(first.map((item) => item.purpose), ["notify"])
      const second = yield* sendAll("w")
      assert.deepStrictEqual(second.map((item) => [item.purpose, item.messageId]), [[
        "edit:2",
        1_000 + (first[0]?.queueId ?? 0),
      ]])
    }))

  it.effect("finds the message that told a chat, and everyone who was told or is still to be", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem(), queueItem({ chatId: "200", userId: "user-2" })], t0)
      assert.isTrue(Option.isNone(yield* queue.messageIdOf("100", "opp-1")))
      const [one] = yield* sendAll("w")
      yield* queue.enqueue([queueItem({ chatId: "300" })], t0)
      assert.deepStrictEqual(yield* queue.messageIdOf("100", "opp-1"), Option.some(1_000 + (one?.queueId ?? 0)))
      const told = yield* queue.toldOf("opp-1")
      assert.deepStrictEqual(told.map((row) => row.chatId).toSorted(), ["100", "200", "300"])
    }))

  it.effect("expires what waits too long and says how much", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem(), queueItem({ chatId: "2", expiresAt: t0 + 2 * minute })], t0)
      assert.strictEqual(yield* queue.expire(t0 + minute - 1), 0)
      assert.strictEqual(yield* queue.expire(t0 + minute), 1)
      assert.strictEqual((yield* queue.counts).expired, 1)
    }))

  it.effect("stops everything that waits for a chat that logged out, leased rows included", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem(), queueItem({ opportunityId: "opp-2" }), queueItem({ chatId: "2" })], t0)
      const [leased] = yield* claimAll("w", t0, 1)
      assert.strictEqual(yield* queue.cancelChat("100", "logout", t0), 2)
      const queueIds = leased === undefined ? [] : [leased.queueId]
      assert.deepStrictEqual(yield* queue.markSending({ owner: "w", queueIds, nowMs: t0, leaseMs: 10_000 }), [])
      assert.deepStrictEqual((yield* claimAll("w")).map((item) => item.chatId), ["2"])
    }))

  it.effect("says when it will next have a row to give, and never an instant at which it has none", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      assert.isTrue(Option.isNone(yield* queue.nextDueAt(t0)))
      yield* queue.enqueue([
        queueItem({ scheduledAt: t0 + 700 }),
        queueItem({ chatId: "2", scheduledAt: t0 + 300 }),
        queueItem({ chatId: "3", scheduledAt: null }),
        queueItem({ chatId: "4", scheduledAt: t0 - 5, expiresAt: t0 }),
        queueItem({ purpose: "edit:2", scheduledAt: t0 }),
      ], t0)
      assert.deepStrictEqual(yield* queue.nextDueAt(t0), Option.some(t0 + 300))
      yield* claimAll("w", t0 + 300)
      assert.deepStrictEqual(yield* queue.nextDueAt(t0 + 300), Option.some(t0 + 700))
      yield* claimAll("w", t0 + 700)
      assert.deepStrictEqual(yield* queue.nextDueAt(t0 + 700), Option.some(t0 + 300 + 10_000))
    }))

  it.effect("counts against a user's caps what was sent and what is scheduled, not edits nor what failed", () =>
    Effect.gen(function* () {
      yield* empty
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([queueItem()], t0)
      yield* sendAll("w", t0 + 5)
      yield* queue.enqueue([
        queueItem({ purpose: "edit:2" }),
        queueItem({ opportunityId: "opp-2", scheduledAt: t0 + 900 }),
        queueItem({ opportunityId: "opp-3", scheduledAt: null }),
        queueItem({ opportunityId: "opp-4", expiresAt: t0 + 1 }),
      ], t0)
      yield* queue.expire(t0 + 2)
      const since = (sinceMs: number) =>
        Effect.map(queue.spentSince(["user-1", "user-2"], sinceMs), (spent) => [...spent])
      assert.deepStrictEqual(yield* since(t0), [["user-1", [t0 + 5, t0 + 900]]])
      assert.deepStrictEqual(yield* since(t0 + 6), [["user-1", [t0 + 900]]])
    }))
}
