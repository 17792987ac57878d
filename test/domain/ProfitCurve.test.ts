/** The profit-size curve: bounded, ascending, exact, with the best size on it. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import * as Decimal from "../../src/domain/Decimal.ts"
import { SAME } from "../../src/domain/Exchanging.ts"
import * as Pricing from "../../src/domain/Pricing.ts"
import { MAX_POINTS, profitCurve } from "../../src/domain/ProfitCurve.ts"
import { integers } from "../support/generators.ts"

const d = Decimal.fromChecked
const terms: Pricing.Terms = {
  buyFee: d("0.0005"),
  sellFee: d("0.0005"),
  buyFeeIn: "quote",
  exchange: SAME,
  ...Pricing.PRE_FUNDED,
}

/** `count` levels a cent apart. */
const ladder = (from: number, step: number, sizes: ReadonlyArray<number>): Pricing.Depth =>
  Pricing.depthOf(sizes.map((size, n) => [`${from + n * step}e-2`, `${size}e-1`] as const))

const sizes = Arbitrary.array(integers(1, 40), { minLength: 1, maxLength: 40 })

describe("The profit-size curve", () => {
  it.prop(
    "holds the best size and the chosen one, in order, no point above the best, each priced exactly",
    [sizes, sizes, integers(1, 30)],
    ([askSizes, bidSizes, chosenTenths]) => {
      const asks = ladder(10_000, 1, askSizes), bids = ladder(10_040, -1, bidSizes)
      const best = Pricing.bestSize(asks, bids, terms)
      const chosen = Decimal.min(best, d(`${chosenTenths}e-1`))
      const curve = profitCurve(asks, bids, terms, { best, chosen })
      assert.isAtMost(curve.length, MAX_POINTS)
      const at = curve.map(({ size }) => Number(size))
      assert.deepStrictEqual(at, [...at].sort((a, b) => a - b))
      assert.strictEqual(new Set(at).size, at.length)
      assert.includeMembers(curve.map(({ size }) => size), [Decimal.format(best), Decimal.format(chosen)])
      const most = Math.max(...curve.map(({ netProfit }) => Number(netProfit)))
      assert.strictEqual(Number(curve.find(({ size }) => size === Decimal.format(best))?.netProfit), most)
      for (const point of curve) {
        const priced = Option.getOrThrow(Pricing.priceAt(asks, bids, d(point.size), terms))
        assert.strictEqual(Decimal.format(priced.netProfit), point.netProfit)
        assert.strictEqual(Decimal.format(priced.netBps), point.netBps)
      }
    },
    { arbitrary: { runs: 60 } },
  )

  it("shows beyond the best size how profit falls, and ends where a book does", () => {
    const asks = Pricing.depthOf([["100", "1"], ["101", "1"]]), bids = Pricing.depthOf([["102", "1"], ["100.5", "5"]])
    const curve = profitCurve(asks, bids, terms, { best: d("1"), chosen: d("1") })
    assert.deepStrictEqual(curve.map(({ size }) => size), ["1", "2"])
  })
})
