/**
 * The Notifier port on Telegram.
 *
 * In: an opportunity for a chat. Out: one message sent or edited as a card, and what became of the request. Promises:
 * one request a call; an edit that changes nothing is accepted.
 */
import { Effect, Layer } from "effect"
import { render } from "../../domain/card/OpportunityCard.ts"
import { type Notification, Notifier, type Outcome } from "../Notifier.ts"
import { Telegram, type TelegramError } from "../Telegram.ts"

/** `messageId`: the message that was to be edited; null on a send. */
const outcomeOf = ({ reason }: TelegramError, messageId: number | null): Outcome => {
  switch (reason._tag) {
    case "RateLimited":
      return { _tag: "RetryAfter", afterMs: reason.afterMs }
    case "Migrated":
      return { _tag: "Migrated", toChatId: reason.toChatId }
    case "NotModified":
      return messageId === null ? { _tag: "Refused", detail: "not modified" } : { _tag: "Accepted", messageId }
    case "ChatGone":
    case "Refused":
    case "Unavailable":
    case "Unknown":
      return { _tag: reason._tag, detail: reason.detail }
  }
}

export const layer: Layer.Layer<Notifier, never, Telegram> = Layer.effect(
  Notifier,
  Effect.gen(function* () {
    const telegram = yield* Telegram
    const accepted = (messageId: number): Outcome => ({ _tag: "Accepted", messageId })
    return {
      send: Effect.fn("Notifier.send")((notification: Notification) =>
        telegram.send({
          chatId: notification.chatId,
          threadId: notification.threadId ?? null,
          ...render(notification),
        }).pipe(
          Effect.map(accepted),
          Effect.catch((error) => Effect.succeed(outcomeOf(error, null))),
        )
      ),
      edit: Effect.fn("Notifier.edit")((messageId: number, notification: Notification) =>
        telegram.edit({ chatId: notification.chatId, messageId, ...render(notification) }).pipe(
          Effect.as(accepted(messageId)),
          Effect.catch((error) => Effect.succeed(outcomeOf(error, messageId))),
        )
      ),
    }
  }),
)
