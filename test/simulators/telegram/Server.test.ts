/**
 * The emulator over HTTP: the ways to send parameters, the troubles on request, and the log.
 * Comes in: requests over TCP and in-process. Promises: both ways answer the same.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import { TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import type { Call } from "../../../src/simulators/telegram/CallLog.ts"
import { ann, bob, call, people, readReply, unlimited } from "./support.ts"

const served = Effect.provide(TelegramEmulator.layer(unlimited))

/** Posts over TCP; answers status, content type and text. */
const post = (path: string, init: RequestInit = {}) =>
  Effect.flatMap(TelegramEmulator, ({ url }) =>
    Effect.tryPromise(async () => {
      const response = await fetch(`${url}${path}`, { method: "POST", ...init })
      return { status: response.status, type: response.headers.get("content-type"), text: await response.text() }
    }))

const form = (entries: Readonly<Record<string, string>>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(entries)) data.append(name, value)
  return data
}

const message = { chat_id: `${ann}`, text: "héllo & <b>" }

describe("the server", () => {
  const bodies: ReadonlyArray<readonly [string, () => RequestInit & { readonly query?: string }]> = [
    ["JSON", () => ({ body: JSON.stringify(message), headers: { "content-type": "application/json; charset=utf-8" } })],
    ["urlencoded", () => ({ body: new URLSearchParams(message) })],
    ["multipart", () => ({ body: form(message) })],
    ["a query", () => ({ method: "GET", query: `?${new URLSearchParams(message)}` })],
  ]
  it.effect.each(bodies)("reads parameters from %s", ([, make]) =>
    Effect.gen(function* () {
      const { token, chat } = yield* people
      const { query = "", ...init } = make()
      assert.strictEqual((yield* post(`/bot${token}/sendMessage${query}`, init)).status, 200)
      assert.strictEqual((yield* chat(ann)).messages[0]?.text, message.text)
    }).pipe(served))

  it.effect("answers 401 to a wrong token and 404 to another path", () =>
    Effect.gen(function* () {
      const unauthorized = yield* post("/bot1:x/getMe")
      assert.strictEqual(unauthorized.status, 401)
      assert.deepStrictEqual(readReply(unauthorized.text), { ok: false, error_code: 401, description: "Unauthorized" })
      assert.strictEqual((yield* post("/")).status, 404)
    }).pipe(served))

  it.live("stops while a client is polling, and that client sees its connection end", () =>
    Effect.gen(function* () {
      const polling = yield* Effect.gen(function* () {
        const { log, token } = yield* TelegramEmulator
        const poll = yield* Effect.forkDetach(post(`/bot${token}/getUpdates?timeout=30`))
        yield* post(`/bot${token}/getMe`)
        yield* Stream.runHead(log.stream)
        return poll
      }).pipe(served)
      assert.isTrue(Exit.isFailure(yield* Fiber.await(polling)))
    }))

  it.effect("refuses a body that cannot be read", () =>
    Effect.gen(function* () {
      const { token } = yield* TelegramEmulator
      const json = { "content-type": "application/json" }
      for (const body of ["{", "null", "[]", "1"]) {
        assert.strictEqual((yield* post(`/bot${token}/getMe`, { body, headers: json })).status, 400)
      }
    }).pipe(served))
})

describe("troubles on request", () => {
  const send = Effect.flatMap(
    TelegramEmulator,
    ({ token }) => post(`/bot${token}/sendMessage`, { body: new URLSearchParams(message) }),
  )

  it.effect("answer an HTML page instead of JSON, as often as told, and execute nothing", () =>
    Effect.gen(function* () {
      const { chat, faults } = yield* people
      yield* faults.inject({ trouble: { _tag: "status", status: 502 }, method: "sendMessage", times: 2 })
      for (let time = 0; time < 2; time++) {
        const answered = yield* send
        assert.deepStrictEqual([answered.status, answered.type], [502, "text/html"])
        assert.include(answered.text, "<h1>502</h1>")
      }
      assert.lengthOf((yield* chat(ann)).messages, 0)
      assert.strictEqual((yield* send).status, 200)
    }).pipe(served))

  it.effect("answer a server error in JSON", () =>
    Effect.gen(function* () {
      const { faults } = yield* people
      yield* faults.inject({ trouble: { _tag: "status", status: 500, html: false } })
      assert.deepStrictEqual(readReply((yield* send).text), {
        ok: false,
        error_code: 500,
        description: "Internal Server Error",
      })
    }).pipe(served))

  it.effect("lose the reply of a call that was executed and logged", () =>
    Effect.gen(function* () {
      const { chat, faults, log } = yield* people
      yield* faults.inject({ trouble: { _tag: "loseReply" } })
      assert.isTrue(Option.isNone(yield* Effect.option(send)))
      assert.lengthOf((yield* chat(ann)).messages, 1)
      const [logged] = yield* log.calls
      assert.deepStrictEqual([logged?.outcome, logged?.fault, logged?.messageId], [{ ok: true }, "loseReply", 1])
    }).pipe(served))

  it.effect("lose a call before it was executed", () =>
    Effect.gen(function* () {
      const { chat, faults } = yield* people
      yield* faults.inject({ trouble: { _tag: "loseCall" } })
      assert.isTrue(Option.isNone(yield* Effect.option(send)))
      assert.lengthOf((yield* chat(ann)).messages, 0)
    }).pipe(served))

  it.effect("lose a reply in-process as a failed fetch", () =>
    Effect.gen(function* () {
      const { faults, fetch, token, url } = yield* people
      yield* faults.inject({ trouble: { _tag: "loseReply" } })
      const lost = Effect.tryPromise({
        try: () => fetch(`${url}/bot${token}/sendMessage`, { method: "POST", body: new URLSearchParams(message) }),
        catch: (error) => error instanceof TypeError ? "TypeError" : "other",
      })
      assert.strictEqual(yield* Effect.flip(lost), "TypeError")
    }).pipe(Effect.provide(TelegramEmulator.layerInProcess(unlimited))))

  it.effect("delay a reply in virtual time, after the call was executed", () =>
    Effect.gen(function* () {
      const { chat, faults, log } = yield* people
      yield* faults.inject({ trouble: { _tag: "slow", delayMs: 20_000 } })
      const sending = yield* Effect.forkChild(send)
      yield* Stream.runHead(log.stream)
      assert.lengthOf((yield* chat(ann)).messages, 1)
      yield* TestClock.adjust("20 seconds")
      assert.strictEqual((yield* Fiber.join(sending)).status, 200)
    }).pipe(served))

  it.effect("refuse as told, only the calls they are meant for, until cleared", () =>
    Effect.gen(function* () {
      const { faults } = yield* people
      const trouble = { _tag: "refuse", errorCode: 403, description: "Forbidden: user is deactivated" } as const
      yield* faults.inject({ trouble, method: "sendMessage", chatId: bob, times: Infinity })
      assert.isTrue((yield* call("sendMessage", { chat_id: ann, text: "x" })).ok)
      assert.isTrue((yield* call("getChat", { chat_id: bob })).ok)
      for (let time = 0; time < 3; time++) {
        assert.strictEqual((yield* call("sendMessage", { chat_id: bob, text: "x" })).description, trouble.description)
      }
      yield* faults.clear
      assert.isTrue((yield* call("sendMessage", { chat_id: bob, text: "x" })).ok)
    }).pipe(served))
})

describe("the log", () => {
  it.effect("has every call with its time and outcome, as an array, a stream and NDJSON", () =>
    Effect.gen(function* () {
      const { log } = yield* people
      const seen = yield* Effect.forkChild(Stream.runCollect(Stream.take(log.stream, 2)))
      yield* call("sendMessage", { chat_id: ann, text: "x" })
      yield* TestClock.adjust("2 seconds")
      yield* call("editMessageText", { chat_id: ann, message_id: 9, text: "y" })
      const expected: ReadonlyArray<Call> = [
        {
          at: 0,
          method: "sendMessage",
          chatId: ann,
          messageId: 1,
          text: "x",
          replyMarkup: null,
          params: { chat_id: ann, text: "x" },
          outcome: { ok: true },
        },
        {
          at: 2_000,
          method: "editMessageText",
          chatId: ann,
          messageId: 9,
          text: "y",
          replyMarkup: null,
          params: { chat_id: ann, message_id: 9, text: "y" },
          outcome: { ok: false, error_code: 400, description: "Bad Request: message to edit not found" },
        },
      ]
      assert.deepStrictEqual(yield* log.calls, expected)
      assert.deepStrictEqual(yield* Fiber.join(seen), expected)
      assert.strictEqual(yield* log.ndjson, expected.map((each) => `${JSON.stringify(each)}\n`).join(""))
      assert.strictEqual(yield* log.droppedCount, 0)
    }).pipe(Effect.provide(TelegramEmulator.layerInProcess(unlimited))))
})
