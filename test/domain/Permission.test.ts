/** The table of permissions against what the specification says in words, for every asker there can be. */
import { assert, describe, it } from "@effect/vitest"
import {
  type Asker,
  denial,
  denialBy,
  type DenialReason,
  isOffered,
  type Permission,
  PERMISSIONS,
  type Rule,
  tiersOf,
} from "../../src/domain/Permission.ts"
import { Role, Tier } from "../../src/domain/Tier.ts"

const askers: ReadonlyArray<Asker> = Role.literals.flatMap((role) =>
  Tier.literals.flatMap((tier) =>
    (["private", "group"] as const).flatMap((place) =>
      [true, false].flatMap((hasSession) => [true, false].map((isBeta) => ({ role, tier, place, hasSession, isBeta })))
    )
  )
)

const names = Object.keys(PERMISSIONS).filter((name): name is Permission => name in PERMISSIONS)

// "Without an active session only /start and /help work."
const WITHOUT_SESSION = ["start", "help"]
// "Admin adds user management, superadmin adds roles, operator keys and configuration."
const ADMIN = ["stats", "users"], SUPERADMIN = ["roles"]
// What is one's own or an admin's is not shown to a group.
const IN_GROUPS = [
  ...["help", "opportunities", "opportunity", "why", "market", "price", "settings", "group"],
  ...["details", "take", "feedback", "mute"],
]
const IN_GROUPS_ALONE = ["group"]

const said = (name: Permission, { hasSession, place, role }: Asker): DenialReason | null => {
  if (!hasSession && !WITHOUT_SESSION.includes(name)) return "session"
  if (SUPERADMIN.includes(name) && role !== "superadmin") return "role"
  if (ADMIN.includes(name) && role === "user") return "role"
  if (place === "group" && !IN_GROUPS.includes(name)) return "place"
  return place === "private" && IN_GROUPS_ALONE.includes(name) ? "place" : null
}

describe("the table of permissions", () => {
  it("says what the specification says, for every permission and every asker", () => {
    assert.lengthOf(askers, 120)
    for (const name of names) {
      for (const asker of askers) {
        assert.strictEqual(denial(name, asker), said(name, asker), `${name} ${JSON.stringify(asker)}`)
      }
    }
  })

  it("denies by tier and beta access whoever is not included, and lets admins under no tier", () => {
    const rule: Rule = { session: true, role: "user", places: ["private"], tiers: ["premium", "pro"], beta: true }
    for (const asker of askers) {
      const included = asker.role !== "user" || asker.tier === "premium" || asker.tier === "pro"
      const expected = !asker.hasSession
        ? "session"
        : !included
        ? "tier"
        : !asker.isBeta
        ? "beta"
        : asker.place === "group"
        ? "place"
        : null
      assert.strictEqual(denialBy(rule, asker), expected, JSON.stringify(asker))
    }
  })

  it("offers what only a session is missing for, and nothing else", () => {
    for (const name of names) {
      for (const asker of askers) {
        const { hasSession: _, ...without } = asker
        assert.strictEqual(isOffered(name, without), said(name, { ...asker, hasSession: true }) === null)
      }
    }
  })

  it("names no tiers where every tier is included", () => {
    assert.deepStrictEqual(tiersOf("opportunities"), [])
  })
})
