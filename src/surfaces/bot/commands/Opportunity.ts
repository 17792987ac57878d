/**
 * /opportunity ID: one opportunity in full, with its buttons.
 *
 * In: a member, an id or how it begins. Out: the card as of now. Promises: only what the plan includes is shown, under its
 * limits, once a fingerprint; several that begin so are not guessed at.
 */
import { Effect } from "effect"
import { GROUP_ACTIONS } from "../../../domain/card/CardButtons.ts"
import { render } from "../../../domain/card/OpportunityCard.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { Opportunities } from "../../../layers/Opportunities.ts"
import { show } from "../../../programs/OnDemand.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { linksFor } from "../taps/VenueLinks.ts"
import { html } from "../texts/Fluent.ts"
import { keptBack } from "./Opportunities.ts"

/** Fewer digits than these name nothing. */
const PREFIX = /^[0-9a-f]{6,32}$/

export const opportunity: Command = {
  name: "opportunity",
  run: Effect.fn("Command.opportunity")(function* (member) {
    const { preferences, user, visit: { argument, chatId, isPrivate, nowMs } } = member
    const { language } = preferences
    const wanted = argument.toLowerCase()
    if (!PREFIX.test(wanted)) return yield* say(chatId, html(language, "opportunity-usage"))
    const [found, another] = yield* Effect.flatMap(Opportunities, (store) => store.beginningWith(wanted, 2))
    if (found === undefined) return yield* say(chatId, html(language, "opportunity-unknown", { id: wanted }))
    if (another !== undefined) return yield* say(chatId, html(language, "opportunity-several", { id: wanted }))
    if (!limitsOf(user.tier, user.role).types.includes(found.type)) {
      return yield* say(chatId, html(language, "opportunity-tier", { tier: user.tier }))
    }
    const viewer = { ...user, preferences }
    const viewable = { opportunityId: found.id, fingerprint: found.fingerprint }
    const seen = yield* show(viewer, [viewable], nowMs)
    if (seen.shown.length === 0) return yield* say(chatId, keptBack(seen, viewer).join(" "))
    const card = render({
      opportunity: found,
      language,
      nowMs,
      detailed: true,
      linkOf: yield* linksFor(member, found),
      ...(isPrivate ? {} : { actions: GROUP_ACTIONS }),
    })
    yield* say(chatId, card.html, card.buttons)
  }),
}
