/** /keys: an exchange key is entrusted step by step, its messages deleted, checked, shown without its secret, removed. */
import { assert, layer } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import type { KeyFinding } from "../../../src/domain/ApiKey.ts"
import type { KeyCheck } from "../../../src/layers/KeyCheck.ts"
import { Keys } from "../../../src/layers/Keys.ts"
import { Store } from "../../../src/layers/Store.ts"
import { Users } from "../../../src/layers/Users.ts"
import { ann, bob, group } from "../../simulators/telegram/support.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"
import { READS, scripted } from "./scriptedKeyCheck.ts"

const life = <E, R>(
  keyCheck: Layer.Layer<KeyCheck>,
  body: (conversation: Conversation) => Effect.Effect<void, E, R>,
) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(Effect.provide(Layer.provideMerge(polled, surroundings({}, keyCheck)))),
  )

const told = (changes: Partial<typeof READS> = {}): Effect.Effect<KeyFinding> =>
  Effect.succeed({ _tag: "Told", rights: { ...READS, ...changes } })

const chat = ({ emulator }: Conversation, id: number) => Effect.orDie(emulator.chat(id))

const lastButtons = (talk: Conversation, id: number) =>
  Effect.map(
    chat(talk, id),
    ({ messages }) =>
      (messages.findLast(({ buttons, fromBot }) => fromBot && buttons.length > 0)?.buttons ?? [])
        .flat().map(({ text }) => text),
  )

/** What the person's own messages still say. */
const typed = (talk: Conversation, id: number) =>
  Effect.map(chat(talk, id), ({ messages }) => messages.filter(({ fromBot }) => !fromBot).map(({ text }) => text))

const keysOf = (id: number) =>
  Effect.gen(function* () {
    const user = Option.getOrThrow(yield* (yield* Users).byTelegramId(`${id}`))
    return yield* (yield* Keys).list(user.userId)
  })

/** Taps and waits until the bot has said something that contains this. */
const tapUntil = (talk: Conversation, id: number, button: string, part: string) =>
  Effect.gen(function* () {
    yield* talk.tap(id, button)
    yield* until(Effect.map(talk.messages(id), (all) => all.some((text) => text.includes(part))))
    yield* talk.settled
  })

const started = (talk: Conversation, id: number, venue: string) =>
  Effect.gen(function* () {
    yield* talk.say(id, "/start")
    yield* talk.say(id, "/keys")
    yield* talk.tap(id, "➕ Add a key")
    yield* tapUntil(talk, id, venue, "Send the API key")
  })

layer(world, { timeout: "60 seconds" })("The keys of the bot", (it) => {
  it.effect("are asked for part by part, deleted from the chat, checked, shown and removed", () => {
    const { asked, layer } = scripted({ okx: told() }, ["okx"])
    return life(layer, (talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        assert.include(yield* talk.say(ann, "/keys"), "You have entrusted none")
        yield* talk.tap(ann, "➕ Add a key")
        yield* tapUntil(talk, ann, "okx", "Send the API key")
        assert.isTrue((yield* talk.messages(ann)).some((text) => text.includes("Never allow withdrawals")))
        assert.include(yield* talk.say(ann, "  key-of-ann "), "Now the secret")
        assert.include(yield* talk.say(ann, "secret-of-ann"), "And the passphrase")
        const result = yield* talk.say(ann, "phrase of ann")
        assert.include(result, "okx #1")
        assert.include(result, "✅ Usable")
        assert.include(result, "Reading: yes · trading: no · withdrawing: no")
        assert.include(result, "restrict it to the server's")
        const secret = asked[0]
        assert.deepStrictEqual(
          [secret?.apiKey, secret?.secret, secret?.passphrase].map((part) =>
            part == null ? null : Redacted.value(part)
          ),
          ["key-of-ann", "secret-of-ann", "phrase of ann"],
        )
        assert.deepStrictEqual(yield* typed(talk, ann), ["/start", "/keys"])
        assert.notMatch((yield* talk.messages(ann)).join("\n"), /of[ -]ann/)

        yield* talk.say(ann, "/keys")
        assert.deepStrictEqual(yield* lastButtons(talk, ann), ["✅ okx #1", "➕ Add a key", "Close"])
        yield* talk.tap(ann, "✅ okx #1")
        yield* talk.tap(ann, "🗑 Remove")
        assert.strictEqual((yield* keysOf(ann)).length, 1)
        assert.strictEqual(yield* talk.tap(ann, "🗑 Yes, remove it"), "Removed.")
        assert.deepStrictEqual(yield* keysOf(ann), [])
      }))
  })

  it.effect("are refused with the right to withdraw, and what is unknown is said to be", () =>
    life(
      scripted({ binance: told({ withdraw: "yes" }), kraken: told({ trade: "unknown", withdraw: "unknown" }) }).layer,
      (talk) =>
        Effect.gen(function* () {
          yield* started(talk, ann, "binance")
          yield* talk.say(ann, "key-of-ann")
          const refused = yield* talk.say(ann, "secret-of-ann")
          assert.include(refused, "Refused: I have destroyed the copy I had")
          assert.include(refused, "It may withdraw funds")
          yield* talk.say(ann, "/keys")
          yield* talk.tap(ann, "⛔ binance #1")
          assert.deepStrictEqual(yield* lastButtons(talk, ann), ["🗑 Remove", "‹ Back"])

          yield* started(talk, bob, "kraken")
          yield* talk.say(bob, "key-of-bob")
          const unknown = yield* talk.say(bob, "secret-of-bob")
          assert.include(unknown, "trading: the exchange does not say")
          assert.include(unknown, "never for orders")
        }),
    ))

  it.effect("that get no answer stay, and can be checked again", () => {
    const { answers, layer } = scripted({ binance: Effect.succeed({ _tag: "Unanswered", detail: "no way there" }) })
    return life(layer, (talk) =>
      Effect.gen(function* () {
        yield* started(talk, ann, "binance")
        yield* talk.say(ann, "key-of-ann")
        assert.include(yield* talk.say(ann, "secret-of-ann"), "came to nothing: no way there")
        answers["binance"] = Effect.succeed({ _tag: "Rejected", detail: "expired <b>" })
        yield* talk.say(ann, "/keys")
        yield* talk.tap(ann, "⏳ binance #1")
        yield* tapUntil(talk, ann, "🔄 Check again", "What the exchange said: expired <b>")
        answers["binance"] = told({ trade: "yes" })
        yield* talk.say(ann, "/keys")
        yield* talk.tap(ann, "⚠️ binance #1")
        yield* tapUntil(talk, ann, "🔄 Check again", "for orders that you place")
        assert.strictEqual((yield* keysOf(ann))[0]?.state, "usable")
      }))
  })

  it.effect("whose message cannot be deleted lead to a clear warning; a lost answer to the deletion does not", () =>
    life(scripted({ binance: told() }).layer, (talk) =>
      Effect.gen(function* () {
        yield* started(talk, ann, "binance")
        yield* talk.emulator.faults.inject({ trouble: { _tag: "loseReply" }, method: "deleteMessage" })
        yield* talk.emulator.faults.inject({
          trouble: {
            _tag: "refuse",
            errorCode: 400,
            description: "Bad Request: message can't be deleted for everyone",
          },
          method: "deleteMessage",
        })
        const asking = yield* Effect.forkChild(talk.say(ann, "key-of-ann"))
        yield* until(Effect.gen(function* () {
          yield* TestClock.adjust("1 second")
          return (yield* talk.messages(ann)).some((text) => text.includes("Now the secret"))
        }))
        yield* Fiber.join(asking)
        assert.isTrue((yield* talk.messages(ann)).some((text) => text.includes("Please delete it yourself")))
      })))

  it.effect("are none for a venue that wants more than three parts, and none is asked for in a group", () =>
    life(scripted({ binance: told() }).layer, (talk) =>
      Effect.gen(function* () {
        yield* talk.say(ann, "/start")
        yield* talk.say(ann, "/keys")
        yield* talk.tap(ann, "➕ Add a key")
        yield* tapUntil(talk, ann, "kraken", "I cannot use keys of kraken: it wants walletAddress")
        yield* talk.emulator.say(group, ann, "/keys")
        yield* until(Effect.map(talk.messages(group), (all) => all.length > 0))
        yield* talk.settled
        assert.notInclude((yield* talk.messages(group)).join(), "Your exchange keys")
      })))

  it.effect("are not taken from half a conversation: any command takes the question back", () =>
    life(scripted({ binance: told() }).layer, (talk) =>
      Effect.gen(function* () {
        yield* started(talk, ann, "binance")
        yield* talk.say(ann, "key-of-ann")
        yield* talk.say(ann, "/session")
        yield* talk.say(ann, "secret-of-ann")
        assert.deepStrictEqual(yield* keysOf(ann), [])
        const { sql } = yield* Store
        const rows = yield* sql<
          { readonly sealed: string | null }
        >`select metadata->>'sealed' as sealed from user_sessions`
        assert.deepStrictEqual(rows, [{ sealed: null }])
      })))

  it.effect("of others cannot be reached by a menu that was sent to them", () =>
    life(scripted({ binance: told() }).layer, (talk) =>
      Effect.gen(function* () {
        yield* started(talk, ann, "binance")
        yield* talk.say(ann, "key-of-ann")
        yield* talk.say(ann, "secret-of-ann")
        yield* talk.say(ann, "/keys")
        yield* talk.tap(ann, "✅ binance #1")
        const data = (yield* chat(talk, ann)).messages.findLast(({ buttons }) => buttons.length > 0)?.buttons[0]?.[1]
        yield* talk.say(bob, "/start")
        const stolen = data !== undefined && "callback_data" in data ? data.callback_data : ""
        yield* talk.emulator.pushRawUpdate({
          callback_query: {
            id: "9001",
            from: { id: bob, is_bot: false, first_name: "Bob" },
            chat_instance: "1",
            data: stolen,
          },
        })
        yield* until(Effect.map(talk.messages(bob), (all) => all.some((text) => text.includes("no such key"))))
        assert.strictEqual((yield* keysOf(ann)).length, 1)
      })))
})
