/**
 * Eligibility: whether one recipient may be told of an opportunity, in six layers, the first failure named.
 *
 *   1 session · 2 tier and permission · 3 wishes · 4 limits · 5 keys and risk · 6 place, country, restrictions
 *
 * In: an offer, a candidate, the operator's rules, an instant. Out: every check with the values it compared. Promises:
 * pure; the order of `CHECKS` is the order in which reasons are named; of a group layer 5 is waived; a requirement of
 * layer 5 may be a label for a tier: it is shown, and refuses nobody. AudienceIndex answers the same for everyone at
 * once, and a property test holds the two together.
 */
import { Schema } from "effect"
import { capsOf, tierCapsOf } from "./Admission.ts"
import { type CooldownPolicy, DEFAULT_COOLDOWN, restsUntil, type Told } from "./Cooldown.ts"
import type { Offer } from "./Matching.ts"
import type { OpportunityType } from "./Opportunity.ts"
import { denial, type DenialReason, type Permission } from "./Permission.ts"
import { quietAt, quietEndsAt } from "./QuietTime.ts"
import { type BlockedRegions, blockedRegions, blockingVenues } from "./RegionTable.ts"
import { RISK_RANK, toleranceFor } from "./Risk.ts"
import { limitsOf, type Tier } from "./Tier.ts"
import { isBetaAt, type Recipient } from "./User.ts"
import { VerdictValue, type VerdictValues } from "./Verdict.ts"

export const EligibilityReason = Schema.Literals([
  "no_session",
  "tier_type",
  "no_permission",
  "beta_ended",
  "push_off",
  "unwanted_type",
  "do_not_disturb",
  "outside_hours",
  "low_priority",
  "below_min_net_bps",
  "unwanted_venue",
  "unwanted_pair",
  "muted_pair",
  "hour_limit",
  "day_limit",
  "cooldown",
  "no_key",
  "no_ai_key",
  "risk",
  "portfolio",
  "wrong_place",
  "blocked_region",
  "restricted",
])
export type EligibilityReason = typeof EligibilityReason.Type

export const Layer = Schema.Literals([1, 2, 3, 4, 5, 6])
export type Layer = typeof Layer.Type

/** In the order in which they are made: the first that fails is the reason. */
export const CHECKS: ReadonlyArray<{ readonly layer: Layer; readonly reason: EligibilityReason }> = EligibilityReason
  .literals.map((reason, at) => ({
    layer: at < 1 ? 1 : at < 4 ? 2 : at < 13 ? 3 : at < 16 ? 4 : at < 20 ? 5 : 6,
    reason,
  }))

/** What an operator may turn into a label. */
export const Requirement = Schema.Literals(["no_key", "no_ai_key", "risk", "portfolio"])
export type Requirement = typeof Requirement.Type

export const Restriction = Schema.Struct({
  /** As the operator wrote it. */
  reason: Schema.String,
  /** Null: until it is lifted. */
  untilMs: Schema.NullOr(Schema.Int),
})
export type Restriction = typeof Restriction.Type

/** What beside their wishes decides on a recipient. */
export const Standing = Schema.Struct({
  /** Venues for which they have a key that works. */
  keyVenues: Schema.Array(Schema.String),
  hasAiKey: Schema.Boolean,
  restriction: Schema.NullOr(Restriction),
  /** What they could still spend, by currency; null: no portfolio is known, so nothing is held against it. */
  freeCapital: Schema.NullOr(Schema.Record(Schema.String, Schema.Finite)),
})
export type Standing = typeof Standing.Type

export const NO_STANDING: Standing = { keyVenues: [], hasAiKey: false, restriction: null, freeCapital: null }

/** What they have been told of. */
export interface Spending {
  /** Notifications in the last 60 minutes, and in their calendar day so far. */
  readonly hour: number
  readonly day: number
  /** What they were shown because they asked, which spends their tier's limits too; left out: nothing. */
  readonly viewed?: { readonly hour: number; readonly day: number }
  /** When they were last told of this fingerprint, and what it was to earn. */
  readonly told: Told | null
}

export const NOTHING_SPENT: Spending = { hour: 0, day: 0, told: null }

export interface Candidate {
  readonly recipient: Recipient
  readonly standing: Standing
  readonly spending: Spending
}

/** What an operator decides on. */
export interface EligibilityRules {
  /** What one may ask for is what one may be told of. */
  readonly permission: Permission
  /** Types that only those with beta access are told of. */
  readonly betaTypes: ReadonlyArray<OpportunityType>
  readonly labels: Readonly<Partial<Record<Tier, ReadonlyArray<Requirement>>>>
  /** Tiers whose AI the operator pays for. */
  readonly aiBudgetTiers: ReadonlyArray<Tier>
  readonly regions: BlockedRegions
  readonly cooldown: CooldownPolicy
}

export const DEFAULT_RULES: EligibilityRules = {
  permission: "opportunities",
  betaTypes: [],
  labels: {},
  aiBudgetTiers: [],
  regions: blockedRegions([]).regions,
  cooldown: DEFAULT_COOLDOWN,
}

/** One check of a trace. */
export const Checked = Schema.Struct({
  layer: Layer,
  /** What the check would refuse for. */
  reason: EligibilityReason,
  /** Also where it failed and is but a label. */
  passed: Schema.Boolean,
  /** It failed, and the operator made it a label for this tier. */
  isLabel: Schema.Boolean,
  values: Schema.Record(Schema.String, VerdictValue),
})
export type Checked = typeof Checked.Type

/** Admins receive under the enterprise row, labels and budgets included. */
export const effectiveTier = ({ role, tier }: Pick<Recipient, "role" | "tier">): Tier =>
  role === "user" ? tier : "enterprise"

const listed = (names: Iterable<string>): string => [...names].join(" ")
const orAll = (names: ReadonlyArray<string>): string => names.length === 0 ? "all" : listed(names)

type Facts = readonly [passed: boolean, values: VerdictValues]
type Check = (offer: Offer, candidate: Candidate, rules: EligibilityRules, nowMs: number) => Facts

/** Whether quiet hours are over before the opportunity is. */
const endsInTime = ({ recipient: { preferences } }: Candidate, offer: Offer, nowMs: number): Facts => {
  const { activeHoursEnd: to, activeHoursStart: from, timeZone } = preferences
  const endsAt = quietAt(preferences, nowMs) === null ? nowMs : quietEndsAt(preferences, nowMs)
  const { expiresAt } = offer.opportunity
  return [endsAt !== null && endsAt < expiresAt, {
    fromHour: from,
    toHour: to,
    timeZone,
    quietUntilMs: endsAt,
    expiresAt,
  }]
}

const quiet = (reason: "do_not_disturb" | "outside_hours"): Check => (offer, candidate, _, nowMs) => {
  const [inTime, values] = endsInTime(candidate, offer, nowMs)
  return [inTime || quietAt(candidate.recipient.preferences, nowMs) !== reason, values]
}

const checks: Readonly<Record<EligibilityReason, Check>> = {
  no_session: (_, { recipient: { sessionExpiresAt } }, __, nowMs) => [
    sessionExpiresAt > nowMs,
    { sessionUntilMs: sessionExpiresAt > 0 ? sessionExpiresAt : null },
  ],
  tier_type: ({ opportunity: { type } }, { recipient }) => {
    const { types } = limitsOf(recipient.tier, recipient.role)
    return [types.includes(type), { type, tier: effectiveTier(recipient), includes: listed(types) }]
  },
  no_permission: (_, { recipient }, { permission }) => {
    const why = denialOf(recipient, permission, true)
    return [why !== "role" && why !== "tier", { permission, role: recipient.role, tier: recipient.tier }]
  },
  beta_ended: ({ opportunity: { type } }, { recipient }, { betaTypes, permission }, nowMs) => [
    isBetaAt(recipient, nowMs) || !(betaTypes.includes(type) || denialOf(recipient, permission, false) === "beta"),
    { isBetaType: betaTypes.includes(type), betaUntilMs: recipient.betaUntil },
  ],
  push_off: (_, { recipient: { preferences } }) => [preferences.pushEnabled, { push: preferences.pushEnabled }],
  unwanted_type: ({ opportunity: { type } }, { recipient: { preferences: { opportunityTypes: wanted } } }) => [
    wanted.length === 0 || wanted.includes(type),
    { type, wanted: orAll(wanted) },
  ],
  do_not_disturb: quiet("do_not_disturb"),
  outside_hours: quiet("outside_hours"),
  low_priority: ({ opportunity: { priority } }, { recipient: { preferences: { highPriorityOnly } } }) => [
    !highPriorityOnly || priority === "critical" || priority === "high",
    { priority, highPriorityOnly },
  ],
  below_min_net_bps: ({ netBps }, { recipient: { preferences: { minNetBps } } }) => [
    netBps === null || netBps >= minNetBps,
    { netBps, minNetBps },
  ],
  unwanted_venue: ({ venues }, { recipient: { preferences: { venues: chosen } } }) => [
    chosen.length === 0 || venues.every((venue) => chosen.includes(venue)),
    { venues: listed(venues), chosen: orAll(chosen) },
  ],
  unwanted_pair: ({ pairs }, { recipient: { preferences: { pairs: chosen } } }) => [
    chosen.length === 0 || chosen.some((pair) => pairs.has(pair)),
    { pairs: listed(pairs), chosen: orAll(chosen) },
  ],
  muted_pair: ({ pairs }, { recipient: { preferences: { mutedPairs: muted } } }) => [
    !muted.some((pair) => pairs.has(pair)),
    { pairs: listed(pairs), muted: muted.length === 0 ? "none" : listed(muted) },
  ],
  hour_limit: (_, { recipient, spending: { hour, viewed } }) => {
    const own = capsOf(recipient).perHour, tier = tierCapsOf(recipient).perHour, seen = viewed?.hour ?? 0
    return [hour < own && hour + seen < tier, { spent: hour, viewed: seen, limit: own, planLimit: tier }]
  },
  day_limit: (_, { recipient, spending: { day, viewed } }) => {
    const own = capsOf(recipient).perDay, tier = tierCapsOf(recipient).perDay, seen = viewed?.day ?? 0
    const { timeZone } = recipient.preferences
    return [day < own && day + seen < tier, { spent: day, viewed: seen, limit: own, planLimit: tier, timeZone }]
  },
  cooldown: ({ netProfit }, { spending: { told } }, { cooldown }, nowMs) => {
    const restsUntilMs = restsUntil(told, netProfit, nowMs, cooldown)
    return [
      restsUntilMs === null,
      { toldAtMs: told?.atMs ?? null, restsUntilMs, netProfit, toldNetProfit: told?.netProfit ?? null },
    ]
  },
  no_key: ({ venues }, { recipient: { preferences: { tradingMode, venues: chosen } }, standing: { keyVenues } }) => [
    tradingMode === "paper" || venues.every((venue) => keyVenues.includes(venue)),
    {
      mode: tradingMode,
      venues: listed(venues),
      keys: tradingMode === "paper" ? `${orAll(chosen)} (paper)` : keyVenues.length === 0 ? "none" : listed(keyVenues),
    },
  ],
  no_ai_key: ({ isAiEnhanced }, { recipient, standing: { hasAiKey } }, { aiBudgetTiers }) => {
    const isPaid = aiBudgetTiers.includes(effectiveTier(recipient))
    return [!isAiEnhanced || hasAiKey || isPaid, { isAiEnhanced, hasAiKey, operatorPays: isPaid }]
  },
  risk: ({ risks }, { recipient: { preferences: { riskTolerance } } }) => {
    const needed = toleranceFor(risks)
    return [
      RISK_RANK[riskTolerance] >= RISK_RANK[needed],
      { tolerance: riskTolerance, needed, risks: risks.length === 0 ? "none" : listed(risks) },
    ]
  },
  portfolio: ({ opportunity: { currency, notional } }, { standing: { freeCapital } }) => [
    freeCapital === null || (freeCapital[currency] ?? 0) >= Number(notional),
    { notional, currency, free: freeCapital === null ? null : freeCapital[currency] ?? 0 },
  ],
  wrong_place: (_, { recipient }, { permission }) => [
    denialOf(recipient, permission, true) !== "place",
    { permission, place: recipient.isGroup ? "group" : "private" },
  ],
  blocked_region: ({ venues }, { recipient: { country } }, { regions }) => {
    const blocking = country === null ? [] : blockingVenues(regions, venues, country)
    return [blocking.length === 0, { country, venues: listed(venues), blocking: listed(blocking) }]
  },
  restricted: (_, { standing: { restriction } }, __, nowMs) => [
    !isRestrictedAt(restriction, nowMs),
    { restriction: restriction?.reason ?? null, untilMs: restriction?.untilMs ?? null },
  ],
}

export const isRestrictedAt = (restriction: Restriction | null, nowMs: number): boolean =>
  restriction !== null && (restriction.untilMs === null || nowMs < restriction.untilMs)

/** As if there were a session: that is a check of its own. */
export const denialOf = (
  { isGroup, role, tier }: Pick<Recipient, "isGroup" | "role" | "tier">,
  permission: Permission,
  isBeta: boolean,
): DenialReason | null =>
  denial(permission, { hasSession: true, role, tier, place: isGroup ? "group" : "private", isBeta })

const isRequirement = Schema.is(Requirement)

/** Every check, made whatever the others say. */
export const trace = (
  offer: Offer,
  candidate: Candidate,
  rules: EligibilityRules,
  nowMs: number,
): ReadonlyArray<Checked> => {
  const labels = rules.labels[effectiveTier(candidate.recipient)] ?? []
  return CHECKS.map(({ layer, reason }): Checked => {
    if (layer === 5 && candidate.recipient.isGroup) {
      return { layer, reason, passed: true, isLabel: false, values: { waived: "group" } }
    }
    const [held, values] = checks[reason](offer, candidate, rules, nowMs)
    const isLabel = !held && isRequirement(reason) && labels.includes(reason)
    return { layer, reason, passed: held || isLabel, isLabel, values }
  })
}

/** Null: eligible. */
export const firstFailure = (traced: ReadonlyArray<Checked>): EligibilityReason | null =>
  traced.find(({ passed }) => !passed)?.reason ?? null
