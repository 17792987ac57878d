/**
 * Take: how to act on it now, leg by leg; the reader has taken it.
 *
 * In: a member, the opportunity at its newest revision. Out: steps with limit prices, or the plain word that it is gone.
 * Promises: what is closed or has run out is not taken and counts as nothing; a second tap tells the steps again and
 * counts once; nothing is ordered here.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { duration } from "../../../domain/card/Figures.ts"
import { legSteps, worthOf } from "../../../domain/card/StepLines.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { say } from "../Replies.ts"
import { html, plain } from "../texts/Fluent.ts"
import { record } from "./Receiving.ts"
import type { TapHandler } from "./Tapped.ts"
import { linksFor } from "./VenueLinks.ts"

export const take: TapHandler = Effect.fn("Tap.take")(function* (member, opportunity) {
  const { preferences: { language }, user, visit: { chatId, nowMs } } = member
  const alert = (id: string, args = {}) => ({ answer: { text: plain(language, id, args), alert: true } })
  if (!limitsOf(user.tier, user.role).types.includes(opportunity.type)) return alert("tap-misfit.tier_type")
  const texts = CARD_TEXTS[language]
  if (opportunity.state === "closed" || nowMs >= opportunity.expiresAt) {
    return alert("quality-take-gone", { lived: duration(opportunity.lastAt - opportunity.firstAt, texts.units) })
  }
  if (opportunity.type === "technical") return alert("quality-take-signal")
  yield* record(member, opportunity, "converted")
  const steps = legSteps(opportunity, texts, yield* linksFor(member, opportunity))
  const message = html(language, opportunity.type === "triangular" ? "quality-take-cycle" : "quality-take", {
    steps: { html: steps.join("\n") },
    worth: { html: worthOf(opportunity, texts) },
    age: duration(nowMs - opportunity.lastAt, texts.units),
    simulated: opportunity.simulated ? "yes" : "no",
  })
  return { answer: { text: plain(language, "quality-taken"), alert: false }, then: say(chatId, message) }
})
