/**
 * The Users port: contacts, preferences and the audience.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, empty, someUser, type Suite, t0 } from "./StoreWorld.ts"

const inAudience = Effect.fnUntraced(function* (telegramId: string) {
  const user = yield* someUser(telegramId)
  const sessions = yield* Sessions
  const { session } = yield* sessions.start({ userId: user.userId, telegramId, nowMs: t0, ttlMs: 7 * day })
  return { user, session }
})

export const storeUsers: Suite = (it) => {
  it.effect("creates one user of many simultaneous contacts, and refreshes it later", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const all = yield* Effect.all(Array.from({ length: 20 }, () => someUser("-100123")), { concurrency: "unbounded" })
      assert.strictEqual(new Set(all.map((user) => user.userId)).size, 1)
      const renamed = yield* users.contact({
        telegramId: "-100123",
        username: "ada",
        firstName: "Ada'); drop table users; --",
        lastName: null,
        isGroup: true,
        nowMs: t0 + 1,
      })
      assert.strictEqual(renamed.username, "ada")
      assert.strictEqual(renamed.firstName, "Ada'); drop table users; --")
      assert.strictEqual(renamed.tier, "free")
      assert.deepStrictEqual(yield* users.byTelegramId("-100123"), Option.some(renamed))
      assert.isTrue(Option.isNone(yield* users.byTelegramId("404")))
    }))

  it.effect("gives the defaults until preferences are set, then exactly what was set", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const { userId } = yield* someUser("100")
      assert.deepStrictEqual(yield* users.preferences(userId), DEFAULT_PREFERENCES)
      const wanted = {
        ...DEFAULT_PREFERENCES,
        pushEnabled: false,
        opportunityTypes: ["cross_exchange", "funding"] as const,
        maxPerHour: 7,
        activeHoursStart: 22,
        activeHoursEnd: 6,
        timeZone: "Asia/Kathmandu",
        minNetBps: 12.5,
        mutedPairs: ["DOGE/USDT"],
        venues: ["kraken", 'a "quoted", {venue}'],
        language: "ru" as const,
      }
      yield* users.setPreferences(userId, wanted, t0 + 1)
      assert.deepStrictEqual(yield* users.preferences(userId), wanted)
      yield* users.setPreferences(userId, DEFAULT_PREFERENCES, t0 + 2)
      assert.deepStrictEqual(yield* users.preferences(userId), DEFAULT_PREFERENCES)
    }))

  it.effect("refuses preferences of a user nobody knows", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const error = yield* Effect.flip(users.setPreferences("nobody", DEFAULT_PREFERENCES, t0))
      assert.strictEqual(error.reason, "constraint")
    }))

  it.effect("counts in the audience whoever is reachable and has a valid session, and nobody else", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const sessions = yield* Sessions
      const kept = yield* inAudience("1")
      yield* users.setPlan({ userId: kept.user.userId, tier: "pro", role: "admin", nowMs: t0 })
      yield* users.setPreferences(kept.user.userId, { ...DEFAULT_PREFERENCES, minNetBps: 9 }, t0)
      yield* someUser("2")
      const left = yield* inAudience("3")
      yield* sessions.terminate({ session: left.session, nowMs: t0 + 1 })
      yield* inAudience("4")
      yield* users.deactivate("4", t0 + 1)
      const audience = yield* users.audience(t0 + 2)
      assert.deepStrictEqual(audience, [{
        userId: kept.user.userId,
        chatId: "1",
        role: "admin",
        tier: "pro",
        isGroup: false,
        sessionExpiresAt: t0 + 7 * day,
        preferences: { ...DEFAULT_PREFERENCES, minNetBps: 9 },
      }])
      assert.deepStrictEqual(yield* users.recipientOf("1", t0 + 2), Option.fromNullishOr(audience[0]))
      assert.isTrue(Option.isNone(yield* users.recipientOf("1", t0 + 7 * day)))
      assert.isTrue(Option.isNone(yield* users.recipientOf("4", t0 + 2)))
      yield* someUser("4")
      assert.isTrue(Option.isSome(yield* users.recipientOf("4", t0 + 2)))
    }))

  it.effect("announces who to look at again, beginning with everyone", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const user = yield* someUser("77")
      const begun = yield* users.audienceChanges.pipe(
        Stream.tap((change) =>
          change._tag === "Unknown"
            ? Effect.andThen(users.setPreferences(user.userId, DEFAULT_PREFERENCES, t0), users.deactivate("78", t0))
            : Effect.void
        ),
        // Changes made by earlier tests may still be on their way.
        Stream.filter((change) => change._tag === "Unknown" || ["77", "78"].includes(change.telegramId)),
        Stream.take(3),
        Stream.runCollect,
      )
      assert.deepStrictEqual(begun, [
        { _tag: "Unknown" },
        { _tag: "Changed", telegramId: "77" },
        { _tag: "Changed", telegramId: "78" },
      ])
    }))

  it.effect("moves a group that became a supergroup, session and all", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const sessions = yield* Sessions
      const { session } = yield* inAudience("-5")
      assert.isTrue(yield* users.migrateChat("-5", "-1005", t0 + 1))
      assert.isTrue(Option.isNone(yield* users.byTelegramId("-5")))
      assert.strictEqual((yield* sessions.validateFromRow("-1005", t0 + 2)).verdict, "valid")
      const error = yield* Effect.flip(sessions.extend({ session, nowMs: t0 + 2, ttlMs: day }))
      assert.strictEqual(error._tag, "Fenced")
      assert.isFalse(yield* users.migrateChat("-5", "-1006", t0 + 3))
    }))
}
