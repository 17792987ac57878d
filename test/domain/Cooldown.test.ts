/** The cooldown: four hours for the same thing, unless it earns half as much again. */
import { assert, describe, it } from "@effect/vitest"
import { DEFAULT_COOLDOWN, isMaterial, restsUntil } from "../../src/domain/Cooldown.ts"

const t0 = 1_750_000_000_000
const { cooldownMs } = DEFAULT_COOLDOWN
const told = { atMs: t0, netProfit: 10 }

describe("What a user was told", () => {
  it("rests for four hours to the millisecond", () => {
    assert.strictEqual(restsUntil(told, 10, t0), t0 + cooldownMs)
    assert.strictEqual(restsUntil(told, 10, t0 + cooldownMs - 1), t0 + cooldownMs)
    assert.isNull(restsUntil(told, 10, t0 + cooldownMs))
    assert.isNull(restsUntil(null, 10, t0))
  })

  it("is told at once when it earns half as much again, and not for less", () => {
    assert.isNull(restsUntil(told, 15, t0 + 1))
    assert.strictEqual(restsUntil(told, 14.99, t0 + 1), t0 + cooldownMs)
  })

  it("never counts as improved where nobody can price it, or where it earns nothing", () => {
    assert.isFalse(isMaterial(null, 10))
    assert.isFalse(isMaterial(10, null))
    assert.isFalse(isMaterial(0, 0))
    assert.isTrue(isMaterial(0, 1))
    assert.isFalse(isMaterial(-10, -20))
  })
})
