/**
 * What the emulator remembers of a run that lasts: as many calls, and what messages say for as long, as it was asked to.
 * Comes in: calls through the API. Promises: what is dropped is counted, and who reads along misses nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as CallLog from "../../../src/simulators/telegram/CallLog.ts"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, call, people, said, unlimited } from "./support.ts"

const CALLS = 20, WORDS_MS = 60_000
const forgetful = Effect.provide(
  TelegramEmulator.layerInProcess({ ...unlimited, callsKept: CALLS, wordsKeptMs: WORDS_MS }),
)
const markup = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] }

const send = (text: string) => call("sendMessage", { chat_id: ann, text, reply_markup: markup })

const entry = (at: number): CallLog.Call => ({
  at,
  method: "getMe",
  chatId: null,
  messageId: null,
  text: null,
  replyMarkup: null,
  params: {},
  outcome: { ok: true },
})

describe("an emulator that forgets", () => {
  it.effect("leaves no more calls behind after 1,000 messages than it may, counts the rest, and hands out all", () =>
    Effect.gen(function* () {
      const { log, say } = yield* people
      yield* say(ann, ann, "/start")
      const reading = yield* Effect.forkChild(Stream.runCollect(Stream.take(log.stream, 1_000)), {
        startImmediately: true,
      })
      yield* Effect.forEach(Array.from({ length: 1_000 }), (_, n) => send(`message ${n}`), { discard: true })
      const kept = yield* log.calls
      assert.isAtMost(kept.length, CALLS)
      assert.strictEqual(kept.length + (yield* log.droppedCount), 1_000)
      assert.deepStrictEqual(
        (yield* Fiber.join(reading)).map(({ text }) => text),
        Array.from({ length: 1_000 }, (_, n) => `message ${n}`),
      )
    }).pipe(forgetful))

  it.effect("remembers what no more messages say than came within its time, after 1,000 of them", () =>
    Effect.gen(function* () {
      const { chat, say } = yield* people
      yield* say(ann, ann, "/start")
      yield* Effect.forEach(
        Array.from({ length: 1_000 }),
        (_, n) => Effect.andThen(TestClock.adjust("10 seconds"), send(`message ${n}`)),
        { discard: true },
      )
      const { messages } = yield* chat(ann)
      assert.strictEqual(messages.length, 1_001)
      const worded = messages.filter(({ buttons, text }) => text !== "" || buttons.length > 0)
      assert.deepStrictEqual(
        worded.map(({ text }) => text),
        [993, 994, 995, 996, 997, 998, 999].map((n) => `message ${n}`),
      )
    }).pipe(forgetful))

  it.effect("lets a message whose words it forgot be edited and deleted, and forgets the edit in its turn", () =>
    Effect.gen(function* () {
      const { chat, say } = yield* people
      yield* say(ann, ann, "/start")
      const texts = Effect.map(chat(ann), ({ messages }) => messages.map(({ text }) => text))
      for (const text of ["old", "older still"]) yield* send(text)
      yield* TestClock.adjust("2 minutes")
      yield* send("young")
      assert.deepStrictEqual(yield* texts, ["", "", "", "young"])
      assert.strictEqual(yield* said("editMessageText", { chat_id: ann, message_id: 2, text: "edited" }), "ok")
      assert.strictEqual(yield* said("deleteMessage", { chat_id: ann, message_id: 3 }), "ok")
      assert.deepStrictEqual(yield* texts, ["", "edited", "young"])
      yield* TestClock.adjust("2 minutes")
      yield* send("younger")
      assert.deepStrictEqual(yield* texts, ["", "", "", "younger"])
    }).pipe(forgetful))

  it.effect("keeps for an open stream what it has not handed out, and drops it once the stream has ended", () =>
    Effect.gen(function* () {
      const log = CallLog.make(CALLS)
      const early: Array<number> = []
      const slow = yield* Effect.forkChild(
        CallLog.stream(log).pipe(
          Stream.runForEach(({ at }) => Effect.andThen(Effect.sync(() => early.push(at)), Effect.never)),
        ),
        { startImmediately: true },
      )
      CallLog.append(log, entry(0))
      yield* Effect.yieldNow
      for (let at = 1; at < 100; at++) CallLog.append(log, entry(at))
      assert.deepStrictEqual(early, [0])
      assert.strictEqual(log.calls.length, 100)
      yield* Fiber.interrupt(slow)
      CallLog.append(log, entry(100))
      assert.isAtMost(log.calls.length, CALLS)
      assert.strictEqual(log.calls.at(-1)?.at, 100)
      assert.strictEqual(log.droppedCount + log.calls.length, 101)
    }))
})
