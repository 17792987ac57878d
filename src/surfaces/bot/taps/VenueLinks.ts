/**
 * Links to the venues for one reader of one opportunity.
 *
 * In: a member, the opportunity. Out: where a leg's instrument is traded. Promises: as `layers/ClickLinks.ts`'s: signed
 * and counted where there is a public address, else direct.
 */
import { Effect } from "effect"
import { LINK_LIFETIME_MS } from "../../../domain/ClickLink.ts"
import type { LinkOf } from "../../../domain/card/OpportunityCard.ts"
import type { Opportunity } from "../../../domain/Opportunity.ts"
import { ClickLinks } from "../../../layers/ClickLinks.ts"
import type { Member } from "../Visit.ts"

export const linksFor = (
  { user: { userId }, visit: { isPrivate, nowMs } }: Member,
  { id: opportunityId }: Pick<Opportunity, "id">,
): Effect.Effect<LinkOf> =>
  Effect.map(
    ClickLinks,
    ({ linkTo }) => ({ instrument, venue }) =>
      linkTo({ userId, opportunityId, inGroup: !isPrivate, venue, instrument, expiresAt: nowMs + LINK_LIFETIME_MS }),
  )
