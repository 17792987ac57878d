/**
 * Links to the venues for the reader of one opportunity: the member, or in a group the group.
 *
 * In: a member, the opportunity. Out: where a leg's instrument is traded. Promises: as `layers/ClickLinks.ts`'s: signed
 * and counted where there is a public address, else direct.
 */
import { Effect, Option } from "effect"
import { LINK_LIFETIME_MS } from "../../../domain/ClickLink.ts"
import { pageOf } from "../../../domain/VenuePages.ts"
import type { LinkOf } from "../../../domain/card/OpportunityCard.ts"
import type { Opportunity } from "../../../domain/Opportunity.ts"
import { ClickLinks } from "../../../layers/ClickLinks.ts"
import type { Member } from "../Visit.ts"
import { readerOf } from "./Receiving.ts"

export const linksFor = Effect.fnUntraced(function* (member: Member, opportunity: Opportunity) {
  const { linkTo } = yield* ClickLinks
  const expiresAt = member.visit.nowMs + LINK_LIFETIME_MS
  return Option.match(yield* readerOf(member, opportunity), {
    onNone: (): LinkOf => ({ instrument, venue }) => pageOf(venue, instrument),
    onSome: (reader): LinkOf => ({ instrument, venue }) => linkTo({ ...reader, venue, instrument, expiresAt }),
  })
})
