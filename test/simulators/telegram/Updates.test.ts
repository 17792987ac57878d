/**
 * getUpdates as a polling bot sees it, in virtual time.
 * Comes in: what people do. Promises: offsets confirm, long polls wait and wake, conflicts are told as Telegram does.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { TestClock } from "effect/testing"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, call, group, people, said, unlimited } from "./support.ts"

const free = Effect.provide(TelegramEmulator.layerInProcess(unlimited))

const Ids = Schema.Array(Schema.Struct({ update_id: Schema.Int }))
const ids = (params: Readonly<Record<string, unknown>> = {}) =>
  Effect.map(
    call("getUpdates", params),
    ({ result }) => Schema.decodeUnknownSync(Ids)(result).map(({ update_id }) => update_id - 100_000_000),
  )
/** Runs until every started call has come to its wait: the fetch handler needs real turns of the event loop. */
const settled = Effect.promise(() => new Promise<void>((done) => setImmediate(done))).pipe(Effect.repeat({ times: 20 }))

describe("getUpdates", () => {
  it.effect("hands out updates until an offset confirms them", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      for (const text of ["a", "b", "c"]) yield* emulator.say(ann, ann, text)
      assert.deepStrictEqual(yield* ids(), [1, 2, 3])
      assert.deepStrictEqual(yield* ids({ limit: 2 }), [1, 2])
      assert.deepStrictEqual(yield* ids({ offset: 100_000_003 }), [3])
      assert.deepStrictEqual(yield* ids({ offset: 0 }), [3])
      assert.deepStrictEqual(yield* ids({ offset: 100_000_004 }), [])
    }).pipe(free))

  it.effect("keeps only the last ones for a negative offset", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      for (const text of ["a", "b", "c"]) yield* emulator.say(ann, ann, text)
      assert.deepStrictEqual(yield* ids({ offset: -1 }), [3])
      assert.deepStrictEqual(yield* ids(), [3])
    }).pipe(free))

  it.effect("waits for an update and no longer", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const poll = yield* Effect.forkChild(ids({ timeout: 30 }))
      yield* settled
      yield* TestClock.adjust("29 seconds")
      yield* emulator.say(ann, ann, "late")
      assert.deepStrictEqual(yield* Fiber.join(poll), [1])
    }).pipe(free))

  it.effect("answers an empty list when its time is over", () =>
    Effect.gen(function* () {
      yield* people
      const poll = yield* Effect.forkChild(ids({ timeout: 30 }))
      yield* settled
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual(yield* Fiber.join(poll), [])
    }).pipe(free))

  it.effect("ends when another poll takes its place", () =>
    Effect.gen(function* () {
      yield* people
      const first = yield* Effect.forkChild(said("getUpdates", { timeout: 30 }))
      yield* settled
      assert.deepStrictEqual(yield* ids(), [])
      assert.strictEqual(
        yield* Fiber.join(first),
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
      )
    }).pipe(free))

  it.effect("is a conflict while a webhook is set", () =>
    Effect.gen(function* () {
      yield* people
      const waiting = yield* Effect.forkChild(said("getUpdates", { timeout: 30 }))
      yield* settled
      yield* call("setWebhook", { url: "https://example.invalid/hook" })
      assert.strictEqual(yield* Fiber.join(waiting), "Conflict: terminated by setWebhook request")
      assert.deepStrictEqual(yield* call("getUpdates"), {
        ok: false,
        error_code: 409,
        description:
          "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
      })
      yield* call("deleteWebhook")
      assert.strictEqual(yield* said("getUpdates"), "ok")
    }).pipe(free))

  it.effect("queues only the kinds that allowed_updates names", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* ids({ allowed_updates: ["callback_query"] })
      assert.isNull((yield* emulator.say(ann, ann, "a")).updateId)
      yield* ids({ allowed_updates: [] })
      assert.isNotNull((yield* emulator.say(ann, ann, "b")).updateId)
      assert.isNull(yield* emulator.pushRawUpdate({ chat_member: {} }))
      assert.strictEqual(
        yield* said("getUpdates", { allowed_updates: "all" }),
        "Bad Request: can't parse allowed_updates: expected an Array of String",
      )
    }).pipe(free))

  it.effect("hands a duplicate out once, although its offset is past", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.say(ann, ann, "a")
      yield* emulator.say(ann, ann, "b")
      assert.deepStrictEqual(yield* ids({ offset: 100_000_003 }), [])
      yield* emulator.duplicateUpdate(100_000_001)
      assert.deepStrictEqual(yield* ids({ offset: 100_000_003 }), [1])
      assert.deepStrictEqual(yield* ids({ offset: 100_000_003 }), [])
      assert.strictEqual((yield* Effect.flip(emulator.duplicateUpdate(5))).reason, "update_unknown")
    }).pipe(free))
})

describe("what people do", () => {
  const updates = (params: Readonly<Record<string, unknown>> = {}) =>
    Effect.map(call("getUpdates", params), ({ result }) => result)
  const annUser = { id: ann, is_bot: false, first_name: "Ann", language_code: "en" }
  const annChat = { id: ann, first_name: "Ann", type: "private" }

  it.effect("makes a message with its commands marked", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* TestClock.adjust("7 seconds")
      yield* emulator.say(ann, ann, "/start now /help@arbedge_bot a/b")
      assert.deepStrictEqual(yield* updates(), [{
        update_id: 100_000_001,
        message: {
          message_id: 1,
          from: annUser,
          chat: annChat,
          date: 7,
          text: "/start now /help@arbedge_bot a/b",
          entities: [{ type: "bot_command", offset: 0, length: 6 }, { type: "bot_command", offset: 11, length: 17 }],
        },
      }])
    }).pipe(free))

  it.effect("makes a callback query of a tap, answered once and in time", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const tooOld = "Bad Request: query is too old and response timeout expired or query ID is invalid"
      yield* call("sendMessage", {
        chat_id: ann,
        text: "x",
        reply_markup: {
          inline_keyboard: [[{ text: "Go", callback_data: "go:1" }, { text: "Web", url: "https://x.io" }]],
        },
      })
      const first = yield* emulator.tap(ann, 1, "Go")
      const answer = { callback_query_id: first, text: "Done", show_alert: true }
      assert.isNull(yield* emulator.callbackAnswer(first))
      assert.strictEqual(yield* said("answerCallbackQuery", answer), "ok")
      assert.deepStrictEqual(yield* emulator.callbackAnswer(first), { text: "Done", showAlert: true })
      assert.strictEqual(yield* said("answerCallbackQuery", answer), tooOld)
      const second = yield* emulator.tap(ann, 1, "go:1")
      yield* TestClock.adjust("15001 millis")
      assert.strictEqual(yield* said("answerCallbackQuery", { callback_query_id: second }), tooOld)
      assert.strictEqual((yield* Effect.flip(emulator.tap(ann, 1, "Web"))).reason, "button_unknown")
      assert.strictEqual((yield* Effect.flip(emulator.tap(ann, 2, "Go"))).reason, "message_unknown")
      const Queries = Schema.Array(Schema.Struct({
        callback_query: Schema.Struct({ id: Schema.String, data: Schema.String, from: Schema.Unknown }),
      }))
      assert.deepStrictEqual(
        Schema.decodeUnknownSync(Queries)(yield* updates()).map(({ callback_query }) => callback_query),
        [first, second].map((id) => ({ id, data: "go:1", from: annUser })),
      )
    }).pipe(free))

  it.effect("tells the bot that it was blocked and unblocked, once each", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.block(ann)
      yield* emulator.block(ann)
      assert.strictEqual((yield* Effect.flip(emulator.say(ann, ann, "x"))).reason, "not_reachable")
      yield* emulator.unblock(ann)
      const Standing = Schema.Array(Schema.Struct({
        my_chat_member: Schema.Struct({ new_chat_member: Schema.Struct({ status: Schema.String }) }),
      }))
      assert.deepStrictEqual(
        Schema.decodeUnknownSync(Standing)(yield* updates()).map((each) => each.my_chat_member.new_chat_member.status),
        ["kicked", "member"],
      )
    }).pipe(free))

  it.effect("tells both chats of a migration, and is known in the new one", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const moved = yield* emulator.migrate(group)
      assert.strictEqual(moved, -1005001)
      const Service = Schema.Array(Schema.Struct({ message: Schema.Record(Schema.String, Schema.Unknown) }))
      const [from, to] = Schema.decodeUnknownSync(Service)(yield* updates())
      assert.strictEqual(from?.message["migrate_to_chat_id"], moved)
      assert.strictEqual(to?.message["migrate_from_chat_id"], group)
      assert.strictEqual(yield* said("getChatMember", { chat_id: moved, user_id: ann }), "ok")
      assert.strictEqual((yield* Effect.flip(emulator.migrate(group))).reason, "not_a_group")
      assert.strictEqual((yield* Effect.flip(emulator.say(group, ann, "x"))).reason, "not_reachable")
    }).pipe(free))

  it.effect("is refused where it cannot happen", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      assert.strictEqual(
        (yield* Effect.flip(emulator.addPrivateChat({ id: ann, firstName: "A" }))).reason,
        "chat_exists",
      )
      assert.strictEqual((yield* Effect.flip(emulator.say(9, 9, "x"))).reason, "chat_unknown")
      assert.strictEqual((yield* Effect.flip(emulator.say(group, 9, "x"))).reason, "user_unknown")
      assert.strictEqual((yield* Effect.flip(emulator.chat(9))).reason, "chat_unknown")
    }).pipe(free))
})
