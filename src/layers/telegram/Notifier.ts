/**
 * The Notifier port on Telegram.
 *
 * In: an opportunity or a notice for a chat. Out: one message sent or edited as a card, and what became of the request. Promises:
 * one request a call; an edit that changes nothing is accepted.
 */
import { Effect, Layer } from "effect"
import { LINK_LIFETIME_MS } from "../../domain/ClickLink.ts"
import { renderBatch } from "../../domain/card/BatchCard.ts"
import { GROUP_ACTIONS } from "../../domain/card/CardButtons.ts"
import { type Card, render } from "../../domain/card/OpportunityCard.ts"
import { ClickLinks, type Links } from "../ClickLinks.ts"
import { type NoticeMessage, type Notification, Notifier, type Outcome } from "../Notifier.ts"
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

/** A card, or the list where the message tells of several; a group is shown what makes sense for many. */
const cardOf = (notification: Notification, { linkTo }: Links): Card => {
  const { batch = [], chatId, nowMs, opportunity, way } = notification
  const inGroup = chatId.startsWith("-")
  const actions = inGroup ? { actions: GROUP_ACTIONS } : {}
  if (batch.length > 1) return renderBatch({ ...notification, opportunities: batch, ...actions })
  // Made anew for each edit, a link's end must not change the text: it is counted from when it was found.
  const expiresAt = opportunity.detectedAt + LINK_LIFETIME_MS
  const userId = way?.userId ?? null
  return render({
    ...notification,
    ...actions,
    ...(userId === null || nowMs >= expiresAt ? {} : {
      linkOf: ({ instrument, venue }) =>
        linkTo({ userId, opportunityId: opportunity.id, inGroup, venue, instrument, expiresAt }),
    }),
  })
}

export const layer: Layer.Layer<Notifier, never, Telegram> = Layer.effect(
  Notifier,
  Effect.gen(function* () {
    const telegram = yield* Telegram
    const links = yield* ClickLinks
    const accepted = (messageId: number): Outcome => ({ _tag: "Accepted", messageId })
    return {
      send: Effect.fn("Notifier.send")((notification: Notification) =>
        telegram.send({
          chatId: notification.chatId,
          threadId: notification.threadId ?? null,
          ...cardOf(notification, links),
        }).pipe(
          Effect.map(accepted),
          Effect.catch((error) => Effect.succeed(outcomeOf(error, null))),
        )
      ),
      tell: Effect.fn("Notifier.tell")(({ chatId, html, threadId = null }: NoticeMessage) =>
        telegram.send({ chatId, threadId, html, buttons: [] }).pipe(
          Effect.map(accepted),
          Effect.catch((error) => Effect.succeed(outcomeOf(error, null))),
        )
      ),
      edit: Effect.fn("Notifier.edit")((messageId: number, notification: Notification) =>
        telegram.edit({ chatId: notification.chatId, messageId, ...cardOf(notification, links) }).pipe(
          Effect.as(accepted(messageId)),
          Effect.catch((error) => Effect.succeed(outcomeOf(error, messageId))),
        )
      ),
    }
  }),
)
