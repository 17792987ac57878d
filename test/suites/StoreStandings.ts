/** The Standings and ToldHistory ports: restrictions, keys that work, and who was told of what. */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue } from "effect"
import { NO_STANDING } from "../../src/domain/Eligibility.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Standings } from "../../src/layers/Standings.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { ToldHistory } from "../../src/layers/ToldHistory.ts"
import { Users } from "../../src/layers/Users.ts"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { day, empty, listenAnew, minute, queueItem, someOpportunity, someUser, type Suite, t0 } from "./StoreWorld.ts"

const key = (userId: string, venue: string, state: "usable" | "failing") =>
  Effect.flatMap(
    Store,
    ({ sql }) =>
      sql`insert into user_api_keys (key_id, user_id, venue, label, sealed, state, created_at, updated_at)
      values (${`${userId}${venue}${state}`}, ${userId}, ${venue}, ${state}, 'v1.k.x', ${state}, now(), now())`,
  )

export const storeStandings: Suite = (it) => {
  it.effect("keeps one restriction a user, until it is lifted or its time is over, and tells the audience", () =>
    Effect.gen(function* () {
      yield* empty
      const standings = yield* Standings
      const { userId } = yield* someUser("100")
      const notices = yield* listenAnew(Channel.audience)
      const restrict = (reason: string, untilMs: number | null) =>
        standings.restrict({ userId, reason, untilMs, by: "root", nowMs: t0 })
      const restriction = (nowMs: number) =>
        Effect.map(standings.of([userId], nowMs), (found) => found.get(userId)?.restriction ?? null)
      assert.isTrue(yield* restrict("a first reason", null))
      assert.deepStrictEqual(yield* Queue.take(notices), { _tag: "Notified", channel: "audience", payload: "100" })
      assert.isTrue(yield* restrict("another", t0 + minute))
      assert.deepStrictEqual(yield* restriction(t0), { reason: "another", untilMs: t0 + minute })
      assert.isNull(yield* restriction(t0 + minute))
      assert.isTrue(yield* standings.lift(userId, t0))
      assert.isNull(yield* restriction(t0))
      assert.isFalse(yield* standings.lift(userId, t0))
      assert.isFalse(yield* standings.restrict({ userId: "nobody", reason: "x", untilMs: null, by: "root", nowMs: t0 }))
    }).pipe(Effect.scoped))

  it.effect("names the venues whose keys work, and leaves out who has neither key nor restriction", () =>
    Effect.gen(function* () {
      yield* empty
      const standings = yield* Standings
      const ann = yield* someUser("100"), bob = yield* someUser("200")
      yield* key(ann.userId, "okx", "usable")
      yield* key(ann.userId, "kraken", "usable")
      yield* key(ann.userId, "bybit", "failing")
      yield* standings.restrict({ userId: bob.userId, reason: "x", untilMs: null, by: "root", nowMs: t0 })
      yield* someUser("300")
      const expected = new Map([
        [ann.userId, { ...NO_STANDING, keyVenues: ["kraken", "okx"] }],
        [bob.userId, { ...NO_STANDING, restriction: { reason: "x", untilMs: null } }],
      ])
      assert.deepStrictEqual(yield* standings.all(t0), expected)
      assert.deepStrictEqual((yield* standings.of([ann.userId], t0)).size, 1)
    }))

  it.effect("says who was told of what, in whose day, and what became of a row", () =>
    Effect.gen(function* () {
      yield* empty
      const history = yield* ToldHistory, queue = yield* OpportunityQueue
      const { userId } = yield* someUser("100")
      // At t0 it is 15:06 in UTC: half past midnight of the next day at +09:30 has begun since 14:30.
      yield* Users.use((users) =>
        users.setPreferences(userId, { ...DEFAULT_PREFERENCES, timeZone: "Australia/Darwin" }, t0)
      )
      const row = (id: string, netProfit: string | null, atMs: number) =>
        queue.enqueue([queueItem({
          userId,
          opportunityId: id,
          scheduledAt: atMs,
          expiresAt: atMs + minute,
          payload: { opportunity: someOpportunity({ id, fingerprint: "f", netProfit }), language: "en" },
        })], atMs)
      yield* row("a", "12.5", t0 - 50 * minute)
      yield* row("b", null, t0)
      assert.deepStrictEqual(yield* history.since(t0 - minute), [
        { chatId: "100", fingerprint: "f", netProfit: null, atMs: t0 },
      ])
      assert.deepStrictEqual(yield* history.today(t0), new Map([["100", 1]]))
      assert.deepStrictEqual(yield* history.today(t0 - minute * 37 - 1), new Map([["100", 2]]))
      const last = (id: string) =>
        Effect.map(history.lastOf(userId, { id, fingerprint: "f" }, t0 - day), Option.getOrNull)
      assert.deepStrictEqual(yield* last("b"), { netProfit: 12.5, atMs: t0 - 50 * minute })
      assert.deepStrictEqual(yield* last("c"), { netProfit: null, atMs: t0 })
      assert.strictEqual(yield* history.ahead("low", t0), 1, "the older one has expired")
      assert.strictEqual(yield* history.ahead("high", t0), 0)
      assert.deepStrictEqual(Option.getOrNull(yield* history.fateOf(userId, "b")), {
        status: "pending",
        reason: null,
        queuedAt: t0,
        deliveredAt: null,
      })
      yield* queue.cancelChat("100", "push_off", t0)
      assert.strictEqual(Option.getOrThrow(yield* history.fateOf(userId, "b")).reason, "push_off")
      assert.isTrue(Option.isNone(yield* history.fateOf(userId, "c")))
      assert.deepStrictEqual(yield* history.since(t0 - day), [])
    }))
}
