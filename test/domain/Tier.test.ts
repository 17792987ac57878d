/** The table of tiers, as the specification prints it. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { limitsOf, putInForce, SHIPPED_TIERS, Tier, tiersInForce, TierTable } from "../../src/domain/Tier.ts"

describe("tiers", () => {
  it("ship as specified", () => {
    const rows = Tier.literals.map((tier) => {
      const { ai, analytics, apiPerMinute, ownSubjects, perDay, perHour, types } = limitsOf(tier, "user")
      return [tier, perHour, perDay, apiPerMinute, types.length, ai, analytics, ownSubjects]
    })
    assert.deepStrictEqual(rows, [
      ["free", 5, 20, 10, 2, false, "none", false],
      ["basic", 10, 50, 20, 3, false, "none", false],
      ["premium", 20, 100, 30, 4, true, "own", false],
      ["pro", 50, 250, 60, 4, true, "dashboard", false],
      ["enterprise", 100, 1000, 120, 4, true, "dashboard", true],
    ])
    assert.deepStrictEqual(limitsOf("free", "user").types, ["cross_exchange", "technical"])
    assert.deepStrictEqual(limitsOf("basic", "user").types, ["cross_exchange", "technical", "funding"])
  })

  it("put admins under the enterprise row, whatever their own", () => {
    for (const tier of Tier.literals) assert.strictEqual(limitsOf(tier, "admin"), SHIPPED_TIERS.tiers.enterprise)
  })

  it("go by the operator's own table once it is in force", () => {
    const free = { ...SHIPPED_TIERS.tiers.free, perHour: 7 }
    try {
      putInForce({ version: "own-1", tiers: { ...SHIPPED_TIERS.tiers, free } })
      assert.strictEqual(limitsOf("free", "user").perHour, 7)
      assert.strictEqual(tiersInForce().version, "own-1")
    } finally {
      putInForce(SHIPPED_TIERS)
    }
    assert.strictEqual(limitsOf("free", "user").perHour, 5)
  })

  it("are refused when a tier is missing, a limit negative, or a type unknown", () => {
    const accepted = Schema.is(TierTable)
    const { free: _, ...four } = SHIPPED_TIERS.tiers
    assert.isTrue(accepted(SHIPPED_TIERS))
    assert.isFalse(accepted({ version: "1", tiers: four }))
    for (const wrong of [{ perHour: -1 }, { apiPerMinute: 0 }, { types: ["lottery"] }, { perDay: 1.5 }]) {
      assert.isFalse(
        accepted({ version: "1", tiers: { ...SHIPPED_TIERS.tiers, free: { ...SHIPPED_TIERS.tiers.free, ...wrong } } }),
      )
    }
  })
})
