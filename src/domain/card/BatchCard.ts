/**
 * Several opportunities as one message: a short list, and a button for each one's details.
 *
 * In: up to `MAX_ITEMS` opportunities at their newest revisions. Out: a card. Promises: pure; one that is gone stays in
 * its place and says so, so that numbers and buttons keep their meaning through every edit.
 */
import { MAX_ITEMS } from "../Batching.ts"
import type { Opportunity } from "../Opportunity.ts"
import type { Action } from "./CallbackData.ts"
import { itemButtons } from "./CardButtons.ts"
import { CARD_TEXTS, type Language } from "./CardTexts.ts"
import { bold } from "./Html.ts"
import { type Card, summarize } from "./OpportunityCard.ts"

export interface BatchOptions {
  readonly opportunities: ReadonlyArray<Opportunity>
  readonly language: Language
  readonly nowMs: number
  readonly actions?: ReadonlyArray<Action>
}

export const renderBatch = ({ actions, language, nowMs, opportunities }: BatchOptions): Card => {
  const texts = CARD_TEXTS[language].batch
  const shown = opportunities.slice(0, MAX_ITEMS)
  return {
    html: [
      `📬 ${bold(texts.title(shown.length))}`,
      ...shown.map((opportunity, at) => `${at + 1}. ${summarize({ opportunity, language, nowMs })}`),
      texts.hint,
    ].join("\n\n"),
    buttons: itemButtons(shown, actions),
  }
}
