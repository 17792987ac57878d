/** Who moves first: the estimator against its definition, against made followers, and against chance. */
import { assert, describe, it } from "@effect/vitest"
import { covariance, leadLag, LEAST_MOVES } from "../../src/domain/LeadLag.ts"
import { CAPACITY, type Move, PriceMoves, SILENCE_MS } from "../../src/domain/PriceMoves.ts"
import { integers } from "../support/generators.ts"
import { told, type Walk, walk } from "../support/walks.ts"

const movesOf = (prices: Walk, spanMs = Infinity, capacity = CAPACITY): ReadonlyArray<Move> => {
  const moves = new PriceMoves(spanMs, capacity)
  for (const [at, price] of prices) moves.push(price, at)
  return moves.all
}

/** As Hayashi and Yoshida wrote it: every move with every move. */
const everyPair = (a: ReadonlyArray<Move>, b: ReadonlyArray<Move>, lagMs: number): number =>
  a.reduce(
    (sum, x) =>
      sum +
      b.reduce(
        (sum, y) => Math.max(x.from, y.from - lagMs) < Math.min(x.to, y.to - lagMs) ? sum + x.by * y.by : sum,
        0,
      ),
    0,
  )

describe("Lead and lag", () => {
  it.prop(
    "is the sum over all overlapping moves, at any lag",
    [integers(1, 1e6), integers(1, 1e6), integers(-400, 400), integers(2, 60), integers(2, 60)],
    ([seedA, seedB, lag, countA, countB]) => {
      const a = movesOf(walk(seedA, countA, 40)), b = movesOf(walk(seedB, countB, 70))
      assert.approximately(covariance(a, b, lag), everyPair(a, b, lag), 1e-15)
    },
  )

  it.prop("is mirrored when the two are exchanged, whatever the scale of their prices", [
    integers(1, 1e6),
    integers(0, 300),
  ], ([seed, late]) => {
    const prices = walk(seed, 400, 20)
    const a = movesOf(told(prices, seed + 1, 30, 0)), b = movesOf(told(prices, seed + 2, 60, late))
    const scaled = movesOf(told(prices.map(([at, price]) => [at, price * 1_024] as const), seed + 1, 30, 0))
    const forth = leadLag(a, b), back = leadLag(b, a)
    if (forth === null || back === null) return assert.fail("both moved")
    assert.approximately(forth.correlation, back.correlation, 1e-12)
    assert.approximately(forth.atLag, back.atLag, 1e-12)
    assert.strictEqual(forth.lagMs, 0 - back.lagMs)
    assert.approximately(forth.ratio * back.ratio, 1, 1e-9)
    assert.strictEqual(forth.leader, back.leader === null ? null : back.leader === "a" ? "b" : "a")
    assert.deepStrictEqual(leadLag(scaled, b), forth)
  })

  it("finds who tells the same price earlier, and by how much, though both look at times of their own", () => {
    for (const [seed, late] of [[1, 200], [2, 500], [3, 1_000], [4, 1_500]] as const) {
      const prices = walk(seed, 6_000, 50)
      const early = movesOf(told(prices, seed + 10, 40, 0)), after = movesOf(told(prices, seed + 20, 40, late))
      const found = leadLag(early, after)
      assert.strictEqual(found?.leader, "a", `late by ${late}`)
      assert.approximately(found?.lagMs ?? 0, late, 50)
      assert.isAbove(found?.ratio ?? 0, 1.5)
      assert.isAbove(found?.atLag ?? 0, 0.6)
    }
  })

  it("does not take who speaks seldom for a follower", () => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const prices = walk(seed, 6_000, 50)
      const often = movesOf(told(prices, seed + 10, 20, 0)), seldom = movesOf(told(prices, seed + 20, 400, 0))
      const found = leadLag(often, seldom)
      // Who looks every 400 ms is late by 200 ms in the middle, and no estimate of it is later.
      assert.isAtMost(Math.abs(found?.lagMs ?? Infinity), 200)
    }
  })

  it("is one for the same moves, and nobody leads", () => {
    const moves = movesOf(walk(7, 500, 50))
    const same = leadLag(moves, moves)
    assert.approximately(same?.correlation ?? 0, 1, 1e-12)
    assert.strictEqual(same?.lagMs, 0)
    assert.isNull(same?.leader)
  })

  it("names no leader of prices that have nothing to do with each other, but once in a hundred", () => {
    const named = Array.from(
      { length: 300 },
      (_, seed) => leadLag(movesOf(walk(seed, 300, 100)), movesOf(walk(seed + 10_000, 300, 100)))?.leader ?? null,
    )
    assert.isAtMost(named.filter((leader) => leader !== null).length, 3)
  })

  it("says nothing of a price that never moved, and names no leader of few moves", () => {
    const few = movesOf(walk(3, LEAST_MOVES, 50))
    assert.isNull(leadLag(few, []))
    assert.isNull(leadLag([], few))
    const later = few.map(({ by, from, to }) => ({ by, from: from + 200, to: to + 200 }))
    assert.isBelow(few.length, LEAST_MOVES)
    assert.isNull(leadLag(few, later)?.leader)
  })
})

describe("The moves of a price", () => {
  it("are its changes, each from the change before; what stands still is none, and of one instant the last counts", () => {
    assert.deepStrictEqual(movesOf([[0, 100], [10, 100], [20, 110], [25, 110], [30, 121], [30, 99]]), [
      { from: 0, to: 20, by: 110 / 100 - 1 },
      { from: 20, to: 30, by: 99 / 110 - 1 },
    ])
  })

  it("do not lead across a silence, a gap or a clock that leapt back", () => {
    const late = SILENCE_MS + 1
    assert.deepStrictEqual(movesOf([[0, 100], [late, 110], [late + 10, 121]]).map(({ from }) => from), [late])
    assert.strictEqual(movesOf([[0, 100], [SILENCE_MS, 110]]).length, 1)
    const moves = new PriceMoves(Infinity)
    moves.push(100, 0)
    moves.interrupt()
    moves.push(110, 10)
    assert.deepStrictEqual(moves.all, [])
    assert.deepStrictEqual(movesOf([[late, 100], [late + 1, 101], [0, 50], [5, 51]]).map(({ to }) => to), [5])
    assert.strictEqual(movesOf([[10, 100], [9, 105], [11, 101]]).length, 1)
  })

  it("are forgotten when they are older than the span, or too many, and no price that is none counts", () => {
    const prices = Array.from({ length: 100 }, (_, at) => [at * 10, 100 + (at % 2)] as const)
    assert.deepStrictEqual(movesOf(prices, 50).map(({ from }) => from), [940, 950, 960, 970, 980])
    assert.strictEqual(movesOf(prices, Infinity, 7).length, 7)
    assert.deepStrictEqual(movesOf([[0, 0], [1, NaN], [2, Infinity], [3, -1]]), [])
  })
})
