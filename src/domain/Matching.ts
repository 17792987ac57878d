/**
 * Matching: what of an opportunity recipients are compared with, and whether it is of a kind that they want.
 *
 * In: an opportunity, a user's wishes and plan. Out: the offer it makes; null, or the first reason why a view on demand
 * leaves it out. Promises: pure; an empty choice admits everything; whether they may be told of it unasked is
 * Eligibility's, when is Admission's.
 */
import type { Opportunity } from "./Opportunity.ts"
import { type RiskFact, riskFacts } from "./Risk.ts"
import { limitsOf } from "./Tier.ts"
import type { Recipient } from "./User.ts"

/** What the opportunity says that every recipient is compared with, worked out once. */
export interface Offer {
  readonly opportunity: Opportunity
  /** Null: nobody knows what it will earn, so that no lower bound is held against it. */
  readonly netBps: number | null
  readonly netProfit: number | null
  readonly venues: ReadonlyArray<string>
  /** Base asset and every leg's pair without settlement. */
  readonly pairs: ReadonlySet<string>
  readonly risks: ReadonlyArray<RiskFact>
  /** An outside model added to it, which somebody pays for. */
  readonly isAiEnhanced: boolean
}

/** How an opportunity says in its `reasons` that an outside model added to it. */
export const AI_ENHANCED = "ai_enhanced"

const numberOf = (decimal: string | null): number | null => decimal === null ? null : Number(decimal)

export const offerOf = (opportunity: Opportunity): Offer => ({
  opportunity,
  netBps: numberOf(opportunity.netBps),
  netProfit: numberOf(opportunity.netProfit),
  venues: [...new Set(opportunity.legs.map((leg) => leg.venue))],
  pairs: new Set([opportunity.asset, ...opportunity.legs.map((leg) => leg.instrument.split(":")[0] ?? "")]),
  risks: riskFacts(opportunity),
  isAiEnhanced: opportunity.reasons.some((reason) => reason.startsWith(AI_ENHANCED)),
})

/** What of a recipient says which opportunities they want, told or asked for. */
export type Wants = Pick<Recipient, "tier" | "role" | "preferences">

/** Closed list: why one is left out of a view on demand. */
export type UnwantedReason =
  | "tier_type"
  | "unwanted_type"
  | "below_min_net_bps"
  | "unwanted_venue"
  | "unwanted_pair"
  | "muted_pair"

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
