/**
 * Asking: the people of a load run send commands to the bot and tap its buttons, while everything else goes on.
 *
 * In: what a scenario says of commands, its people, the bot. Out: updates of the emulated Telegram, taken by the bot by long
 * polling; questions and answers in the ledger. Promises: nobody waits for an answer before the next question is due; an
 * answer is timed from when its question was due to the messenger's acceptance; before the first tick one question that
 * is not counted waits until the bot is there. The bot lasts as long as the scope.
 */
import { Clock, Duration, Effect, Layer, Schedule, Stream } from "effect"
import type { FeedRequest } from "../../domain/Feed.ts"
import type { DataSource } from "../../domain/Frame.ts"
import { askedAt, type Commands, type Question } from "../../domain/ScenarioCommands.ts"
import type { ScenarioUser } from "../../domain/ScenarioUsers.ts"
import { KeyCheck } from "../../layers/KeyCheck.ts"
import { MarketArchive } from "../../layers/MarketArchive.ts"
import { Telegram } from "../../layers/Telegram.ts"
import { VenueApi } from "../../layers/VenueApi.ts"
import { TelegramEmulator } from "../../simulators/telegram/TelegramEmulator.ts"
import { MarketAccess } from "../../streams/MarketAccess.ts"
import { QuoteBoard } from "../../streams/QuoteBoard.ts"
import type { BotNeeds } from "../Run.ts"
import type { Ledger } from "./Ledger.ts"
import { Cards, Questions } from "./Questions.ts"

const THERE_WITHIN = Duration.seconds(30)
const LOOK_EVERY = Schedule.spaced("20 millis")
const NO_VENUE = "a load run asks no venue"

export interface AskingOptions {
  readonly commands: Commands
  readonly people: ReadonlyArray<ScenarioUser>
  readonly requests: ReadonlyArray<FeedRequest>
  readonly source: DataSource
  /** Of the first tick. */
  readonly startMs: number
  readonly durationMs: number
  readonly ledger: Ledger
  /** The bot of the product, fed by polling. */
  readonly bot: Layer.Layer<never, never, BotNeeds>
}

/** Telegram as the bot has it: what it says is overheard. Notifications do not go this way. */
const overheard = (questions: Questions) =>
  Layer.effect(
    Telegram,
    Effect.gen(function* () {
      const telegram = yield* Telegram
      const telling = (tell: (atMs: number) => void) => Effect.map(Clock.currentTimeMillis, tell)
      return {
        ...telegram,
        send: (message) => Effect.tap(telegram.send(message), telling((atMs) => questions.said(message.chatId, atMs))),
        answerTap: (answer) =>
          Effect.tap(telegram.answerTap(answer), telling((atMs) => questions.answered(answer.queryId, atMs))),
      }
    }),
  )

const textOf = (question: Exclude<Question, "tap">, asset: string | undefined): string =>
  question === "price" || question === "market" ? `/${question} ${asset ?? ""}`.trim() : `/${question}`

/** Out: what asks, as long as the run lasts. */
export const make = Effect.fn("Asking.make")(function* (options: AskingOptions) {
  const { bot, commands, durationMs, ledger, requests, source, startMs } = options
  const emulator = yield* TelegramEmulator
  const questions = new Questions(), cards = new Cards()
  const chats = options.people.flatMap(({ chatId, hasSession, registrarId }) =>
    hasSession && registrarId === null ? [chatId] : []
  )
  const assets = [...new Set(requests.flatMap(({ instruments }) => instruments.map((name) => name.split("/")[0])))]
  const counts = { people: chats.length, assets: assets.length }

  const board = QuoteBoard.layer(requests).pipe(
    Layer.provide(MarketAccess.layer({ data: source })),
    Layer.provide([VenueApi.absent(NO_VENUE), MarketArchive.absent]),
  )
  yield* Layer.build(bot.pipe(Layer.provide([board, KeyCheck.absent(NO_VENUE), overheard(questions)])))
  yield* emulator.log.stream.pipe(
    Stream.runForEach((call) => Effect.sync(() => call.outcome.ok ? cards.shown(call) : undefined)),
    Effect.forkScoped,
  )

  const say = (chatId: number, text: string, onAnswer: (atMs: number) => void) =>
    Effect.suspend(() => {
      questions.asked(String(chatId), onAnswer)
      return emulator.say(chatId, chatId, text)
    })

  const one = (n: number) =>
    Effect.gen(function* () {
      const { afterMs, asset, person, question } = askedAt(commands, n, counts)
      const chatId = chats[person] ?? 0, dueMs = startMs + afterMs
      const replied = (atMs: number) => ledger.replied(atMs - dueMs)
      const card = question === "tap" ? cards.newest(chatId) : undefined
      ledger.asked()
      if (card === undefined) {
        return yield* say(chatId, textOf(question === "tap" ? "opportunities" : question, assets[asset]), replied)
      }
      questions.tapped(yield* emulator.tap(chatId, card.messageId, card.details), replied)
    }).pipe(
      Effect.uninterruptible,
      Effect.catch((error) => Effect.sync(() => ledger.error("people", error.message))),
    )

  const [first] = chats
  if (first !== undefined) {
    let isThere = false
    yield* say(first, "/session", () => {
      isThere = true
    })
    yield* Effect.sync(() => isThere).pipe(
      Effect.repeat({ until: (there) => there, schedule: LOOK_EVERY }),
      Effect.timeoutOrElse({
        duration: THERE_WITHIN,
        orElse: () =>
          Effect.sync(() =>
            ledger.error("bot", `no answer within ${Duration.format(THERE_WITHIN)} before the first tick`)
          ),
      }),
    )
  }

  return Effect.gen(function* () {
    for (let n = 0; chats.length > 0; n++) {
      const { afterMs } = askedAt(commands, n, counts)
      if (afterMs >= durationMs) return
      const waitMs = startMs + afterMs - (yield* Clock.currentTimeMillis)
      yield* waitMs > 0 ? Effect.sleep(Duration.millis(waitMs)) : Effect.yieldNow
      yield* one(n)
    }
  })
})
