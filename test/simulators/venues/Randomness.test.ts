/**
 * The simulator's own chance and its own number text: small, exact, the same everywhere.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Decimal from "../../../src/domain/Decimal.ts"
import { decimalText, pow10 } from "../../../src/simulators/venues/DecimalText.ts"
import * as Randomness from "../../../src/simulators/venues/Randomness.ts"

describe("the simulator's randomness", () => {
  it("draws the published numbers of xoshiro128** from the state 1, 2, 3, 4", () => {
    const source = Randomness.fromState([1, 2, 3, 4])
    assert.deepStrictEqual([source.next(), source.next(), source.next(), source.next()], [11520, 0, 5927040, 70819200])
  })

  it("gives differently named things different numbers", () => {
    const firsts = ["x", "y", "z"].map((name) => Randomness.make(1, name).next())
    assert.strictEqual(new Set([...firsts, Randomness.make(2, "x").next()]).size, 4)
  })

  it("covers a range evenly and stays within it", () => {
    const source = Randomness.make(5)
    const counts = new Array<number>(10).fill(0)
    for (let i = 0; i < 100_000; i++) {
      const n = source.below(10)
      counts[n] = (counts[n] ?? 0) + 1
    }
    assert.strictEqual(counts.reduce((sum, n) => sum + n, 0), 100_000)
    for (const count of counts) assert.approximately(count, 10_000, 500)
    const around = Array.from({ length: 1_000 }, () => source.around(2))
    assert.deepStrictEqual([...new Set(around)].sort((a, b) => a - b), [-2, -1, 0, 1, 2])
  })
})

describe("decimal text from whole units", () => {
  it.prop(
    "is what Decimal.format writes",
    [
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
      Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 15 })),
    ],
    ([units, digits]) => {
      const exact = Decimal.divide(Decimal.fromInteger(units), Decimal.fromInteger(pow10(digits)), digits)
      assert.strictEqual(decimalText(units, digits), Decimal.format(exact))
    },
  )

  it("refuses more digits than a safe whole number has", () => {
    assert.throws(() => decimalText(1, 16), RangeError)
  })
})
