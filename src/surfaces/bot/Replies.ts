/**
 * How the bot speaks in a conversation: messages, edits and answers to taps.
 *
 * In: HTML and buttons. Out: Bot API calls. Promises: "wait" is obeyed for this chat and asked again at most
 * `ATTEMPTS` times, as is no connection; a lost answer is not repeated (better a reply missing than twice); an edit that
 * changes nothing and a tap that is too old to be answered count as done.
 */
import { Context, Effect, Schedule } from "effect"
import { type Buttons, type ReplyKeyboard, Telegram, type TelegramError } from "../../layers/Telegram.ts"

/**
 * What each message and edit goes through, and who is told of waits, so that replies count against the limits of all
 * sending: `Pacing.ts` puts the RateLimiter here. Default: no limits but Telegram's own.
 */
export const Pace = Context.Reference<{
  readonly inTurn: <A, E, R>(chatId: string, call: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly paused: (chatId: string, forMs: number) => Effect.Effect<void>
}>("arbedge/bot/Pace", { defaultValue: () => ({ inTurn: (_chatId, call) => call, paused: () => Effect.void }) })

/** The topic of a forum that a reaction answers in. */
export const Topic = Context.Reference<{ readonly chatId: string; readonly threadId: number } | null>(
  "arbedge/bot/Topic",
  { defaultValue: () => null },
)

const ATTEMPTS = 4
/** Longer than this nobody waits for a reply. */
const LONGEST_WAIT_MS = 30_000

const waitMs = ({ reason }: TelegramError, attempt: number): number | null => {
  if (reason._tag === "RateLimited") return reason.afterMs <= LONGEST_WAIT_MS ? reason.afterMs : null
  return reason._tag === "Unavailable" ? 250 * 2 ** attempt : null
}

const patient = <A, R>(
  chatId: string,
  call: Effect.Effect<A, TelegramError, R>,
  attempt = 1,
): Effect.Effect<A, TelegramError, R> =>
  Effect.gen(function* () {
    const pace = yield* Pace
    return yield* Effect.catch(pace.inTurn(chatId, call), (error) =>
      Effect.gen(function* () {
        if (error.reason._tag === "RateLimited") yield* pace.paused(chatId, error.reason.afterMs)
        const delayMs = waitMs(error, attempt)
        if (delayMs === null || attempt >= ATTEMPTS) return yield* error
        yield* Effect.sleep(delayMs)
        return yield* patient(chatId, call, attempt + 1)
      }))
  })

const quietly = <R>(call: Effect.Effect<unknown, TelegramError, R>, done: (error: TelegramError) => boolean) =>
  Effect.asVoid(call).pipe(Effect.catchIf(done, () => Effect.void))

const unknown = ({ reason }: TelegramError): boolean => reason._tag === "Unknown"

export const say = Effect.fn("Replies.say")(function* (chatId: string, html: string, buttons: Buttons = []) {
  const telegram = yield* Telegram
  const topic = yield* Topic
  const threadId = topic?.chatId === chatId ? topic.threadId : null
  yield* quietly(patient(chatId, telegram.send({ chatId, threadId, html, buttons })), unknown)
})

/** Asks for the person's place, or (null) gives them their own keyboard back. */
export const sayWithKeyboard = Effect.fn("Replies.sayWithKeyboard")(
  function* (chatId: string, html: string, keyboard: ReplyKeyboard) {
    const telegram = yield* Telegram
    yield* quietly(patient(chatId, telegram.send({ chatId, html, buttons: [], keyboard })), unknown)
  },
)

/** A file of text under its caption. */
export const sayFile = Effect.fn("Replies.sayFile")(
  function* (chatId: string, file: { readonly fileName: string; readonly content: string; readonly caption: string }) {
    const telegram = yield* Telegram
    yield* quietly(patient(chatId, telegram.sendFile({ chatId, ...file })), unknown)
  },
)

export const rewrite = Effect.fn("Replies.rewrite")(
  function* (chatId: string, messageId: number, html: string, buttons: Buttons) {
    const telegram = yield* Telegram
    yield* quietly(
      patient(chatId, telegram.edit({ chatId, messageId, html, buttons })),
      (error) => error.reason._tag === "NotModified" || unknown(error),
    )
  },
)

/** Puts other buttons under a message, its text unchanged. */
export const rebutton = Effect.fn("Replies.rebutton")(function* (chatId: string, messageId: number, buttons: Buttons) {
  const telegram = yield* Telegram
  yield* quietly(
    patient(chatId, telegram.editButtons({ chatId, messageId, buttons })),
    (error) => error.reason._tag === "NotModified" || error.reason._tag === "Refused" || unknown(error),
  )
})

/** Telegram's words for a message that is not there any more. */
const GONE = /message to delete not found|MESSAGE_ID_INVALID/i

/**
 * Takes a message away. False: it may still be there. Asked again where nobody knows whether it went, since twice does
 * no harm here; limits of sending do not hold it up.
 */
export const erase = Effect.fn("Replies.erase")(function* (chatId: string, messageId: number) {
  const telegram = yield* Telegram
  return yield* telegram.erase({ chatId, messageId }).pipe(
    Effect.catchIf(
      ({ reason }) => reason._tag === "RateLimited" && reason.afterMs <= LONGEST_WAIT_MS,
      ({ reason }) =>
        Effect.delay(telegram.erase({ chatId, messageId }), reason._tag === "RateLimited" ? reason.afterMs : 0),
    ),
    Effect.retry({
      while: ({ reason }) => reason._tag === "Unavailable" || reason._tag === "Unknown",
      times: ATTEMPTS - 1,
      schedule: Schedule.exponential("250 millis"),
    }),
    Effect.as(true),
    Effect.catch(({ reason }) => Effect.succeed("detail" in reason && GONE.test(reason.detail))),
  )
})

export interface TapAnswer {
  /** At most 200 characters. */
  readonly text: string
  /** A window to be closed instead of a passing line. */
  readonly alert: boolean
}

const ANSWER_LENGTH = 200

/** One short retry and no more: an answer that comes late is refused anyway. */
export const answer = Effect.fn("Replies.answer")(function* (queryId: string, { alert, text }: TapAnswer) {
  const telegram = yield* Telegram
  const shown = text.length > ANSWER_LENGTH ? `${text.slice(0, ANSWER_LENGTH - 1)}…` : text
  yield* quietly(
    telegram.answerTap({ queryId, text: shown, alert }).pipe(
      Effect.retry({
        while: ({ reason }) => reason._tag === "Unavailable",
        times: 1,
        schedule: Schedule.spaced("100 millis"),
      }),
    ),
    ({ reason }) => reason._tag === "Refused" || reason._tag === "Unknown",
  )
})
