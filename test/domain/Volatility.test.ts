/** The measured volatility of a market: the formula by hand, what is unknown, and that a restart changes nothing. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { isWithin, LEAST_MOVES, Volatility, VolatilityRange, VolatilityState } from "../../src/domain/Volatility.ts"
import { integers } from "../support/generators.ts"

type Price = readonly [seconds: number, mid: number]

/** As a slot does it: asked before each price. */
const feed = (volatility: Volatility, prices: ReadonlyArray<Price>): Volatility => {
  for (const [seconds, mid] of prices) {
    const at = Math.round(seconds * 1_000)
    if (volatility.isDue(at)) volatility.sample(mid, at)
  }
  return volatility
}
const bpsOf = (prices: ReadonlyArray<Price>) => feed(new Volatility(), prices).bps

/** A price each `every` seconds, up and down by turns by a factor. */
const swings = (count: number, factor: number, every = 1): ReadonlyArray<Price> =>
  Array.from({ length: count }, (_, at) => [at * every, at % 2 === 0 ? 100 : 100 * factor])

describe("The volatility of a market", () => {
  it("is the root of its realised variance a second, by hand", () => {
    // Ten moves of one second: 1% up five times from 100, 1/101 down five times.
    const variance = (5 * 0.01 ** 2 + 5 * (1 / 101) ** 2) / 10
    assert.approximately(bpsOf(swings(11, 1.01)) ?? NaN, Math.sqrt(variance) * 10_000, 1e-6)
    // The same moves in twice the time are less by the root of two.
    const slow = (5 * 0.01 ** 2 + 5 * (1 / 101) ** 2) / 20
    assert.approximately(bpsOf(swings(11, 1.01, 2)) ?? NaN, Math.sqrt(slow) * 10_000, 1e-6)
  })

  it("forgets by 30 parts in 31 a second once it has seen thirty of them", () => {
    const before = bpsOf(swings(31, 1.01)) ?? NaN
    const after = bpsOf([...swings(31, 1.01), [31, 100]]) ?? NaN
    assert.approximately(after / before, Math.sqrt(30 / 31), 1e-9)
    assert.isBelow(
      bpsOf([...swings(31, 1.01), ...Array.from({ length: 200 }, (_, at): Price => [31 + at, 100])]) ?? NaN,
      5,
    )
  })

  it("is unknown until there were ten moves, and again after a minute of silence", () => {
    assert.isNull(new Volatility().bps)
    assert.isNull(bpsOf(swings(LEAST_MOVES, 1.01)))
    assert.isNotNull(bpsOf(swings(LEAST_MOVES + 1, 1.01)))
    assert.isNotNull(bpsOf([...swings(11, 1.01), [70, 100]]))
    assert.isNull(bpsOf([...swings(11, 1.01), [71, 100]]))
  })

  it("looks at one price a second, and begins anew where the clock leapt back", () => {
    const bouncing = swings(21, 1.01).flatMap(([at, mid]): ReadonlyArray<Price> => [[at, mid], [at + 0.5, mid * 3]])
    assert.strictEqual(bpsOf(bouncing), bpsOf(swings(21, 1.01)))
    assert.strictEqual(bpsOf([...swings(21, 1.01), [15, 300]]), bpsOf(swings(21, 1.01)))
    const later = swings(11, 1.02).map(([at, mid]): Price => [at + 500, mid])
    assert.strictEqual(bpsOf([...later, ...swings(11, 1.01)]), bpsOf(swings(11, 1.01)))
  })

  it("takes no price that is none, and no single wrong price sends it beyond the default range", () => {
    assert.strictEqual(bpsOf([...swings(11, 1.01), [11, 0], [12, NaN], [13, Infinity]]), bpsOf(swings(11, 1.01)))
    const wrong = bpsOf([...swings(31, 1), [31, 1e300]]) ?? NaN
    assert.approximately(wrong, Math.sqrt(0.05 ** 2 / 31) * 10_000, 1e-9)
    assert.isBelow(wrong, 200)
  })

  const walk = Arbitrary.array(Arbitrary.all([integers(0, 5_000), integers(1, 20_000)]), {
    minLength: 1,
    maxLength: 60,
  })
  it.prop("is the same after a restart at any price", [walk, integers(0, 60)], ([steps, where]) => {
    let now = 0
    const prices = steps.map(([pause, mid]): Price => [(now += pause) / 1_000, mid])
    const json = Schema.fromJsonString(Schema.NullOr(VolatilityState))
    const saved = Schema.encodeSync(json)(feed(new Volatility(), prices.slice(0, where)).snapshot())
    const state = Schema.decodeSync(json)(saved)
    const second = new Volatility()
    if (state !== null) second.restore(state)
    assert.deepStrictEqual(feed(second, prices.slice(where)).snapshot(), feed(new Volatility(), prices).snapshot())
    assert.strictEqual(second.bps, bpsOf(prices))
  }, { arbitrary: { runs: 300 } })
})

describe("A range of volatility", () => {
  const decode = Schema.decodeUnknownSync(VolatilityRange)

  it("is from nothing to 200 bps unless it says otherwise, holds its bounds and the unknown", () => {
    const range = decode({})
    assert.deepStrictEqual(range, { minBps: 0, maxBps: 200 })
    assert.deepStrictEqual([0, 200, 200.1, null].map((bps) => isWithin(bps, range)), [true, true, false, true])
    assert.isTrue(isWithin(1e6, decode({ maxBps: null })))
  })

  it("whose least is above its greatest is refused, and so is what is below nothing", () => {
    for (const wrong of [{ minBps: 201 }, { minBps: -1 }, { maxBps: 0 }, { maxBps: "5" }]) {
      assert.throws(() => decode(wrong))
    }
  })
})
