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
])
export type MismatchReason = typeof MismatchReason.Type

/** What the opportunity says that every recipient is compared with, worked out once. */
export interface Offer {
  readonly opportunity: Opportunity
  readonly netBps: number
  readonly venues: ReadonlyArray<string>
  /** Base asset and every leg's pair without settlement. */
  readonly pairs: ReadonlySet<string>
}

export const offerOf = (opportunity: Opportunity): Offer => ({
  opportunity,
  netBps: Number(opportunity.netBps),
  venues: opportunity.legs.map((leg) => leg.venue),
  pairs: new Set([opportunity.asset, ...opportunity.legs.map((leg) => leg.instrument.split(":")[0] ?? "")]),
})

/** Null: it fits. */
export const mismatch = (offer: Offer, recipient: Recipient, nowMs: number): MismatchReason | null => {
  const { opportunity } = offer
  const { preferences } = recipient
  if (recipient.sessionExpiresAt <= nowMs) return "no_session"
  if (!preferences.pushEnabled) return "push_off"
  if (!limitsOf(recipient.tier, recipient.role).types.includes(opportunity.type)) return "tier_type"
  const { opportunityTypes, pairs, venues } = preferences
  if (opportunityTypes.length > 0 && !opportunityTypes.includes(opportunity.type)) return "unwanted_type"
  const urgent = opportunity.priority === "critical" || opportunity.priority === "high"
  if (preferences.highPriorityOnly && !urgent) return "low_priority"
  if (offer.netBps < preferences.minNetBps) return "below_min_net_bps"
  if (venues.length > 0 && !offer.venues.every((venue) => venues.includes(venue))) return "unwanted_venue"
  if (pairs.length > 0 && !pairs.some((pair) => offer.pairs.has(pair))) return "unwanted_pair"
  return null
}

/** Higher tiers first; among equals a stable order that no user can choose. */
export const rank = (matched: ReadonlyArray<Recipient>): ReadonlyArray<Recipient> =>
  matched.toSorted((a, b) =>
    limitsOf(b.tier, b.role).weight - limitsOf(a.tier, a.role).weight || (a.userId < b.userId ? -1 : 1)
  )
