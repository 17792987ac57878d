/** The Notifier on the real grammY against the emulator: every end a request can have, and what it is called. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { type Notification, Notifier, type Outcome } from "../../../src/layers/Notifier.ts"
import { type Emulator, TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import type { Trouble } from "../../../src/simulators/telegram/Faults.ts"
import { card, detectedAt } from "../../domain/card/someCard.ts"
import { ann, bob, group, people, unlimited } from "../../simulators/telegram/support.ts"
import { answering, clientOf, overTcp } from "./support.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"

const to = (chatId: number, changes: Partial<Notification> = {}): Notification => ({
  chatId: `${chatId}`,
  opportunity: card(),
  language: "en",
  nowMs: detectedAt + 1_000,
  ...changes,
})

const talking = <E, R>(
  body: (parts: { readonly emulator: Emulator; readonly notifier: Notifier["Service"] }) => Effect.Effect<void, E, R>,
  limits: Parameters<typeof TelegramEmulator.layer>[0] = unlimited,
) =>
  Effect.gen(function* () {
    const emulator = yield* people
    const notifier = yield* Notifier
    yield* body({ emulator, notifier })
  }).pipe(Effect.provide(overTcp), Effect.provide(TelegramEmulator.layer(limits)))

const struck = (trouble: Trouble, expected: Outcome) =>
  talking(({ emulator, notifier }) =>
    Effect.gen(function* () {
      yield* emulator.faults.inject({ trouble })
      assert.deepStrictEqual(yield* notifier.send(to(ann)), expected)
      const calls = yield* emulator.log.calls
      assert.strictEqual(calls.length, 1, "one call makes one request")
    })
  )

describe("the notifier on Telegram", () => {
  it.live("sends a card with its buttons and answers the message's id", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        const outcome = yield* notifier.send(to(ann))
        const seen = (yield* emulator.chat(ann)).messages.at(-1)
        assert.deepStrictEqual(outcome, { _tag: "Accepted", messageId: seen?.messageId ?? -1 })
        assert.match(seen?.text ?? "", /^🟢 BTC\/USDT · cross-exchange · new\n/)
        assert.includeMembers(seen?.buttons.flat().map(({ text }) => text) ?? [], ["⚡️ Take", "Details", "Dismiss"])
      })
    ))

  it.live("edits the card when it closes, and counts an edit that changes nothing as accepted", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        const sent = yield* notifier.send(to(ann))
        if (sent._tag !== "Accepted") return assert.fail(sent._tag)
        const closed = to(ann, { opportunity: card({ state: "closed", lastAt: detectedAt + 12 }) })
        assert.deepStrictEqual(yield* notifier.edit(sent.messageId, closed), sent)
        assert.deepStrictEqual(yield* notifier.edit(sent.messageId, closed), sent)
        const messages = (yield* emulator.chat(ann)).messages
        assert.strictEqual(messages.length, 1)
        assert.include(messages[0]?.text, "it lived 12 ms")
        assert.isTrue(messages[0]?.entities.some(({ type }) => type === "strikethrough"))
      })
    ))

  it.live("is refused an edit of a message that is gone", () =>
    talking(({ notifier }) =>
      Effect.map(notifier.edit(999, to(ann)), (outcome) => assert.strictEqual(outcome._tag, "Refused"))
    ))

  it.live("finds the chat gone when it is blocked, kicked out, not started or unknown", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        yield* emulator.addPrivateChat({ id: 103, firstName: "Eve", started: false })
        yield* emulator.block(ann)
        yield* emulator.block(group)
        const outcomes = yield* Effect.forEach([ann, group, 103, 999], (chat) => notifier.send(to(chat)))
        assert.deepStrictEqual(outcomes.map(({ _tag }) => _tag), ["ChatGone", "ChatGone", "ChatGone", "ChatGone"])
        assert.strictEqual((yield* notifier.send(to(bob)))._tag, "Accepted", "others are unaffected")
      })
    ))

  it.live("follows a group to its new id", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        const newId = yield* emulator.migrate(group)
        assert.deepStrictEqual(yield* notifier.send(to(group)), { _tag: "Migrated", toChatId: `${newId}` })
        assert.strictEqual((yield* notifier.send(to(newId)))._tag, "Accepted")
      })
    ))

  it.live("says how long Telegram asks to wait, by its limits and on request", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        yield* notifier.send(to(ann))
        assert.deepStrictEqual(yield* notifier.send(to(ann)), { _tag: "RetryAfter", afterMs: 1_000 })
        yield* emulator.faults.inject({ chatId: bob, trouble: { _tag: "retryAfter", seconds: 37 } })
        assert.deepStrictEqual(yield* notifier.send(to(bob)), { _tag: "RetryAfter", afterMs: 37_000 })
      }), {}))

  it.live("takes an HTML page in JSON's place for a front server's error", () =>
    struck({ _tag: "status", status: 502 }, { _tag: "Unavailable", detail: "HTTP 502, not the Bot API's form" }))

  it.live("finds the service unavailable on a 5xx in JSON", () =>
    struck({ _tag: "status", status: 500, html: false }, { _tag: "Unavailable", detail: "Internal Server Error" }))

  it.live("finds the service unavailable when the token is refused, since the message is sound", () =>
    struck(
      { _tag: "refuse", errorCode: 401, description: "Unauthorized" },
      { _tag: "Unavailable", detail: "Unauthorized" },
    ))

  it.live("is refused what Telegram cannot read", () =>
    struck({ _tag: "refuse", errorCode: 400, description: "Bad Request: can't parse entities" }, {
      _tag: "Refused",
      detail: "Bad Request: can't parse entities",
    }))

  it.live("does not know what became of a request whose reply is lost, and does not repeat it", () =>
    talking(({ emulator, notifier }) =>
      Effect.gen(function* () {
        yield* emulator.faults.inject({ trouble: { _tag: "loseReply" } })
        assert.strictEqual((yield* notifier.send(to(ann)))._tag, "Unknown")
        assert.strictEqual((yield* emulator.chat(ann)).messages.length, 1)
      })
    ))

  it.live("does not know what became of a request that nobody answers in time", () =>
    Effect.gen(function* () {
      const began = yield* Clock.currentTimeMillis
      const { url } = yield* answering(() => {})
      const outcome = yield* Notifier.use((notifier) => notifier.send(to(ann))).pipe(
        Effect.provide(TelegramNotifier.layer),
        Effect.provide(clientOf(url, "300 millis")),
      )
      assert.strictEqual(outcome._tag, "Unknown")
      assert.isBelow((yield* Clock.currentTimeMillis) - began, 5_000)
    }))

  it.live("knows that nothing left where there is no connection", () =>
    Effect.gen(function* () {
      const { close, url } = yield* answering(() => {})
      close()
      const outcome = yield* Notifier.use((notifier) => notifier.send(to(ann))).pipe(
        Effect.provide(TelegramNotifier.layer),
        Effect.provide(clientOf(url)),
      )
      assert.strictEqual(outcome._tag, "Unavailable")
    }))

  it.live("does not know what an answer of another form means, unless its status says that it was not carried out", () =>
    Effect.gen(function* () {
      const cases: ReadonlyArray<readonly [number, string, Outcome["_tag"]]> = [
        [200, "null", "Unknown"],
        [200, "{}", "Unknown"],
        [200, '{"ok":true,"result":{}}', "Unknown"],
        [200, '{"ok":true,"resu', "Unknown"],
        [200, "<html>Sign in to the hotel's network</html>", "Unknown"],
        [302, "", "Unavailable"],
        [403, "<html>Forbidden</html>", "Unavailable"],
        [413, "", "Unavailable"],
        [429, "slow down", "RetryAfter"],
        [503, "", "Unavailable"],
      ]
      for (const [status, body, expected] of cases) {
        const { url } = yield* answering((_request, response) => {
          response.writeHead(status, status === 302 ? { location: "/elsewhere" } : {})
          response.end(body)
        })
        const outcome = yield* Notifier.use((notifier) => notifier.send(to(ann))).pipe(
          Effect.provide(TelegramNotifier.layer),
          Effect.provide(clientOf(url)),
        )
        assert.strictEqual(outcome._tag, expected, `${status} ${body}`)
      }
    }))
})
