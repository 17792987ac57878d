/**
 * Whether an opportunity is of a kind that a user wants and whose plan admits it.
 *
 * In: tier, role and preferences, and an opportunity. Out: the first reason against it, from a closed list, or none.
 * Promises: pure and without a clock: hours, caps, sessions and push are questions of when, not of what.
 */
import { Option, Schema } from "effect"
import * as Instrument from "./Instrument.ts"
import type { Opportunity } from "./Opportunity.ts"
import type { Preferences } from "./Preferences.ts"
import { limitsOf, type Role, type Tier } from "./Tier.ts"

export const Misfit = Schema.Literals([
  "type_not_in_tier",
  "type_unwanted",
  "below_min_net_bps",
  "venue_unwanted",
  "pair_unwanted",
  "pair_muted",
])
export type Misfit = typeof Misfit.Type

export interface Wants {
  readonly tier: Tier
  readonly role: Role
  readonly preferences: Pick<Preferences, "opportunityTypes" | "minNetBps" | "venues" | "pairs" | "mutedPairs">
}

type Offered = Pick<Opportunity, "type" | "asset" | "netBps" | "legs">

/** Bases and pairs of all legs, each as `pairs` may name it. */
const namesOf = (offered: Offered): ReadonlySet<string> =>
  new Set([
    offered.asset,
    ...offered.legs.flatMap(({ instrument }) =>
      Option.match(Instrument.parse(instrument), {
        onNone: () => [instrument],
        onSome: ({ base, quote }) => [base, `${base}/${quote}`],
      })
    ),
  ])

/** The pair an opportunity goes by: that of the leg which buys. */
export const pairOf = (offered: Pick<Opportunity, "legs" | "asset">): string => {
  const leg = offered.legs.find(({ side }) => side === "buy") ?? offered.legs[0]
  return Option.match(Instrument.parse(leg?.instrument ?? ""), {
    onNone: () => leg?.instrument ?? offered.asset,
    onSome: ({ base, quote }) => `${base}/${quote}`,
  })
}

/** Null: it fits. */
export const misfitOf = ({ preferences, role, tier }: Wants, offered: Offered): Misfit | null => {
  const { minNetBps, mutedPairs, opportunityTypes, pairs, venues } = preferences
  if (!limitsOf(tier, role).types.includes(offered.type)) return "type_not_in_tier"
  if (opportunityTypes.length > 0 && !opportunityTypes.includes(offered.type)) return "type_unwanted"
  if (Number(offered.netBps) < minNetBps) return "below_min_net_bps"
  if (venues.length > 0 && !offered.legs.every(({ venue }) => venues.includes(venue))) return "venue_unwanted"
  if (mutedPairs.includes(pairOf(offered))) return "pair_muted"
  const names = pairs.length === 0 ? null : namesOf(offered)
  if (names !== null && !pairs.some((pair) => names.has(pair))) return "pair_unwanted"
  return null
}
