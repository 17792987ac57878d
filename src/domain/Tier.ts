/**
 * Tiers and roles: what a plan admits. One table, used by eligibility, the bot, the queue and the HTTP API.
 *
 * In: a tier's or role's name; once, before anything else runs, the operator's own table. Out: limits and opportunity
 * types. Promises: limits count per user; groups get twice as much; a role never raises a trading limit. The table in
 * force is one of the process, as decided in docs/decisions/0062.
 */
import { Schema } from "effect"
import { OpportunityType } from "./Opportunity.ts"

export const Tier = Schema.Literals(["free", "basic", "premium", "pro", "enterprise"])
export type Tier = typeof Tier.Type

export const Role = Schema.Literals(["user", "admin", "superadmin"])
export type Role = typeof Role.Type

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const TierLimits = Schema.Struct({
  /** Opportunities in any sliding 60 minutes. */
  perHour: Count,
  /** Opportunities in one calendar day of the user's time zone. */
  perDay: Count,
  /** Requests a minute: of the HTTP API, and commands of the bot. */
  apiPerMinute: Schema.Int.check(Schema.isGreaterThan(0)),
  types: Schema.Array(OpportunityType),
  /** Price alerts at a time. */
  priceAlerts: Count,
  /** Whether AI features are included. */
  ai: Schema.Boolean,
  /** `own`: of what they were sent; `dashboard`: the whole. */
  analytics: Schema.Literals(["none", "own", "dashboard"]),
  /** Whether they may have subjects of their own on the bus. */
  ownSubjects: Schema.Boolean,
  /** Order when capacity is limited: higher goes first. */
  weight: Schema.Int.check(Schema.isGreaterThan(0)),
})
export type TierLimits = typeof TierLimits.Type

export const TierTable = Schema.Struct({
  /** Tells tables apart, such as "2025-06-1". */
  version: Schema.NonEmptyString,
  tiers: Schema.Record(Tier, TierLimits),
})
export type TierTable = typeof TierTable.Type

const all: ReadonlyArray<OpportunityType> = ["cross_exchange", "technical", "funding", "triangular"]
const none = { ai: false, analytics: "none", ownSubjects: false } as const
const whole = { ai: true, analytics: "dashboard", ownSubjects: false } as const

export const SHIPPED_TIERS: TierTable = {
  version: "shipped-1",
  tiers: {
    free: {
      perHour: 5,
      perDay: 20,
      apiPerMinute: 10,
      types: ["cross_exchange", "technical"],
      ...none,
      priceAlerts: 3,
      weight: 1,
    },
    basic: {
      perHour: 10,
      perDay: 50,
      apiPerMinute: 20,
      types: ["cross_exchange", "technical", "funding"],
      ...none,
      priceAlerts: 10,
      weight: 2,
    },
    premium: {
      perHour: 20,
      perDay: 100,
      apiPerMinute: 30,
      types: all,
      ...whole,
      analytics: "own",
      priceAlerts: 25,
      weight: 3,
    },
    pro: { perHour: 50, perDay: 250, apiPerMinute: 60, types: all, ...whole, priceAlerts: 100, weight: 4 },
    enterprise: {
      perHour: 100,
      perDay: 1000,
      apiPerMinute: 120,
      types: all,
      ...whole,
      ownSubjects: true,
      priceAlerts: 500,
      weight: 5,
    },
  },
}

let inForce = SHIPPED_TIERS

/** The table that this process goes by. */
export const tiersInForce = (): TierTable => inForce

/** Puts another in force: before anything runs, and in tests, which put the shipped one back. */
export const putInForce = (table: TierTable): void => {
  inForce = table
}

/** Admins and superadmins receive under the enterprise row. */
export const limitsOf = (tier: Tier, role: Role): TierLimits => inForce.tiers[role === "user" ? tier : "enterprise"]
