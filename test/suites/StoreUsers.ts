/**
 * The Users port: contacts, preferences and the audience.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Stream } from "effect"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Standings } from "../../src/layers/Standings.ts"
import { Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, empty, minute, queueItem, someUser, type Suite, t0 } from "./StoreWorld.ts"

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
        activeDays: [1, 7] as const,
        timeZone: "Asia/Kathmandu",
        doNotDisturbUntil: t0 + 1_234,
        doNotDisturbWindow: { days: [6, 7] as const, from: 1_380, to: 405 },
        riskTolerance: "high" as const,
        tradingMode: "live" as const,
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

  it.effect("numbers each change that decides about a user, by hand as well, and neither a contact nor an extension", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users, sessions = yield* Sessions, standings = yield* Standings
      const { sql } = yield* Store
      const { session, user: { userId } } = yield* inAudience("1")
      const current = Effect.map(users.current("1"), Option.getOrThrow)
      const begin = yield* current
      assert.strictEqual(begin.sessionExpiresAt, session.expiresAt)
      yield* someUser("1")
      const extended = yield* sessions.extend({ session, nowMs: t0 + minute, ttlMs: 7 * day })
      const same = yield* current
      assert.deepStrictEqual([same.version, same.sessionExpiresAt], [begin.version, extended.expiresAt])
      const changes = [
        users.setPreferences(userId, { ...DEFAULT_PREFERENCES, maxPerDay: 3 }, t0),
        users.setPlan({ userId, tier: "pro", role: "admin", nowMs: t0 }),
        standings.restrict({ userId, reason: "fraud", untilMs: null, by: "admin", nowMs: t0 }),
        standings.lift(userId, t0),
        sql`update users set tier = 'free' where telegram_id = '1'`,
        sql`delete from user_notification_preferences where user_id = ${userId}`,
      ]
      for (const change of changes) {
        const { version } = yield* current
        yield* change
        assert.isAbove((yield* current).version, version)
      }
      yield* sessions.terminateChat("1", t0 + minute)
      assert.isNull((yield* current).sessionExpiresAt)
      assert.isTrue(Option.isNone(yield* users.current("2")))
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
      yield* users.setCountry({ userId: kept.user.userId, country: "DE", nowMs: t0 })
      yield* users.setBetaUntil({ userId: kept.user.userId, betaUntil: t0 + day, nowMs: t0 })
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
        country: "DE",
        betaUntil: t0 + day,
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
            ? Effect.all([
              users.setPreferences(user.userId, DEFAULT_PREFERENCES, t0),
              users.setCountry({ userId: user.userId, country: "NZ", nowMs: t0 }),
              users.setBetaUntil({ userId: user.userId, betaUntil: t0, nowMs: t0 }),
              users.deactivate("78", t0),
            ])
            : Effect.void
        ),
        // Changes made by earlier tests may still be on their way.
        Stream.filter((change) => change._tag === "Unknown" || ["77", "78"].includes(change.telegramId)),
        Stream.take(5),
        Stream.runCollect,
      )
      assert.deepStrictEqual(begun, [
        { _tag: "Unknown" },
        ...["77", "77", "77", "78"].map((telegramId) => ({ _tag: "Changed" as const, telegramId })),
      ])
    }))

  it.effect("ends what waits for a user who turns push off or is gone, and nobody else's", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users, queue = yield* OpportunityQueue
      const { userId } = yield* someUser("100")
      const other = yield* someUser("200")
      const owed = ["a", "b", "c"].map((opportunityId) => queueItem({ opportunityId, userId }))
      yield* queue.enqueue([...owed, queueItem({ userId: other.userId, chatId: "200" })], t0)
      // Claimed, but not yet on its way.
      yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs: 10_000 })
      yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, pushEnabled: false }, t0 + 1)
      assert.deepInclude(yield* queue.counts, { pending: 1, cancelled: 3 })
      yield* users.deactivate("200", t0 + 2)
      assert.deepInclude(yield* queue.counts, { pending: 0, cancelled: 4 })
    }))

  it.effect("has what has a time but is not claimed decided on again when preferences change", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users, queue = yield* OpportunityQueue
      const { userId } = yield* someUser("100")
      const edit = queueItem({ opportunityId: "b", userId, purpose: "edit:2" })
      yield* queue.enqueue([queueItem({ opportunityId: "a", userId }), edit], t0)
      yield* queue.enqueue([queueItem({ opportunityId: "c", userId, scheduledAt: t0 + minute / 2 })], t0)
      yield* queue.claim({ owner: "w", limit: 1, nowMs: t0, leaseMs: 10_000 })
      yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, doNotDisturb: true }, t0 + 1)
      const undecided = yield* queue.undecided([userId], 10)
      assert.deepStrictEqual(undecided.map(({ opportunityId }) => opportunityId), ["c"])
    }))

  it.effect("keeps a country and an end of beta access until they are taken back", () =>
    Effect.gen(function* () {
      yield* empty
      const users = yield* Users
      const { userId } = yield* someUser("100")
      const known = Effect.map(users.byTelegramId("100"), Option.getOrThrow)
      assert.isTrue(yield* users.setCountry({ userId, country: "NZ", nowMs: t0 }))
      assert.isTrue(yield* users.setBetaUntil({ userId, betaUntil: t0 + 1, nowMs: t0 }))
      assert.deepInclude(yield* known, { country: "NZ", betaUntil: t0 + 1 })
      assert.strictEqual(
        (yield* Effect.flip(users.setCountry({ userId, country: "nz", nowMs: t0 }))).reason,
        "constraint",
      )
      yield* users.setCountry({ userId, country: null, nowMs: t0 })
      yield* users.setBetaUntil({ userId, betaUntil: null, nowMs: t0 })
      assert.deepInclude(yield* known, { country: null, betaUntil: null })
      assert.isFalse(yield* users.setCountry({ userId: "nobody", country: "NZ", nowMs: t0 }))
      assert.isFalse(yield* users.setBetaUntil({ userId: "nobody", betaUntil: null, nowMs: t0 }))
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
