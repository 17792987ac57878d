/**
 * The Notifier port on Telegram.
 *
 * In: an opportunity for a chat. Out: one message sent or edited as a card, and what became of the request. Promises:
 * one request a call; an edit that changes nothing is accepted; what a 200 without a message id means nobody knows.
 */
import { Effect, Layer } from "effect"
import { type Notification, Notifier, type Outcome } from "../Notifier.ts"
import { render } from "./OpportunityCard.ts"
import { Telegram } from "./Telegram.ts"
import type { TelegramError } from "./TelegramError.ts"

const accepted = (messageId: number): Outcome =>
  Number.isSafeInteger(messageId)
    ? { _tag: "Accepted", messageId }
    : { _tag: "Unknown", detail: "accepted without a message id" }

/** `messageId`: the message that was to be edited; null on a send. */
const outcomeOf = ({ reason }: TelegramError, messageId: number | null): Outcome => {
  switch (reason._tag) {
    case "RateLimited":
      return { _tag: "RetryAfter", afterMs: reason.afterMs }
    case "Migrated":
      return { _tag: "Migrated", toChatId: reason.toChatId }
    case "NotModified":
      return messageId === null ? { _tag: "Refused", detail: "not modified" } : accepted(messageId)
    case "ChatGone":
    case "Refused":
    case "Unavailable":
    case "Unknown":
      return { _tag: reason._tag, detail: reason.detail }
  }
}

const prepare = (notification: Notification) => {
  const { buttons, html } = render(notification)
  return {
    html,
    options: {
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
      reply_markup: { inline_keyboard: buttons.map((row) => row.map((button) => ({ ...button }))) },
    },
  } as const
}

export const layer: Layer.Layer<Notifier, never, Telegram> = Layer.effect(
  Notifier,
  Effect.gen(function* () {
    const telegram = yield* Telegram

    const send = Effect.fn("Notifier.send")(function* (notification: Notification) {
      const { html, options } = prepare(notification)
      return yield* telegram.call(
        "sendMessage",
        (api) => api.sendMessage(notification.chatId, html, options),
      ).pipe(
        Effect.map((message) => accepted(message.message_id)),
        Effect.catch((error) => Effect.succeed(outcomeOf(error, null))),
      )
    })

    const edit = Effect.fn("Notifier.edit")(function* (messageId: number, notification: Notification) {
      const { html, options } = prepare(notification)
      return yield* telegram.call(
        "editMessageText",
        (api) => api.editMessageText(notification.chatId, messageId, html, options),
      ).pipe(
        Effect.as(accepted(messageId)),
        Effect.catch((error) => Effect.succeed(outcomeOf(error, messageId))),
      )
    })

    return { send, edit }
  }),
)
