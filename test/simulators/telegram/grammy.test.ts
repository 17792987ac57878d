/**
 * The real grammY against the emulator: polling, webhook and errors, over TCP and in-process.
 * Comes in: what people do. Promises: a bot that works here talks to the API by its published client, unchanged.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { Bot, GrammyError, HttpError, InlineKeyboard, webhookCallback } from "grammy"
import { createServer } from "node:http"
import { type Emulator, TelegramEmulator } from "../../../src/simulators/telegram/TelegramEmulator.ts"
import { ann, people, unlimited } from "./support.ts"

const served = Effect.provide(TelegramEmulator.layer(unlimited))

type Handled = Queue.Queue<string>

/** A bot that greets, edits its greeting when the button is tapped, and says when it is done with an update. */
const greeter = (bot: Bot, handled: Handled) => {
  bot.use(async (context, next) => {
    await next()
    Queue.offerUnsafe(handled, context.callbackQuery === undefined ? "message" : "tap")
  })
  bot.command("start", (context) =>
    context.reply("<b>Hello</b> &amp; welcome", {
      parse_mode: "HTML",
      reply_markup: new InlineKeyboard().text("More", "more"),
    }))
  bot.callbackQuery("more", async (context) => {
    await context.editMessageText("That is all")
    await context.answerCallbackQuery("Shown")
  })
  return bot
}

const talk = (emulator: Emulator, handled: Handled) =>
  Effect.gen(function* () {
    yield* emulator.say(ann, ann, "/start")
    assert.strictEqual(yield* Queue.take(handled), "message")
    const greeting = (yield* emulator.chat(ann)).messages.at(-1)
    assert.deepStrictEqual([greeting?.text, greeting?.buttons[0]?.[0]?.text], ["Hello & welcome", "More"])
    const query = yield* emulator.tap(ann, greeting?.messageId ?? 0, "More")
    assert.strictEqual(yield* Queue.take(handled), "tap")
    assert.deepStrictEqual(yield* emulator.callbackAnswer(query), { text: "Shown", showAlert: false })
    const edited = (yield* emulator.chat(ann)).messages.at(-1)
    assert.deepStrictEqual([edited?.text, edited?.buttons], ["That is all", []])
  })

/** Polls for as long as the scope lives. */
const polling = (bot: Bot) =>
  Effect.acquireRelease(
    Effect.callback<void>((started) => void bot.start({ onStart: () => started(Effect.void) })),
    () => Effect.promise(() => bot.stop()),
  )

describe("grammY", () => {
  it.live("talks with a person by long polling", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const handled = yield* Queue.unbounded<string>()
      yield* polling(greeter(new Bot(emulator.token, { client: { apiRoot: emulator.url } }), handled))
      yield* talk(emulator, handled)
    }).pipe(Effect.scoped, served))

  it.live("talks with a person by webhook with a secret", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const handled = yield* Queue.unbounded<string>()
      const bot = greeter(new Bot(emulator.token, { client: { apiRoot: emulator.url } }), handled)
      const server = createServer(webhookCallback(bot, "http", { secretToken: "s3cret" }))
      yield* Effect.acquireRelease(
        Effect.callback<void>((listening) => void server.listen(0, "127.0.0.1", () => listening(Effect.void))),
        () => Effect.sync(() => (server.closeAllConnections(), server.close())),
      )
      const address = server.address()
      const port = address !== null && typeof address !== "string" ? address.port : 0
      yield* Effect.promise(() => bot.api.setWebhook(`http://127.0.0.1:${port}/`, { secret_token: "s3cret" }))
      yield* talk(emulator, handled)
    }).pipe(Effect.scoped, served))

  it.live("talks with a person without TCP, and stops while it polls", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      const fetch: typeof globalThis.fetch = (input, init) => emulator.fetch(input, init)
      const handled = yield* Queue.unbounded<string>()
      yield* polling(greeter(new Bot(emulator.token, { client: { apiRoot: emulator.url, fetch } }), handled))
      yield* talk(emulator, handled)
    }).pipe(Effect.scoped, Effect.provide(TelegramEmulator.layerInProcess(unlimited))))

  const send = ({ token, url }: Emulator) => {
    const { api } = new Bot(token, { client: { apiRoot: url } })
    return Effect.flip(Effect.tryPromise({ try: () => api.sendMessage(ann, "x"), catch: (error) => error }))
  }

  it.live("sees refusals as its own errors, with their parameters", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.faults.inject({ trouble: { _tag: "retryAfter", seconds: 9 } })
      const refused = yield* send(emulator)
      assert.instanceOf(refused, GrammyError)
      assert.deepStrictEqual([refused.error_code, refused.parameters.retry_after], [429, 9])
    }).pipe(Effect.scoped, served))

  it.live("sees a lost reply and an HTML page as network errors", () =>
    Effect.gen(function* () {
      const emulator = yield* people
      yield* emulator.faults.inject({ trouble: { _tag: "loseReply" } })
      assert.instanceOf(yield* send(emulator), HttpError)
      yield* emulator.faults.inject({ trouble: { _tag: "status", status: 502 } })
      assert.instanceOf(yield* send(emulator), HttpError)
      assert.lengthOf((yield* emulator.chat(ann)).messages, 1)
    }).pipe(Effect.scoped, served))
})
