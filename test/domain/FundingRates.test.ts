/** Funding rates: B4 of the worked examples to the last digit, intervals, settlements, and what is not believed. */
import { assert, describe, it } from "@effect/vitest"
import * as Decimal from "../../src/domain/Decimal.ts"
import * as FundingRates from "../../src/domain/FundingRates.ts"
import { integers } from "../support/generators.ts"

const HOUR = 3_600_000
const exact = Decimal.fromChecked
const stated = (changes: Partial<FundingRates.StatedRate> = {}): FundingRates.StatedRate => (
  { rate: "0.0001", intervalMs: 8 * HOUR, nextFundingTime: 8 * HOUR, at: 0, ...changes }
)

describe("B4: +0.0100% per 8 h against +0.0050% per 1 h", () => {
  const x = { rate: "0.0001", intervalMs: 8 * HOUR }, y = { rate: "0.00005", intervalMs: HOUR }
  const perHour = Decimal.subtract(FundingRates.perHour(y), FundingRates.perHour(x))
  const cost = exact("0.0017")
  // Opened just after an 8 h mark, at time 0: short y, long x.
  const sides: ReadonlyArray<FundingRates.Payments> = [
    { amount: exact("-0.0001"), next: 8 * HOUR, intervalMs: 8 * HOUR },
    { amount: exact("0.00005"), next: HOUR, intervalMs: HOUR },
  ]
  const after = (hours: number): string =>
    Decimal.format(Decimal.subtract(FundingRates.income(sides, hours * HOUR), cost))

  it("earns 32.85% a year, short the higher rate an hour", () => {
    assert.strictEqual(Decimal.format(perHour), "0.0000375")
    assert.strictEqual(Decimal.format(FundingRates.perYear(perHour)), "0.3285")
  })

  it("breaks even after 45.33 h as if paid evenly", () => {
    const hours = FundingRates.breakEvenHours(cost, perHour)
    assert.strictEqual(hours === null ? null : Decimal.format(hours), "45.33")
  })

  it("by settlements stands at 0 at 44 h, +0.005% at 45 h, +0.015% at 47 h, +0.010% at 48 h", () => {
    assert.deepStrictEqual([43, 44, 45, 47, 48].map(after), ["-0.00005", "0", "0.00005", "0.00015", "0.0001"])
  })

  it("has paid its cost first at 44 h, and at no time when the span ends before", () => {
    assert.strictEqual(FundingRates.breakEvenAt(sides, cost, 72 * HOUR), 44 * HOUR)
    assert.isNull(FundingRates.breakEvenAt(sides, cost, 44 * HOUR - 1))
  })
})

describe("Settlements", () => {
  it("are counted up to and with the end of the span", () => {
    const side = { next: 1_000, intervalMs: 100 }
    assert.deepStrictEqual(
      [999, 1_000, 1_099, 1_100].map((until) => FundingRates.settlementsUntil(side, until)),
      [0, 1, 1, 2],
    )
  })

  it.prop(
    "that were counted at once are those found one by one",
    [integers(1, 9), integers(1, 5), integers(0, 60)],
    ([next, interval, until]) => {
      const side = { amount: Decimal.ONE, next, intervalMs: interval }
      let found = 0
      for (let at = next; at <= until; at += interval) found++
      assert.strictEqual(FundingRates.settlementsUntil(side, until), found)
      assert.strictEqual(Decimal.format(FundingRates.income([side], until)), String(found))
    },
  )

  it.prop(
    "pay a cost first where walking through every instant finds it",
    [integers(1, 8), integers(1, 8), integers(1, 6), integers(-6, 6), integers(0, 30)],
    ([firstEvery, secondEvery, first, second, cost]) => {
      const sides = [
        { amount: Decimal.fromInteger(first), next: firstEvery, intervalMs: firstEvery },
        { amount: Decimal.fromInteger(second), next: secondEvery, intervalMs: secondEvery },
      ]
      const isSettlement = (at: number) => at % firstEvery === 0 || at % secondEvery === 0
      const paid = (at: number) => Math.floor(at / firstEvery) * first + Math.floor(at / secondEvery) * second
      let expected: number | null = null
      for (let at = 1; at <= 60 && expected === null; at++) if (isSettlement(at) && paid(at) >= cost) expected = at
      assert.strictEqual(FundingRates.breakEvenAt(sides, Decimal.fromInteger(cost), 60), expected)
    },
  )

  it("follow on the announced one by the interval of the same tick, so that a new interval counts from its tick on", () => {
    assert.strictEqual(FundingRates.nextSettlement(stated(), "predicted", HOUR), 8 * HOUR)
    assert.strictEqual(FundingRates.nextSettlement(stated(), "settled", 8 * HOUR), 16 * HOUR)
    const hourly = stated({ intervalMs: HOUR, nextFundingTime: null, at: 3 * HOUR })
    assert.strictEqual(FundingRates.nextSettlement(hourly, "settled", 3 * HOUR), 4 * HOUR)
  })

  it("are unknown where only a prediction is known and no time was announced", () => {
    assert.isNull(FundingRates.nextSettlement(stated({ nextFundingTime: null }), "predicted", 0))
  })
})

describe("A rate", () => {
  const most = exact("0.05")
  it("counts for one interval, and a prediction no longer than until its settlement", () => {
    assert.isFalse(FundingRates.isStale(stated(), "predicted", 8 * HOUR - 1))
    assert.isTrue(FundingRates.isStale(stated(), "predicted", 8 * HOUR))
    assert.isFalse(FundingRates.isStale(stated(), "settled", 8 * HOUR))
    assert.isTrue(FundingRates.isStale(stated(), "settled", 8 * HOUR + 1))
  })

  it("is believed up to the bound, in both directions", () => {
    assert.isNull(FundingRates.refusal(stated({ rate: "-0.05" }), most))
    for (const rate of ["0.0500001", "-0.06", "1e5"]) {
      assert.strictEqual(FundingRates.refusal(stated({ rate }), most), "implausible_rate", rate)
    }
  })

  it("is refused with an interval of nothing, of a month, or a settlement far away", () => {
    for (const intervalMs of [0, 59_999, 31 * 24 * HOUR]) {
      assert.strictEqual(FundingRates.refusal(stated({ intervalMs }), most), "implausible_rate", String(intervalMs))
    }
    assert.strictEqual(FundingRates.refusal(stated({ nextFundingTime: 17 * HOUR }), most), "implausible_rate")
  })
})
