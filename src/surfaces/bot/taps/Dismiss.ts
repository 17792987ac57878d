/**
 * Dismiss: the reader has no use for it. The card shrinks to one line, and no later edit of it is owed.
 *
 * In: a member, the opportunity, the tap.
 * Out: a short message without buttons but the details, and the fact in the receipt.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { buttonsOf } from "../../../domain/card/CardButtons.ts"
import { briefly } from "../../../domain/card/OpportunityCard.ts"
import { rewrite } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import { record } from "./Receiving.ts"
import type { TapHandler } from "./Tapped.ts"

export const dismiss: TapHandler = Effect.fn("Tap.dismiss")(function* (member, opportunity, { messageId }) {
  const { preferences: { language }, visit: { chatId } } = member
  yield* record(member, opportunity, "dismissed")
  const answer = { text: plain(language, "quality-dismissed"), alert: false }
  if (messageId === null) return { answer }
  const line = html(language, "quality-dismissed-card", {
    name: { html: briefly(opportunity, CARD_TEXTS[language]) },
  })
  return { answer, then: rewrite(chatId, messageId, line, buttonsOf(opportunity, language, ["details"])) }
})
