/**
 * The bot as it runs: emulated Telegram, real grammY, session actors, an embedded store; fed by polls or by a webhook.
 *
 * In: what a test does. Out: the same once under each feeding. Promises: every test begins with no rows at `t0`, and
 * virtual time stands still unless the test moves it; waiting is for conditions.
 */
import { Effect, Layer, Redacted } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { behaviour, SessionClient, type SessionOptions } from "../../../src/actors/Session.ts"
import * as HttpListener from "../../../src/layers/HttpListener.ts"
import { KeyCheck } from "../../../src/layers/KeyCheck.ts"
import * as Client from "../../../src/layers/telegram/Client.ts"
import { type Emulator, TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { QuoteBoard } from "../../../src/streams/QuoteBoard.ts"
import * as Bot from "../../../src/surfaces/bot/Bot.ts"
import { Updates } from "../../../src/surfaces/bot/Updates.ts"
import * as TelegramWebhook from "../../../src/surfaces/http/TelegramWebhook.ts"
import { people, unlimited } from "../../simulators/telegram/support.ts"
import { processOf, until } from "../../support/actors.ts"

export const secret = "webhook-secret_1"
export const path = "/telegram/webhook"

const client = Layer.unwrap(Effect.map(
  TelegramEmulator,
  ({ fetch, token, url }) => Client.layer({ token: Redacted.make(token), apiRoot: url, fetch }),
))

/** Three venues that are followed and say nothing. */
export const silentBoard = QuoteBoard.silent({
  venues: ["binance", "kraken", "okx"],
  instruments: ["BTC/USDT", "ETH/USDT"],
})

/** A test's Telegram, which outlives processes. */
export const emulated = TelegramEmulator.layerInProcess(unlimited)

/** What a process has beside the bot, over a Telegram. */
export const beside = (
  options: SessionOptions = {},
  keyCheck: Layer.Layer<KeyCheck> = KeyCheck.absent("nobody answers in this test"),
) =>
  Layer.mergeAll(
    client,
    processOf(Layer.merge(behaviour(options), SessionClient.layer(options))),
    silentBoard,
    keyCheck,
  )

/** The same with a Telegram of its own. */
export const surroundings = (...options: Parameters<typeof beside>) => Layer.provideMerge(beside(...options), emulated)

export const polled = Bot.layerPolling({ owner: "test", holdSeconds: 30 })

/** A server with the webhook's route; `Address` is where it stands. */
export const served = HttpRouter.serve(
  TelegramWebhook.layer({ path, secret: Redacted.make(secret) }),
  { disableListenLog: true, disableLogger: true },
).pipe(
  Layer.provideMerge(Bot.layer("test")),
  Layer.provideMerge(HttpListener.layer({ port: 0, host: "127.0.0.1" })),
)

export const address = Effect.map(
  HttpServer.HttpServer,
  (server) => `${HttpServer.formatAddress(server.address)}${path}`,
)

export const hooked = Layer.effectDiscard(
  Effect.flatMap(address, (url) => TelegramWebhook.register(url, Redacted.make(secret))),
).pipe(Layer.provideMerge(served))

export interface Conversation {
  readonly emulator: Emulator
  /** Says it, waits for the bot, and answers what the bot said last. */
  readonly say: (chatId: number, text: string) => Effect.Effect<string>
  /** Taps a button of the bot's last message that has it, and answers what the bot answered to the tap. */
  readonly tap: (chatId: number, button: string) => Effect.Effect<string>
  readonly messages: (chatId: number) => Effect.Effect<ReadonlyArray<string>>
  readonly settled: Effect.Effect<void>
}

const last = (texts: ReadonlyArray<string>) => texts.at(-1) ?? ""

/** With people who are there already. */
export const conversationOn = Effect.fnUntraced(function* (emulator: Emulator) {
  const updates = yield* Updates
  const botMessages = (chatId: number) =>
    Effect.map(emulator.chat(chatId), ({ messages }) => messages.filter(({ fromBot }) => fromBot))
  const messages = (chatId: number) =>
    Effect.map(botMessages(chatId), (all) => all.map(({ text }) => text)).pipe(Effect.orDie)
  const say = (chatId: number, text: string) =>
    Effect.gen(function* () {
      const before = (yield* messages(chatId)).length
      yield* emulator.say(chatId, chatId, text)
      yield* until(Effect.map(messages(chatId), (now) => now.length > before))
      yield* updates.idle
      return last(yield* messages(chatId))
    }).pipe(Effect.orDie)
  const tap = (chatId: number, button: string) =>
    Effect.gen(function* () {
      const holder = (yield* botMessages(chatId)).findLast(({ buttons }) =>
        buttons.flat().some(({ text }) => text === button)
      )
      const query = yield* emulator.tap(chatId, holder?.messageId ?? 0, button)
      yield* until(Effect.map(emulator.callbackAnswer(query), (answered) => answered !== null))
      yield* updates.idle
      return (yield* emulator.callbackAnswer(query))?.text ?? ""
    }).pipe(Effect.orDie)
  return { emulator, say, tap, messages, settled: updates.idle } satisfies Conversation
})

export const conversation = Effect.flatMap(people, conversationOn)
