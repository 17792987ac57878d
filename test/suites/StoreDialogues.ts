/**
 * The Dialogues port: one question a session, sealed, fenced, and gone with it.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import type { Dialogue } from "../../src/domain/Dialogue.ts"
import { Dialogues } from "../../src/layers/Dialogues.ts"
import { SessionExtensions } from "../../src/layers/SessionExtensions.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import { Store } from "../../src/layers/Store.ts"
import { day, empty, someUser, type Suite, t0 } from "./StoreWorld.ts"

const asked: Dialogue = { topic: "alert", step: "price", data: { pair: "BTC/USDT", "né": "я" }, askedAt: t0 }

const session = Effect.fnUntraced(function* (telegramId: string) {
  const { userId } = yield* someUser(telegramId)
  const sessions = yield* Sessions
  return (yield* sessions.start({ userId, telegramId, nowMs: t0, ttlMs: 7 * day })).session
})

const metadata = Effect.gen(function* () {
  const { sql } = yield* Store
  return yield* sql<{ readonly text: string }>`select metadata::text as text from user_sessions order by telegram_id`
}).pipe(Effect.map((rows) => rows.map(({ text }) => text)))

export const storeDialogues: Suite = (it) => {
  it.effect("keeps one question a session, sealed, until it is replaced or taken back", () =>
    Effect.gen(function* () {
      yield* empty
      const dialogues = yield* Dialogues
      const held = yield* session("100")
      assert.isTrue(Option.isNone(yield* dialogues.of("100", t0)))
      yield* dialogues.set({ session: held, dialogue: Option.some(asked), nowMs: t0 })
      assert.deepStrictEqual(yield* dialogues.of("100", t0), Option.some(asked))
      const [row = ""] = yield* metadata
      assert.include(row, `"sealed"`)
      assert.notInclude(row, "alert")
      assert.notInclude(row, "BTC/USDT")
      const next = { ...asked, step: "direction" }
      yield* dialogues.set({ session: held, dialogue: Option.some(next), nowMs: t0 })
      assert.deepStrictEqual(yield* dialogues.of("100", t0), Option.some(next))
      yield* dialogues.set({ session: held, dialogue: Option.none(), nowMs: t0 })
      assert.isTrue(Option.isNone(yield* dialogues.of("100", t0)))
      assert.deepStrictEqual(yield* metadata, ["{}"])
    }))

  it.effect("is gone and wiped once its session has ended, and not asked of one that has expired", () =>
    Effect.gen(function* () {
      yield* empty
      const dialogues = yield* Dialogues
      const sessions = yield* Sessions
      const [first, second] = [yield* session("100"), yield* session("200")]
      for (const each of [first, second]) {
        yield* dialogues.set({ session: each, dialogue: Option.some(asked), nowMs: t0 })
      }
      yield* sessions.terminate({ session: first, nowMs: t0 + 1 })
      assert.isTrue(Option.isNone(yield* dialogues.of("100", t0 + 1)))
      assert.isTrue(Option.isNone(yield* dialogues.of("200", t0 + 7 * day)))
      yield* sessions.expireBatch({ nowMs: t0 + 7 * day })
      assert.deepStrictEqual(yield* metadata, ["{}", "{}"])
    }))

  it.effect("lets the session say whether its chat is asked, however the row is read or extended", () =>
    Effect.gen(function* () {
      yield* empty
      const dialogues = yield* Dialogues
      const sessions = yield* Sessions
      const { extendAll, extendChats } = yield* SessionExtensions
      const held = yield* session("100")
      const extension = { nowMs: t0, expiresAt: t0 + day }
      const told = Effect.gen(function* () {
        const { session: read } = yield* sessions.validateFromRow("100", t0)
        const one = yield* extendAll({ ...extension, sessions: [held] })
        const chats = yield* extendChats({ ...extension, telegramIds: ["100"] })
        return [
          Option.getOrThrow(read).isAsked,
          one.get(held.sessionId)?.isAsked,
          chats.get("100")?.isAsked,
        ]
      })
      assert.deepStrictEqual(yield* told, [false, false, false])
      yield* dialogues.set({ session: held, dialogue: Option.some(asked), nowMs: t0 })
      assert.deepStrictEqual(yield* told, [true, true, true])
      yield* dialogues.set({ session: held, dialogue: Option.none(), nowMs: t0 })
      assert.deepStrictEqual(yield* told, [false, false, false])
    }))

  it.effect("takes nothing from a writer whose session is held by another", () =>
    Effect.gen(function* () {
      yield* empty
      const dialogues = yield* Dialogues
      const old = yield* session("100")
      const current = yield* Effect.fromOption(yield* Sessions.use((sessions) => sessions.activate("100")))
      const refused = yield* Effect.flip(dialogues.set({ session: old, dialogue: Option.some(asked), nowMs: t0 }))
      assert.strictEqual(refused._tag, "Fenced")
      yield* dialogues.set({ session: current, dialogue: Option.some(asked), nowMs: t0 })
      assert.deepStrictEqual(yield* dialogues.of("100", t0), Option.some(asked))
    }))

  it.effect("counts a question as none that was sealed for another session", () =>
    Effect.gen(function* () {
      yield* empty
      const dialogues = yield* Dialogues
      const { sql } = yield* Store
      const [first] = [yield* session("100"), yield* session("200")]
      yield* dialogues.set({ session: first, dialogue: Option.some(asked), nowMs: t0 })
      yield* sql`update user_sessions set metadata = (select metadata from user_sessions where telegram_id = '100')`
      assert.isTrue(Option.isNone(yield* dialogues.of("200", t0)))
      assert.isTrue(Option.isSome(yield* dialogues.of("100", t0)))
    }))
}
