/**
 * Columns: what eligibility compares of every recipient, a typed array each, a slot a recipient.
 *
 * In: a candidate's standing and wishes. Out: numbers by slot. Promises: 61 bytes a slot; texts and sets are numbers of
 * `Interning`, shared by those who have the same; a slot that is given back frees what it held.
 */
import { capsOf } from "../Admission.ts"
import { denialOf, effectiveTier, type EligibilityRules, type Standing } from "../Eligibility.ts"
import { OPPORTUNITY_TYPES, type OpportunityType } from "../Opportunity.ts"
import { RISK_RANK } from "../Risk.ts"
import { limitsOf, Tier } from "../Tier.ts"
import type { Recipient } from "../User.ts"
import { Names, NameSets } from "./Interning.ts"
import { hashOf } from "./Ranking.ts"
import { Schedules } from "./Schedules.ts"

export const USED = 1
export const PUSH = 2
export const DO_NOT_DISTURB = 4
export const HIGH_ONLY = 8
export const LIVE = 16
export const GROUP = 32
export const AI_KEY = 64
export const RESTRICTED = 128
export const PORTFOLIO = 256
/** The permission is not theirs: for want of role or tier, of beta access, or here. */
export const DENIED = 512
export const DENIED_WITHOUT_BETA = 1024
export const DENIED_HERE = 2048
/** They named an instant until which not to be disturbed; a minimum above zero; venues; pairs; muted pairs. */
export const QUIET_UNTIL = 4096
export const HAS_MINIMUM = 8192
export const HAS_CHOSEN = 16384
/** A cap of nothing. */
export const NO_CAP = 32768

export const typeBit = (type: OpportunityType): number => 1 << OPPORTUNITY_TYPES.indexOf(type)
const typeBits = (types: ReadonlyArray<OpportunityType>): number =>
  types.reduce((bits, type) => bits | typeBit(type), 0)

const ALL_TYPES = (1 << OPPORTUNITY_TYPES.length) - 1
const TIERS: ReadonlyArray<Tier> = Tier.literals
const MOST = 65_535

export const tierNumber = (tier: Tier): number => TIERS.indexOf(tier)

type Column = Float64Array | Uint32Array | Uint16Array | Uint8Array

const grown = <A extends Column>(old: A, next: A): A => {
  next.set(old)
  return next
}

const capped = (limit: number): number => Math.min(MOST, limit)

const chosenOf = (recipient: Recipient): number => {
  const { doNotDisturbUntil, minNetBps, mutedPairs, pairs, venues } = recipient.preferences
  const { perDay, perHour } = capsOf(recipient)
  return (doNotDisturbUntil === null ? 0 : QUIET_UNTIL) | (minNetBps === 0 ? 0 : HAS_MINIMUM) |
    (venues.length + pairs.length + mutedPairs.length === 0 ? 0 : HAS_CHOSEN) |
    (perDay === 0 || perHour === 0 ? NO_CAP : 0)
}

const flagsOf = (recipient: Recipient, standing: Standing, { permission }: EligibilityRules): number => {
  const { doNotDisturb, highPriorityOnly, pushEnabled, tradingMode } = recipient.preferences
  const denied = denialOf(recipient, permission, true)
  return USED | chosenOf(recipient) | (pushEnabled ? PUSH : 0) | (doNotDisturb ? DO_NOT_DISTURB : 0) |
    (highPriorityOnly ? HIGH_ONLY : 0) |
    (tradingMode === "live" ? LIVE : 0) | (recipient.isGroup ? GROUP : 0) | (standing.hasAiKey ? AI_KEY : 0) |
    (standing.restriction === null ? 0 : RESTRICTED) | (standing.freeCapital === null ? 0 : PORTFOLIO) |
    (denied === "role" || denied === "tier" ? DENIED : 0) | (denied === "place" ? DENIED_HERE : 0) |
    (denialOf(recipient, permission, false) === "beta" ? DENIED_WITHOUT_BETA : 0)
}

export class Columns {
  readonly venueNames = new Names()
  readonly pairNames = new Names()
  readonly countries = new Names()
  readonly venueSets = new NameSets(this.venueNames)
  readonly pairSets = new NameSets(this.pairNames)
  readonly schedules = new Schedules()

  flags = new Uint16Array()
  sessionUntil = new Float64Array()
  betaUntil = new Float64Array()
  dndUntil = new Float64Array()
  minNetBps = new Float64Array()
  /** Low half: what the tier includes; high half: what is wanted. */
  types = new Uint8Array()
  tier = new Uint8Array()
  weight = new Uint8Array()
  risk = new Uint8Array()
  country = new Uint16Array()
  schedule = new Uint32Array()
  venues = new Uint32Array()
  keys = new Uint32Array()
  pairs = new Uint32Array()
  muted = new Uint32Array()
  perHour = new Uint16Array()
  perDay = new Uint16Array()
  hash = new Uint32Array()

  get room(): number {
    return this.flags.length
  }

  resize(slots: number): void {
    this.flags = grown(this.flags, new Uint16Array(slots))
    this.sessionUntil = grown(this.sessionUntil, new Float64Array(slots))
    this.betaUntil = grown(this.betaUntil, new Float64Array(slots))
    this.dndUntil = grown(this.dndUntil, new Float64Array(slots))
    this.minNetBps = grown(this.minNetBps, new Float64Array(slots))
    this.types = grown(this.types, new Uint8Array(slots))
    this.tier = grown(this.tier, new Uint8Array(slots))
    this.weight = grown(this.weight, new Uint8Array(slots))
    this.risk = grown(this.risk, new Uint8Array(slots))
    this.country = grown(this.country, new Uint16Array(slots))
    this.schedule = grown(this.schedule, new Uint32Array(slots))
    this.venues = grown(this.venues, new Uint32Array(slots))
    this.keys = grown(this.keys, new Uint32Array(slots))
    this.pairs = grown(this.pairs, new Uint32Array(slots))
    this.muted = grown(this.muted, new Uint32Array(slots))
    this.perHour = grown(this.perHour, new Uint16Array(slots))
    this.perDay = grown(this.perDay, new Uint16Array(slots))
    this.hash = grown(this.hash, new Uint32Array(slots))
  }

  set(slot: number, recipient: Recipient, standing: Standing, rules: EligibilityRules): void {
    this.clear(slot)
    const { preferences, role, tier } = recipient
    const limits = limitsOf(tier, role), caps = capsOf(recipient)
    const wanted = preferences.opportunityTypes.length === 0 ? ALL_TYPES : typeBits(preferences.opportunityTypes)
    this.flags[slot] = flagsOf(recipient, standing, rules)
    this.sessionUntil[slot] = recipient.sessionExpiresAt
    this.betaUntil[slot] = recipient.betaUntil ?? 0
    this.dndUntil[slot] = preferences.doNotDisturbUntil ?? 0
    this.minNetBps[slot] = preferences.minNetBps
    this.types[slot] = typeBits(limits.types) | wanted << 4
    this.tier[slot] = tierNumber(effectiveTier(recipient))
    this.weight[slot] = limits.weight
    this.risk[slot] = RISK_RANK[preferences.riskTolerance]
    this.country[slot] = recipient.country === null ? 0 : this.countries.of(recipient.country)
    this.schedule[slot] = this.schedules.hold(preferences)
    this.venues[slot] = this.venueSets.hold(preferences.venues)
    this.keys[slot] = this.venueSets.hold(standing.keyVenues)
    this.pairs[slot] = this.pairSets.hold(preferences.pairs)
    this.muted[slot] = this.pairSets.hold(preferences.mutedPairs)
    this.perHour[slot] = capped(caps.perHour)
    this.perDay[slot] = capped(caps.perDay)
    this.hash[slot] = hashOf(recipient.userId)
  }

  clear(slot: number): void {
    if (((this.flags[slot] ?? 0) & USED) === 0) return
    this.flags[slot] = 0
    this.schedules.release(this.schedule[slot] ?? 0)
    for (const sets of [this.venues, this.keys]) this.venueSets.release(sets[slot] ?? 0)
    for (const sets of [this.pairs, this.muted]) this.pairSets.release(sets[slot] ?? 0)
  }
}
