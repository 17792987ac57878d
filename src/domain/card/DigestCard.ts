/**
 * The digest of a quiet time as one short message.
 *
 * In: a digest, a language and the time. Out: a card; its buttons open what is open now. Promises: pure; figures of what
 * is gone stand apart from those that hold now.
 */
import type { Digest } from "../Digest.ts"
import type { Action } from "./CallbackData.ts"
import { itemButtons } from "./CardButtons.ts"
import { CARD_TEXTS, type Language } from "./CardTexts.ts"
import * as Figures from "./Figures.ts"
import { bold } from "./Html.ts"
import { briefly, type Card, lifetimeOf, summarize } from "./OpportunityCard.ts"

export interface DigestOptions {
  readonly digest: Digest
  readonly language: Language
  readonly nowMs: number
  readonly actions?: ReadonlyArray<Action>
}

export const renderDigest = ({ actions, digest, language, nowMs }: DigestOptions): Card => {
  const texts = CARD_TEXTS[language], words = texts.digest
  const longest = digest.longest.map((opportunity) =>
    `• ${briefly(opportunity, texts)}, ${words.lived(lifetimeOf(opportunity, texts))}`
  )
  const open = digest.open.map((opportunity, at) => `${at + 1}. ${summarize({ opportunity, language, nowMs })}`)
  return {
    html: [
      `🌙 ${bold(words.title(Figures.duration(digest.quietMs, texts.units)))}\n${
        words.counts(digest.came, digest.gone)
      }`,
      ...(longest.length === 0 ? [] : [[`${words.longest}:`, ...longest].join("\n")]),
      ...(open.length === 0 ? [words.noneOpen] : [`${bold(words.open(digest.openCount))}:`, ...open]),
    ].join("\n\n"),
    buttons: itemButtons(digest.open, actions),
  }
}
