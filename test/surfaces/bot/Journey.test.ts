/** Whole journeys through the bot, the same by long polling and by webhook. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import type { SessionOptions } from "../../../src/actors/Session.ts"
import { Notifier } from "../../../src/layers/Notifier.ts"
import { Opportunities } from "../../../src/layers/Opportunities.ts"
import * as TelegramNotifier from "../../../src/layers/telegram/Notifier.ts"
import { Users } from "../../../src/layers/Users.ts"
import { card } from "../../domain/card/someCard.ts"
import { ann, bob, group } from "../../simulators/telegram/support.ts"
import { t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { type Conversation, conversation, hooked, polled, surroundings } from "./running.ts"

/** An opportunity that is open at t0. */
const open = (changes: Parameters<typeof card>[0] = {}) =>
  Opportunities.use((store) => store.upsert(card({ expiresAt: t0 + 3_600_000, ...changes }), t0))

/** Sends Ann the card, as Deliver would. */
const notify = Effect.flatMap(
  Notifier,
  (notifier) =>
    notifier.send({ chatId: `${ann}`, opportunity: card({ expiresAt: t0 + 3_600_000 }), language: "en", nowMs: t0 }),
)

const annsPreferences = Users.use((users) =>
  Effect.flatMap(users.byTelegramId(`${ann}`), (user) => users.preferences(Option.getOrThrow(user).userId))
)

const feedings = { polling: polled, webhook: hooked } as const

for (const [name, feeding] of Object.entries(feedings)) {
  // The clock is set before anything waits on it: polls of all the time until t0 would never end.
  const life = <E, R>(
    body: (conversation: Conversation) => Effect.Effect<void, E, R>,
    options: SessionOptions = {},
  ) =>
    Effect.andThen(
      fresh,
      Effect.flatMap(conversation, body).pipe(
        Effect.provide(TelegramNotifier.layer),
        Effect.provide(Layer.provideMerge(feeding, surroundings(options))),
      ),
    )

  layer(world, { timeout: "60 seconds" })(`The bot, fed by ${name},`, (it) => {
    it.effect("serves from start through opportunities and logout to refusal and a new start", () =>
      life(({ messages, say }) =>
        Effect.gen(function* () {
          assert.match(yield* say(ann, "/opportunities"), /^🔑 You have no session yet/)
          const welcome = yield* say(ann, "/start")
          assert.match(welcome, /^👋 Welcome to ArbEdge, Ann!/)
          assert.include(welcome, "By starting you agree to be sent messages")
          assert.include(yield* say(ann, "/opportunities"), "Nothing is open right now")
          yield* open()
          const listed = yield* say(ann, "/opportunities")
          assert.match(
            listed,
            /One opportunity fits you now:\n\n🟢 BTC\/USDT 🔼kraken 🔽okx\n\+15.78 bps = \+37.906 USDT/,
          )
          assert.match(yield* say(ann, "/session"), /^✅ Session active\n• started 2025-06-15 15:06 \(UTC\)/)
          assert.match(yield* say(ann, "/logout"), /^🚪 You are logged out. Nothing more will be sent/)
          assert.match(yield* say(ann, "/session"), /^🚪 You are logged out. Your settings are kept/)
          assert.match(yield* say(ann, "/start"), /^👋 Welcome back, Ann!/)
          assert.match(yield* say(ann, "/start"), /^✅ Your session is active already/)
          assert.strictEqual((yield* messages(ann)).length, 9)
        })
      ))

    it.effect("helps without a session, in the language of the app", () =>
      life(({ emulator, say }) =>
        Effect.gen(function* () {
          yield* emulator.addPrivateChat({ id: 107, firstName: "Оля", languageCode: "ru" })
          assert.include(yield* say(107, "/help"), "/opportunities — Что открыто прямо сейчас")
          assert.include(yield* say(ann, "/help@ArbEdge_Emulated_Bot"), "/opportunities — What is open right now")
          assert.match(yield* say(107, "/start"), /^👋 Добро пожаловать в ArbEdge, Оля!/)
          assert.match(yield* say(107, "/session"), /^✅ Сессия активна/)
        })
      ))

    it.effect("hints at unknown commands and plain text, and tells strangers to start", () =>
      life(({ say }) =>
        Effect.gen(function* () {
          assert.match(yield* say(ann, "/nonsense"), /^🔑/)
          yield* say(ann, "/start")
          assert.include(yield* say(ann, "/nonsense"), "/help lists those I do")
          assert.include(yield* say(ann, "hello"), "I understand commands and buttons")
        })
      ))

    it.effect("serves in groups what may be seen by all, and leads into a private chat for the rest", () =>
      life(({ emulator, messages, say, settled }) =>
        Effect.gen(function* () {
          /** What the bot answers in the group. */
          const inGroup = (texts: ReadonlyArray<string>, answers: number) =>
            Effect.gen(function* () {
              const before = (yield* messages(group)).length
              for (const text of texts) yield* emulator.say(group, ann, text)
              yield* until(Effect.map(messages(group), (now) => now.length >= before + answers))
              yield* settled
              return (yield* messages(group)).slice(before)
            })
          const start = yield* inGroup(["/other", "hello", "/start@other_bot", "/start@arbedge_emulated_bot"], 1)
          assert.lengthOf(start, 1)
          assert.match(start[0] ?? "", /^🔒 This is between the two of us/)
          const sent = (yield* emulator.log.calls).find(({ method }) => method === "sendMessage")
          assert.include(JSON.stringify(sent?.replyMarkup), "https://t.me/arbedge_emulated_bot?start=start")
          assert.match((yield* inGroup(["/opportunities"], 1))[0] ?? "", /^🔑 You have no session yet/)
          yield* say(ann, "/start")
          assert.match((yield* inGroup(["/opportunities"], 1))[0] ?? "", /^🔍 Nothing is open right now/)
          assert.match((yield* inGroup(["/logout"], 1))[0] ?? "", /^🔒 This is between the two of us/)
          assert.match(yield* say(ann, "/session"), /^✅ Session active/)
        })
      ))

    it.effect("gives an expired session one clear message and a button that starts it again", () =>
      life(({ say, tap }) =>
        Effect.gen(function* () {
          yield* say(ann, "/start")
          yield* TestClock.adjust("10 minutes")
          assert.match(yield* say(ann, "/session"), /^⌛️ Your session has expired/)
          assert.strictEqual(yield* tap(ann, "Start again"), "Your session is active.")
          assert.match(yield* say(ann, "/session"), /^✅ Session active\n• started 2025-06-15 15:16 \(UTC\)/)
        }), { timeout: "10 minutes" }))

    it.effect("answers the buttons of a card: details, why and mute", () =>
      life(({ emulator, say, tap }) =>
        Effect.gen(function* () {
          yield* say(ann, "/start")
          yield* open()
          yield* notify
          assert.match(yield* tap(ann, "Why me?"), /^Net 15.78 bps, your minimum is 0\./)
          assert.strictEqual(yield* tap(ann, "Details"), "Details as of now.")
          const detailed = (yield* emulator.chat(ann)).messages.at(-1)
          assert.include(detailed?.text, "levels: 30,000 × 0.4; 30,010 × 0.4")
          assert.strictEqual(yield* tap(ann, "Mute pair"), "BTC/USDT is muted: you are not sent it any more.")
          assert.deepStrictEqual((yield* annsPreferences).mutedPairs, ["BTC/USDT"])
          assert.match(yield* say(ann, "/opportunities"), /Open, but not for you: 1 \(1 of pairs you muted\)/)
        })
      ))

    it.effect("does on a double tap what one tap does", () =>
      life(({ messages, say, tap }) =>
        Effect.gen(function* () {
          yield* say(ann, "/start")
          yield* open()
          yield* notify
          const before = (yield* messages(ann)).length
          for (const button of ["Details", "Mute pair", "Why me?"]) {
            yield* tap(ann, button)
            const once = yield* messages(ann)
            yield* tap(ann, button)
            assert.deepStrictEqual(yield* messages(ann), once, button)
          }
          assert.strictEqual((yield* messages(ann)).length, before)
          assert.deepStrictEqual((yield* annsPreferences).mutedPairs, ["BTC/USDT"])
          yield* say(ann, "/logout")
          assert.strictEqual(yield* tap(ann, "Start again"), "Your session is active.")
          const greeted = yield* messages(ann)
          assert.strictEqual(yield* tap(ann, "Start again"), "Your session is active already.")
          assert.deepStrictEqual(yield* messages(ann), greeted)
        })
      ))

    it.effect("checks the session behind every tap, whoever's button it was", () =>
      life(({ messages, say, tap }) =>
        Effect.gen(function* () {
          yield* say(ann, "/start")
          yield* open()
          yield* notify
          yield* say(ann, "/logout")
          const before = yield* messages(ann)
          assert.match(yield* tap(ann, "Mute pair"), /^You are logged out/)
          assert.deepStrictEqual((yield* annsPreferences).mutedPairs, [])
          assert.deepStrictEqual(yield* messages(ann), before)
        })
      ))

    it.effect("stops sending at a block, and takes only a start for consent after an unblock", () =>
      life(({ emulator, say, settled }) =>
        Effect.gen(function* () {
          const reachable = Users.use((users) =>
            Effect.map(users.byTelegramId(`${bob}`), (user) => Option.getOrThrow(user).isActive)
          )
          const audience = Users.use((users) => Effect.map(users.audience(t0), (all) => all.length))
          yield* say(bob, "/start")
          assert.strictEqual(yield* audience, 1)
          yield* emulator.block(bob)
          yield* until(Effect.map(reachable, (active) => !active))
          yield* settled
          yield* emulator.unblock(bob)
          yield* until(reachable)
          yield* settled
          assert.strictEqual(yield* audience, 0)
          assert.match(yield* say(bob, "/session"), /^🚪/)
          yield* say(bob, "/start")
          assert.strictEqual(yield* audience, 1)
        })
      ))

    it.effect("says so when an answer has to wait, and is patient with Telegram's limits", () =>
      life(({ emulator, say }) =>
        Effect.gen(function* () {
          yield* emulator.faults.inject({ trouble: { _tag: "status", status: 502 }, method: "sendMessage", times: 2 })
          const waiting = yield* Effect.forkChild(say(ann, "/start"))
          yield* until(Effect.gen(function* () {
            yield* TestClock.adjust("1 second")
            return waiting.pollUnsafe() !== undefined
          }))
          const sends = (yield* emulator.log.calls).filter(({ method }) => method === "sendMessage")
          assert.deepStrictEqual(sends.map(({ outcome }) => outcome.ok), [false, false, true])
        })
      ))
  })
}
