/**
 * Tiers and roles: what a plan admits. One table, used by eligibility, the bot and the queue.
 *
 * In: a tier's or role's name. Out: limits and opportunity types. Promises: limits count per user; groups get twice as much;
 * a role never raises a trading limit.
 */
import { Schema } from "effect"
import type { OpportunityType } from "./Opportunity.ts"

export const Tier = Schema.Literals(["free", "basic", "premium", "pro", "enterprise"])
export type Tier = typeof Tier.Type

export const Role = Schema.Literals(["user", "admin", "superadmin"])
export type Role = typeof Role.Type

export interface TierLimits {
  /** Opportunities in any sliding 60 minutes. */
  readonly perHour: number
  /** Opportunities in one calendar day of the user's time zone. */
  readonly perDay: number
  readonly types: ReadonlyArray<OpportunityType>
  /** Order when capacity is limited: higher goes first. */
  readonly weight: number
}

const all: ReadonlyArray<OpportunityType> = ["cross_exchange", "technical", "funding", "triangular"]

export const TIERS: Readonly<Record<Tier, TierLimits>> = {
  free: { perHour: 5, perDay: 20, types: ["cross_exchange", "technical"], weight: 1 },
  basic: { perHour: 10, perDay: 50, types: ["cross_exchange", "technical", "funding"], weight: 2 },
  premium: { perHour: 20, perDay: 100, types: all, weight: 3 },
  pro: { perHour: 50, perDay: 250, types: all, weight: 4 },
  enterprise: { perHour: 100, perDay: 1000, types: all, weight: 5 },
}

/** Admins and superadmins receive under the enterprise row. */
export const limitsOf = (tier: Tier, role: Role): TierLimits => TIERS[role === "user" ? tier : "enterprise"]
