/**
 * The Groups port, and what groups are in the audience.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue, Stream } from "effect"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { Groups } from "../../src/layers/Groups.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { Users } from "../../src/layers/Users.ts"
import { day, empty, listenAnew, minute, queueItem, someOpportunity, someUser, type Suite, t0 } from "./StoreWorld.ts"

const chatId = "-500"

const groupUser = (telegramId: string) =>
  Users.use((users) =>
    users.contact({ telegramId, username: null, firstName: "Desk", lastName: null, isGroup: true, nowMs: t0 })
  )

/** A registrar with a session and a group of theirs. */
const registered = Effect.gen(function* () {
  yield* empty
  const users = yield* Users, sessions = yield* Sessions, groups = yield* Groups
  const registrar = yield* someUser("1")
  const { session } = yield* sessions.start({ userId: registrar.userId, telegramId: "1", nowMs: t0, ttlMs: 7 * day })
  yield* users.setPlan({ userId: registrar.userId, tier: "pro", role: "user", nowMs: t0 })
  const { userId } = yield* groupUser(chatId)
  const wanted = { chatId, userId, kind: "group", title: "Desk", registrarId: "1", threadId: null, nowMs: t0 } as const
  const group = yield* groups.register(wanted)
  return { group, registrar, session, userId, wanted }
})

const inAudience = (nowMs: number) => Effect.map(Users.use((users) => users.recipientOf(chatId, nowMs)), Option.isSome)

export const storeGroups: Suite = (it) => {
  it.effect("gives a registered group its registrar's tier and session, and its own settings", () =>
    Effect.gen(function* () {
      const { session, userId } = yield* registered
      const users = yield* Users
      yield* users.setPreferences(userId, { ...DEFAULT_PREFERENCES, language: "ru", maxPerHour: 60 }, t0)
      const recipient = Option.getOrThrow(yield* users.recipientOf(chatId, t0 + 1))
      assert.strictEqual(recipient.tier, "pro")
      assert.isTrue(recipient.isGroup)
      assert.strictEqual(recipient.sessionExpiresAt, session.expiresAt)
      assert.strictEqual(recipient.preferences.maxPerHour, 60)
      assert.isFalse(yield* inAudience(t0 + 7 * day))
      yield* Sessions.use((sessions) => sessions.terminateChat("1", t0 + 2))
      assert.isFalse(yield* inAudience(t0 + 3))
    }))

  it.effect("sends nothing to a group nobody registered, whatever session it may have", () =>
    Effect.gen(function* () {
      yield* empty
      const { userId } = yield* groupUser(chatId)
      yield* Sessions.use((sessions) => sessions.start({ userId, telegramId: chatId, nowMs: t0, ttlMs: day }))
      assert.isFalse(yield* inAudience(t0 + 1))
    }))

  it.effect("pauses, removes and registers again, each change once, and tells the audience", () =>
    Effect.gen(function* () {
      const { group, wanted } = yield* registered
      const groups = yield* Groups
      const notices = yield* listenAnew("audience")
      assert.deepStrictEqual(
        yield* groups.pause(chatId, "registrar_rights", t0 + 1),
        Option.some({ ...group, state: "paused", reason: "registrar_rights" }),
      )
      assert.deepStrictEqual(yield* Queue.take(notices), { _tag: "Notified", channel: "audience", payload: chatId })
      assert.isTrue(Option.isNone(yield* groups.pause(chatId, "bot_rights", t0 + 2)))
      assert.isFalse(yield* inAudience(t0 + 2))
      assert.isTrue(Option.isSome(yield* groups.remove(chatId, t0 + 3)))
      assert.isTrue(Option.isNone(yield* groups.remove(chatId, t0 + 4)))
      assert.deepStrictEqual((yield* groups.claimUntold(10, t0 + 5)).map((each) => each.chatId), [chatId])
      assert.deepStrictEqual(yield* groups.claimUntold(10, t0 + 6), [])
      yield* groups.register({ ...wanted, threadId: 7, nowMs: t0 + 7 })
      assert.isTrue(yield* inAudience(t0 + 8))
      assert.strictEqual(Option.getOrThrow(yield* groups.get(chatId)).threadId, 7)
      yield* groups.pause(chatId, "by_admin", t0 + 9)
      assert.deepStrictEqual(yield* groups.claimUntold(10, t0 + 10), [])
      assert.lengthOf(yield* groups.ofRegistrar("1"), 1)
    }))

  it.effect("can be read, and registered anew, after its registrar was erased", () =>
    Effect.gen(function* () {
      const { wanted } = yield* registered
      const groups = yield* Groups, { sql } = yield* Store
      yield* sql`update groups set state = 'removed', reason = 'registrar_rights', registrar_id = 'erased'`
      assert.strictEqual(Option.getOrThrow(yield* groups.get(chatId)).state, "removed")
      assert.isFalse(yield* inAudience(t0 + 1))
      assert.strictEqual((yield* groups.register({ ...wanted, nowMs: t0 + 2 })).state, "active")
    }))

  it.effect("hands active groups out to be checked, those longest unchecked first and each once", () =>
    Effect.gen(function* () {
      yield* registered
      const groups = yield* Groups
      assert.deepStrictEqual(yield* groups.claimUnchecked(t0 - 1, 10, t0 + 1), [])
      assert.lengthOf(yield* groups.claimUnchecked(t0, 10, t0 + 2), 1)
      assert.deepStrictEqual(yield* groups.claimUnchecked(t0, 10, t0 + 3), [])
    }))

  it.effect("tells the audience of a registrar's groups when the registrar changes", () =>
    Effect.gen(function* () {
      const { registrar } = yield* registered
      const users = yield* Users
      const changed = yield* users.audienceChanges.pipe(
        Stream.tap((change) =>
          change._tag === "Unknown"
            ? Effect.asVoid(users.setPlan({ userId: registrar.userId, tier: "free", role: "user", nowMs: t0 + 1 }))
            : Effect.void
        ),
        Stream.filter((change) => change._tag === "Changed" && change.telegramId === chatId),
        Stream.take(1),
        Stream.runCollect,
      )
      assert.lengthOf(changed, 1)
    }))

  it.effect("moves a registration with its group to the supergroup, even where the new id was seen first", () =>
    Effect.gen(function* () {
      const { group } = yield* registered
      const users = yield* Users, groups = yield* Groups
      yield* groupUser("-100500")
      assert.isTrue(yield* users.migrateChat(chatId, "-100500", t0 + 1))
      assert.deepStrictEqual(yield* groups.get("-100500"), Option.some({ ...group, chatId: "-100500" }))
      assert.isTrue(Option.isSome(yield* users.recipientOf("-100500", t0 + 2)))
      assert.isFalse(yield* inAudience(t0 + 2))
      assert.isFalse(yield* users.migrateChat(chatId, "-100500", t0 + 3))
    }))

  it.effect("counts what a group was sent and what came of it", () =>
    Effect.gen(function* () {
      const { userId } = yield* registered
      const groups = yield* Groups, queue = yield* OpportunityQueue, { sql } = yield* Store
      const legs = (instrument: string) => ({ opportunity: { ...someOpportunity(), legs: [{ instrument }] } })
      const told = (id: string, instrument: string) =>
        queueItem({ opportunityId: id, userId, chatId, payload: legs(instrument), expiresAt: t0 + day })
      yield* queue.enqueue([told("a", "BTC/USDT"), told("b", "BTC/USDT"), told("c", "ETH/USDT"), told("d", "X/Y")], t0)
      const items = yield* queue.claim({ owner: "o", limit: 3, nowMs: t0, leaseMs: minute })
      const queueIds = items.map(({ queueId }) => queueId)
      yield* queue.markSending({ owner: "o", queueIds, nowMs: t0, leaseMs: minute })
      const settlement = { _tag: "Sent", messageId: 1 } as const
      yield* queue.settleAll({ owner: "o", nowMs: t0 + 5, ends: queueIds.map((queueId) => ({ queueId, settlement })) })
      yield* sql`insert into distribution_analytics (user_id, opportunity_id, distribution_type, opened_at)
        values (${userId}, 'a', 'group', now()), (${userId}, 'b', 'group', null)`
      assert.deepStrictEqual(yield* groups.analytics(chatId, t0), {
        sent: 3,
        engaged: 1,
        topPairs: [{ pair: "BTC/USDT", sent: 2 }, { pair: "ETH/USDT", sent: 1 }],
      })
      assert.deepStrictEqual(yield* groups.analytics(chatId, t0 + 6), { sent: 0, engaged: 0, topPairs: [] })
    }))
}
