/**
 * Permissions: who may do what, and where. One table for commands, buttons and HTTP routes: each names its permission,
 * several may name the same.
 *
 * In: a permission and who asks for it. Out: null, or the first reason against it. Promises: pure; what is not in the
 * table does not exist; a rule that is not met denies. Data that belongs to one user is checked where it is read: a
 * permission says what may be done, never to whose things.
 */
import { Schema } from "effect"
import { type Role, Tier } from "./Tier.ts"

/** Where it is asked for; an HTTP route's asker is in private: nobody else reads the answer. */
export type Place = "private" | "group"

export interface Rule {
  /** Whether it takes an active session. */
  readonly session: boolean
  /** The least role that has it. */
  readonly role: Role
  readonly places: ReadonlyArray<Place>
  /** Tiers that include it; left out: all. */
  readonly tiers?: ReadonlyArray<Tier>
  /** Only for those whose beta access has not ended. */
  readonly beta?: true
}

const both: ReadonlyArray<Place> = ["private", "group"]
const alone: ReadonlyArray<Place> = ["private"]

const member = (places: ReadonlyArray<Place>) => ({ session: true, role: "user", places } as const)
const admin = { session: true, role: "admin", places: alone } as const

export const PERMISSIONS = {
  start: { session: false, role: "user", places: alone },
  help: { session: false, role: "user", places: both },
  opportunities: member(both),
  opportunity: member(both),
  why: member(both),
  market: member(both),
  price: member(both),
  alerts: member(alone),
  profile: member(alone),
  session: member(alone),
  logout: member(alone),
  setup: member(alone),
  settings: member(both),
  preferences: member(alone),
  notifications: member(alone),
  keys: member(alone),
  export: member(alone),
  forget: member(alone),
  group: { session: true, role: "user", places: ["group"] },
  stats: admin,
  users: admin,
  /** Roles are given and taken by superadmins alone. */
  roles: { session: true, role: "superadmin", places: alone },
  details: member(both),
  take: member(both),
  feedback: member(both),
  mute: member(both),
} as const satisfies Readonly<Record<string, Rule>>

export type Permission = keyof typeof PERMISSIONS

/** Closed list of denials, in the order in which they are looked for. */
export const DenialReason = Schema.Literals(["session", "role", "tier", "beta", "place"])
export type DenialReason = typeof DenialReason.Type

export interface Asker {
  readonly hasSession: boolean
  readonly role: Role
  readonly tier: Tier
  readonly place: Place
  /** Whether beta access holds at this instant. */
  readonly isBeta: boolean
}

const RANK: Readonly<Record<Role, number>> = { user: 0, admin: 1, superadmin: 2 }

/** Null: the rule is met. Admins have what every tier includes. */
export const denialBy = (rule: Rule, asker: Asker): DenialReason | null => {
  if (rule.session && !asker.hasSession) return "session"
  if (RANK[asker.role] < RANK[rule.role]) return "role"
  if (rule.tiers !== undefined && asker.role === "user" && !rule.tiers.includes(asker.tier)) return "tier"
  if (rule.beta === true && !asker.isBeta) return "beta"
  return rule.places.includes(asker.place) ? null : "place"
}

/** Null: permitted. */
export const denial = (permission: Permission, asker: Asker): DenialReason | null =>
  denialBy(PERMISSIONS[permission], asker)

/** What one who is not denied for a reason of their own may use here: menus and /help list no more. */
export const isOffered = (permission: Permission, asker: Omit<Asker, "hasSession">): boolean =>
  denial(permission, { ...asker, hasSession: true }) === null

/** The tiers that include it, lowest first; empty: it takes none. */
export const tiersOf = (permission: Permission): ReadonlyArray<Tier> => {
  const { tiers = [] }: Rule = PERMISSIONS[permission]
  return Tier.literals.filter((tier) => tiers.includes(tier))
}
