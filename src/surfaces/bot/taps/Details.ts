/**
 * Details: the card becomes a longer one, as of now.
 *
 * In: a member, the opportunity at its newest revision. Out: an edit of the tapped message. Promises: only what the
 * user's plan includes is shown.
 */
import { Effect } from "effect"
import { limitsOf } from "../../../domain/Tier.ts"
import { GROUP_ACTIONS } from "../../../domain/card/CardButtons.ts"
import { render } from "../../../domain/card/OpportunityCard.ts"
import { rewrite, say } from "../Replies.ts"
import { plain } from "../texts/Fluent.ts"
import type { TapHandler } from "./Tapped.ts"
import { linksFor } from "./VenueLinks.ts"

export const details: TapHandler = Effect.fn("Tap.details")(function* (member, opportunity, { messageId }) {
  const { preferences: { language }, user, visit } = member
  if (!limitsOf(user.tier, user.role).types.includes(opportunity.type)) {
    return { answer: { text: plain(language, "tap-misfit.tier_type"), alert: true } }
  }
  const { buttons, html } = render({
    opportunity,
    language,
    nowMs: visit.nowMs,
    detailed: true,
    linkOf: yield* linksFor(member, opportunity),
    ...(visit.isPrivate ? {} : { actions: GROUP_ACTIONS }),
  })
  return {
    answer: { text: plain(language, "tap-details"), alert: false },
    then: messageId === null ? say(visit.chatId, html, buttons) : rewrite(visit.chatId, messageId, html, buttons),
  }
})
