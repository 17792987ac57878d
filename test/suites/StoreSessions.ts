/**
 * The Sessions port: one active session a user, sliding expiry, and writers fenced by epoch.
 */
import { assert } from "@effect/vitest"
import { Effect, Option, Queue, Redacted } from "effect"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { day, empty, listenAnew, someUser, type Suite, t0 } from "./StoreWorld.ts"

const ttlMs = 7 * day

const started = Effect.fnUntraced(function* (telegramId = "100", nowMs = t0) {
  const { userId } = yield* someUser(telegramId)
  return yield* Effect.flatMap(Sessions, (sessions) => sessions.start({ userId, telegramId, nowMs, ttlMs }))
})

export const storeSessions: Suite = (it) => {
  it.effect("makes exactly one session of 120 simultaneous starts of one user", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { userId } = yield* someUser("100")
      const all = yield* Effect.all(
        Array.from({ length: 120 }, () => sessions.start({ userId, telegramId: "100", nowMs: t0, ttlMs })),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(new Set(all.map((one) => one.session.sessionId)).size, 1)
      assert.strictEqual(all.filter((one) => one.created).length, 1)
      assert.strictEqual(yield* sessions.countActive(t0), 1)
    }))

  it.effect("makes one session each of simultaneous starts of many users", () =>
    Effect.gen(function* () {
      yield* empty
      const all = yield* Effect.forEach(Array.from({ length: 100 }, (_, n) => `${1000 + n}`), (id) => started(id), {
        concurrency: "unbounded",
      })
      assert.isTrue(all.every((one) => one.created))
      assert.strictEqual(yield* Effect.flatMap(Sessions, (sessions) => sessions.countActive(t0)), 100)
    }))

  it.effect("hands out the token once and stores only its hash", () =>
    Effect.gen(function* () {
      yield* empty
      const first = yield* started()
      const again = yield* started()
      const token = Redacted.value(yield* Effect.fromOption(first.token))
      assert.match(token, /^[0-9a-f]{64}$/)
      assert.isTrue(Option.isNone(again.token))
      const { sql } = yield* Store
      const rows = yield* sql<{ readonly text: string }>`select user_sessions::text as text from user_sessions`
      assert.notInclude(rows[0]?.text ?? "", token)
    }))

  it.effect("extends by interactions on days 0, 3 and 8 to days 7, 10 and 15", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { session } = yield* started()
      assert.strictEqual(session.expiresAt, t0 + 7 * day)
      const third = yield* sessions.extend({ session, nowMs: t0 + 3 * day, ttlMs })
      assert.strictEqual(third.expiresAt, t0 + 10 * day)
      const eighth = yield* sessions.extend({ session, nowMs: t0 + 8 * day, ttlMs })
      assert.strictEqual(eighth.expiresAt, t0 + 15 * day)
      assert.strictEqual(eighth.lastActivityAt, t0 + 8 * day)
    }))

  it.effect("refuses to extend at the very instant of expiry", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { session } = yield* started()
      const error = yield* Effect.flip(sessions.extend({ session, nowMs: t0 + ttlMs, ttlMs }))
      assert.strictEqual(error._tag, "Fenced")
      assert.strictEqual((yield* sessions.validateFromRow("100", t0 + ttlMs)).verdict, "expired")
      assert.strictEqual((yield* sessions.validateFromRow("100", t0 + ttlMs - 1)).verdict, "valid")
    }))

  it.effect("opens a new session after expiry that keeps onboarding and preferences", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const first = yield* started()
      yield* sessions.mark({ session: first.session, onboardingCompleted: true, nowMs: t0 })
      const second = yield* started("100", t0 + 8 * day)
      assert.isTrue(second.created)
      assert.notStrictEqual(second.session.sessionId, first.session.sessionId)
      assert.isTrue(second.session.onboardingCompleted)
      assert.isFalse(second.session.preferencesSet)
      assert.strictEqual(yield* sessions.countActive(t0 + 8 * day), 1)
    }))

  it.effect("loads and fences in one step: the former holder can write no more", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      yield* started()
      const old = yield* Effect.fromOption(yield* sessions.activate("100"))
      const current = yield* Effect.fromOption(yield* sessions.activate("100"))
      assert.strictEqual(current.epoch, old.epoch + 1)
      const refused = [
        yield* Effect.flip(sessions.extend({ session: old, nowMs: t0 + 1, ttlMs })),
        yield* Effect.flip(sessions.mark({ session: old, preferencesSet: true, nowMs: t0 + 1 })),
        yield* Effect.flip(sessions.terminate({ session: old, nowMs: t0 + 1 })),
      ]
      assert.deepStrictEqual(refused.map((error) => error._tag), ["Fenced", "Fenced", "Fenced"])
      const extended = yield* sessions.extend({ session: current, nowMs: t0 + 1, ttlMs })
      assert.strictEqual(extended.lastActivityAt, t0 + 1)
    }))

  it.effect("gives simultaneous activations different epochs", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      yield* started()
      const all = yield* Effect.all(Array.from({ length: 20 }, () => sessions.activate("100")), {
        concurrency: "unbounded",
      })
      assert.strictEqual(new Set(all.map((one) => Option.getOrThrow(one).epoch)).size, 20)
    }))

  it.effect("knows no session for a chat that never started", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      assert.isTrue(Option.isNone(yield* sessions.activate("404")))
      assert.strictEqual((yield* sessions.validateFromRow("404", t0)).verdict, "none")
      assert.isTrue(Option.isNone(yield* sessions.terminateChat("404", t0)))
    }))

  it.effect("ends by the owner's word, and by anybody's for a blocked chat, which fences the owner", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      const { session } = yield* started()
      const ended = yield* sessions.terminate({ session, nowMs: t0 + 5 })
      assert.strictEqual(ended.state, "terminated")
      assert.strictEqual((yield* sessions.validateFromRow("100", t0 + 6)).verdict, "terminated")
      const next = yield* started("100", t0 + 10)
      assert.isTrue(Option.isSome(yield* sessions.terminateChat("100", t0 + 20)))
      const error = yield* Effect.flip(sessions.extend({ session: next.session, nowMs: t0 + 21, ttlMs }))
      assert.strictEqual(error._tag, "Fenced")
    }))

  it.effect("expires in batches, each session once, and tells the audience", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      yield* Effect.forEach(["1", "2", "3", "4", "5"], (id) => started(id))
      yield* started("6", t0 + 1)
      const notices = yield* listenAnew(Channel.audience)
      const batches = yield* Effect.forEach([1, 2, 3, 4], () => sessions.expireBatch({ nowMs: t0 + ttlMs, limit: 2 }))
      assert.deepStrictEqual(batches.map((batch) => batch.length), [2, 2, 1, 0])
      const told = yield* Queue.takeN(notices, 5)
      const ids = told.flatMap((notice) => notice._tag === "Notified" ? [notice.payload] : [])
      assert.deepStrictEqual(ids.toSorted(), ["1", "2", "3", "4", "5"])
      assert.strictEqual((yield* sessions.validateFromRow("6", t0 + ttlMs)).verdict, "valid")
    }))

  it.effect("never expires one session twice when two cleaners run at once", () =>
    Effect.gen(function* () {
      yield* empty
      const sessions = yield* Sessions
      yield* Effect.forEach(Array.from({ length: 30 }, (_, n) => `${n}`), (id) => started(id))
      const batches = yield* Effect.all(
        Array.from({ length: 6 }, () => sessions.expireBatch({ nowMs: t0 + ttlMs, limit: 10 })),
        { concurrency: "unbounded" },
      )
      const rest = yield* sessions.expireBatch({ nowMs: t0 + ttlMs })
      const ids = [...batches.flat(), ...rest].map((ended) => ended.sessionId)
      assert.strictEqual(ids.length, 30)
      assert.strictEqual(new Set(ids).size, 30)
    }))
}
