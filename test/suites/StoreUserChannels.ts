/**
 * The UserChannels port, and by which channel a row of the queue leaves.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { routeOf } from "../../src/domain/DeliveryChannel.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { CODE_TRIES, UserChannels } from "../../src/layers/UserChannels.ts"
import { day, empty, minute, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

const someone = Effect.gen(function* () {
  yield* empty
  return { ...(yield* someUser("100")), channels: yield* UserChannels }
})

const routed = (userId: string) => Effect.map(UserChannels.use((channels) => channels.of(userId)), routeOf)

const address = (userId: string, channel: "webhook" | "email" | "web_push", nowMs = t0) => ({
  userId,
  channel,
  address: `${channel}-address`,
  nowMs,
})

export const storeUserChannels: Suite = (it) => {
  it.effect("keeps one address a channel, in the route only once it is verified and until it ends", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone
      const first = yield* channels.add(address(userId, "webhook"))
      assert.strictEqual(first.state, "pending")
      assert.deepStrictEqual(yield* routed(userId), ["telegram"])
      assert.isTrue(yield* channels.verify({ userId, channel: "webhook", nowMs: t0 + 1 }))
      assert.isFalse(yield* channels.verify({ userId, channel: "webhook", nowMs: t0 + 2 }))
      assert.deepStrictEqual(yield* routed(userId), ["telegram", "webhook"])
      const again = yield* channels.add({ ...address(userId, "webhook", t0 + 3), address: "elsewhere" })
      assert.deepStrictEqual(again, { ...first, address: "elsewhere" })
      yield* channels.verify({ userId, channel: "webhook", nowMs: t0 + 4 })
      assert.isTrue(yield* channels.end({ userId, channel: "webhook", why: "HTTP 410", nowMs: t0 + 5 }))
      assert.isFalse(yield* channels.endById(first.channelId, "unsubscribed", t0 + 6))
      assert.deepStrictEqual(yield* routed(userId), ["telegram"])
      assert.isTrue(yield* channels.remove({ userId, channel: "webhook" }))
      assert.isTrue(Option.isNone(yield* channels.get({ userId, channel: "webhook" })))
    }))

  it.effect("orders channels around Telegram, and new rows leave by the first of them", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone
      const queue = yield* OpportunityQueue
      for (const channel of ["webhook", "email"] as const) {
        yield* channels.add(address(userId, channel))
        yield* channels.verify({ userId, channel, nowMs: t0 })
      }
      assert.deepStrictEqual(yield* routed(userId), ["telegram", "webhook", "email"])
      yield* channels.reorder(userId, ["email", "telegram", "webhook"], t0 + 1)
      assert.deepStrictEqual(yield* routed(userId), ["email", "telegram", "webhook"])
      yield* channels.add(address(userId, "web_push"))
      yield* queue.enqueue([queueItem({ userId }), queueItem({ userId: "nobody", chatId: "101" })], t0)
      const claimed = yield* queue.claim({ owner: "o", limit: 9, nowMs: t0, leaseMs: minute })
      assert.deepStrictEqual(claimed.map(({ channel, chatId }) => [chatId, channel]).toSorted(), [
        ["100", "email"],
        ["101", "telegram"],
      ])
      const [{ queueId } = { queueId: 0 }] = claimed.filter(({ chatId }) => chatId === "100")
      yield* queue.markSending({ owner: "o", queueIds: [queueId], nowMs: t0, leaseMs: minute })
      const settlement = { _tag: "Reschedule", dueAtMs: t0, error: "HTTP 500", channel: "telegram" } as const
      yield* queue.settle({ owner: "o", queueId, nowMs: t0 + 1, settlement })
      const [moved] = yield* queue.claim({ owner: "o", limit: 9, nowMs: t0 + 1, leaseMs: minute })
      assert.strictEqual(moved?.channel, "telegram")
      yield* queue.enqueue([queueItem({ userId, purpose: "edit:2" })], t0)
      yield* queue.markSending({ owner: "o", queueIds: [queueId], nowMs: t0 + 2, leaseMs: minute })
      yield* queue.settle({ owner: "o", queueId, nowMs: t0 + 3, settlement: { _tag: "Sent", messageId: 5 } })
      const [edit] = yield* queue.claim({ owner: "o", limit: 9, nowMs: t0 + 4, leaseMs: minute })
      assert.deepStrictEqual([edit?.purpose, edit?.channel], ["edit:2", "telegram"])
    }))

  it.effect("takes a code once, in time and within its tries, also when many guess at once", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone
      const which = { userId, channel: "email" } as const
      const expect = (codeHash: string) =>
        channels.expectCode({ ...which, codeHash, expiresAt: t0 + 10 * minute, nowMs: t0 })
      const attempt = (codeHash: string, nowMs = t0 + 1) => channels.tryCode({ ...which, codeHash, nowMs })
      assert.strictEqual(yield* attempt("a"), "expired")
      yield* channels.add(address(userId, "email"))
      assert.strictEqual(yield* attempt("a"), "expired")
      yield* expect("a")
      assert.strictEqual(yield* attempt("b"), "wrong")
      assert.strictEqual(yield* attempt("a", t0 + 10 * minute), "expired")
      yield* expect("a")
      const guesses = yield* Effect.all(Array.from({ length: 20 }, () => attempt("b")), { concurrency: "unbounded" })
      assert.lengthOf(guesses.filter((verdict) => verdict === "wrong"), CODE_TRIES)
      assert.strictEqual(yield* attempt("a"), "expired")
      yield* expect("c")
      assert.strictEqual(yield* attempt("c"), "verified")
      assert.strictEqual(yield* attempt("c"), "expired")
      assert.strictEqual(Option.getOrThrow(yield* channels.get(which)).state, "verified")
    }))

  it.effect("spends no more than a day's quota, whoever asks at once, and begins anew the next day", () =>
    Effect.gen(function* () {
      const { channels, userId } = yield* someone
      yield* channels.add(address(userId, "email"))
      const spend = (nowMs: number) => channels.spend({ userId, channel: "email", perDay: 3, nowMs })
      const spent = yield* Effect.all(Array.from({ length: 10 }, () => spend(t0)), { concurrency: "unbounded" })
      assert.lengthOf(spent.filter((each) => each), 3)
      assert.isTrue(yield* spend(t0 + day))
      assert.isFalse(yield* channels.spend({ userId, channel: "webhook", perDay: 3, nowMs: t0 }))
    }))
}
