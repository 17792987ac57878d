/**
 * Telegram's sending limits in virtual time, through the API a bot uses.
 * Comes in: sends and edits at chosen times. Promises: every number here is one Telegram documents.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, call, group, people } from "./support.ts"

const send = (chatId: number) =>
  Effect.map(call("sendMessage", { chat_id: chatId, text: "x" }), (reply) => reply.parameters?.retry_after ?? 0)

const strict = Effect.provide(TelegramEmulator.layer())

describe("the limits", () => {
  it.effect("let one message a second into a chat", () =>
    Effect.gen(function* () {
      yield* people
      assert.strictEqual(yield* send(ann), 0)
      assert.strictEqual(yield* send(ann), 1)
      yield* TestClock.adjust("999 millis")
      assert.strictEqual(yield* send(ann), 1)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* send(ann), 0)
    }).pipe(strict))

  it.effect("refuse with 429, the words and the seconds of Telegram", () =>
    Effect.gen(function* () {
      yield* people
      yield* send(ann)
      assert.deepStrictEqual(yield* call("sendMessage", { chat_id: ann, text: "x" }), {
        ok: false,
        error_code: 429,
        description: "Too Many Requests: retry after 1",
        parameters: { retry_after: 1 },
      })
    }).pipe(strict))

  it.effect("count edits as messages", () =>
    Effect.gen(function* () {
      yield* people
      yield* send(ann)
      const edit = { chat_id: ann, message_id: 1, text: "y" }
      assert.strictEqual((yield* call("editMessageText", edit)).error_code, 429)
      yield* TestClock.adjust("1 second")
      assert.isTrue((yield* call("editMessageText", edit)).ok)
      assert.strictEqual(yield* send(ann), 1)
    }).pipe(strict))

  it.effect("let thirty messages a second out over all chats", () =>
    Effect.gen(function* () {
      const emulator = yield* TelegramEmulator
      const ids = Array.from({ length: 31 }, (_, index) => index + 1)
      for (const id of ids) yield* emulator.addPrivateChat({ id, firstName: `P${id}` })
      for (const id of ids.slice(0, 30)) assert.strictEqual(yield* send(id), 0)
      assert.strictEqual(yield* send(31), 1)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* send(31), 0)
    }).pipe(strict))

  it.effect("let twenty messages a minute into a group", () =>
    Effect.gen(function* () {
      yield* people
      for (let sent = 0; sent < 20; sent++) {
        assert.strictEqual(yield* send(group), 0)
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(yield* send(group), 40)
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual(yield* send(group), 0)
    }).pipe(strict))

  it.effect("give a refused call no place in a window", () =>
    Effect.gen(function* () {
      yield* people
      yield* send(ann)
      yield* TestClock.adjust("500 millis")
      yield* send(ann)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual(yield* send(ann), 0)
    }).pipe(strict))

  it.effect("can be replaced one by one", () =>
    Effect.gen(function* () {
      yield* people
      for (let sent = 0; sent < 3; sent++) assert.strictEqual(yield* send(ann), 0)
      assert.strictEqual(yield* send(ann), 10)
    }).pipe(Effect.provide(TelegramEmulator.layer({ limits: { chat: { messages: 3, windowMs: 10_000 } } }))))

  it.effect("keep a chat, and no other, closed for a forced retry_after", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.faults.inject({ trouble: { _tag: "retryAfter", seconds: 7 }, chatId: ann })
      assert.strictEqual(yield* send(ann), 7)
      yield* TestClock.adjust("3 seconds")
      assert.strictEqual(yield* send(ann), 4)
      assert.strictEqual(yield* send(group), 0)
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* send(ann), 0)
    }).pipe(strict))
})
