/**
 * Matching: whether an opportunity is what one recipient asked for, apart from when they may be told.
 *
 * In: an opportunity and a recipient. Out: a match, or the first reason against it; and the order of those who match.
 * Promises: pure; an empty choice admits everything; when to tell (hours, caps) is Admission's, not ours.
 */
import { Schema } from "effect"
import type { Opportunity } from "./Opportunity.ts"
import { limitsOf } from "./Tier.ts"
import type { Recipient } from "./User.ts"

/** Closed list; the layers of eligibility that need no clock but the session's. */
export const MismatchReason = Schema.Literals([
  "no_session",
  "push_off",
  "tier_type",
  "unwanted_type",
  "low_priority",
  "below_min_net_bps",
  "unwanted_venue",
  "unwanted_pair",
  "muted_pair",
])
export type MismatchReason = typeof MismatchReason.Type

/** What the opportunity says that every recipient is compared with, worked out once. */
export interface Offer {
  readonly opportunity: Opportunity
  /** Null: nobody knows what it will earn, so that no lower bound is held against it. */
  readonly netBps: number | null
  readonly venues: ReadonlyArray<string>
  /** Base asset and every leg's pair without settlement. */
  readonly pairs: ReadonlySet<string>
}

export const offerOf = (opportunity: Opportunity): Offer => ({
  opportunity,
  netBps: opportunity.netBps === null ? null : Number(opportunity.netBps),
  venues: opportunity.legs.map((leg) => leg.venue),
  pairs: new Set([opportunity.asset, ...opportunity.legs.map((leg) => leg.instrument.split(":")[0] ?? "")]),
})

/** What of a recipient says which opportunities they want, told or asked for. */
export type Wants = Pick<Recipient, "tier" | "role" | "preferences">

/** Reasons that hold for a view on demand as well as for a push. */
export type UnwantedReason = Exclude<MismatchReason, "no_session" | "push_off" | "low_priority">

/** Null: it is of a kind that they want and that their plan includes. */
export const unwanted = (offer: Offer, { preferences, role, tier }: Wants): UnwantedReason | null => {
  const { type } = offer.opportunity
  if (!limitsOf(tier, role).types.includes(type)) return "tier_type"
  const { minNetBps, mutedPairs, opportunityTypes, pairs, venues } = preferences
  if (opportunityTypes.length > 0 && !opportunityTypes.includes(type)) return "unwanted_type"
  if (offer.netBps !== null && offer.netBps < minNetBps) return "below_min_net_bps"
  if (venues.length > 0 && !offer.venues.every((venue) => venues.includes(venue))) return "unwanted_venue"
  if (mutedPairs.some((pair) => offer.pairs.has(pair))) return "muted_pair"
  if (pairs.length > 0 && !pairs.some((pair) => offer.pairs.has(pair))) return "unwanted_pair"
  return null
}

/** Null: it fits. */
export const mismatch = (offer: Offer, recipient: Recipient, nowMs: number): MismatchReason | null => {
  const { preferences } = recipient
  if (recipient.sessionExpiresAt <= nowMs) return "no_session"
  if (!preferences.pushEnabled) return "push_off"
  const reason = unwanted(offer, recipient)
  if (reason !== null) return reason
  const { priority } = offer.opportunity
  return preferences.highPriorityOnly && priority !== "critical" && priority !== "high" ? "low_priority" : null
}

/** Higher tiers first; among equals a stable order that no user can choose. */
export const rank = (matched: ReadonlyArray<Recipient>): ReadonlyArray<Recipient> =>
  matched.toSorted((a, b) =>
    limitsOf(b.tier, b.role).weight - limitsOf(a.tier, a.role).weight || (a.userId < b.userId ? -1 : 1)
  )
