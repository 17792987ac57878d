/** What would have been earned: by hand on a few outcomes, and what must hold of any. */
import { assert, describe, it } from "@effect/vitest"
import { backtest, MAX_POINTS } from "../../src/domain/Backtest.ts"
import { DELAYS_MS, type Outcome, type Realised } from "../../src/domain/Outcome.ts"
import { integers } from "../support/generators.ts"
import * as Arbitrary from "effect/Arbitrary"

type Then = string | "insufficient_depth" | "stale_book"

const outcome = (
  id: number,
  netProfit: string | null,
  after: ReadonlyArray<Then>,
  changes: Partial<Outcome> = {},
): Outcome => ({
  opportunityId: String(id),
  fingerprint: `f${id}`,
  type: "cross_exchange",
  asset: "BTC",
  venues: ["a", "b"],
  pair: "BTC/USDT",
  detectedAt: id * 1_000,
  livedMs: 50,
  size: "1",
  currency: "USDT",
  netBps: "10",
  netProfit,
  realised: after.map((then, at): Realised => {
    const isReason = then === "insufficient_depth" || then === "stale_book"
    return {
      delayMs: DELAYS_MS[at] ?? 0,
      netBps: isReason ? null : then,
      netProfit: isReason ? null : then,
      reason: isReason ? then : null,
      bestNetBps: null,
    }
  }),
  features: [],
  silent: false,
  simulated: false,
  settingsVersion: "t",
  ...changes,
})

const of = (outcomes: ReadonlyArray<Outcome>) =>
  backtest({ simulated: false, outcomes, checks: 9, rejected: { stale_book: 2, below_threshold: 7 }, refused: [] })

describe("A backtest", () => {
  const outcomes = [
    outcome(3, "5", ["-4.5", "1"]),
    outcome(1, "10", ["2.25", "stale_book"]),
    outcome(2, "1", ["insufficient_depth", "3"]),
    outcome(4, "0.5", ["1", "-1"]),
  ]

  it("takes each opportunity once at each delay: what was lost counts, what was not to be had costs nothing", () => {
    const [atOnce, soon, second] = of(outcomes).earned
    assert.deepInclude(atOnce, { delayMs: 0, told: 4, taken: 4, total: "16.5", hitRate: "1", maxDrawdown: "0" })
    assert.deepInclude(soon, {
      delayMs: 100,
      told: 4,
      taken: 3,
      missed: 1,
      unread: 0,
      won: 2,
      hitRate: "0.6667",
      total: "-1.25",
      best: "2.25",
      worst: "-4.5",
      maxDrawdown: "4.5",
    })
    assert.deepInclude(second, { delayMs: 1_000, taken: 3, missed: 0, unread: 1, total: "3", maxDrawdown: "1" })
  })

  it("adds up in the order of detection, whichever order they came in", () => {
    assert.deepStrictEqual(of(outcomes).earned[1]?.curve, [
      { at: 1_100, total: "2.25" },
      { at: 3_100, total: "-2.25" },
      { at: 4_100, total: "-1.25" },
    ])
    assert.deepStrictEqual(of(outcomes.toReversed()), of(outcomes))
  })

  it("never adds up two currencies", () => {
    const { earned } = of([outcome(1, "10", []), outcome(2, "7", [], { currency: "EUR" })])
    assert.deepStrictEqual(
      earned.filter(({ delayMs }) => delayMs === 0).map(({ currency, total }) => [currency, total]),
      [["EUR", "7"], ["USDT", "10"]],
    )
  })

  it("earns nothing by what nobody was told, nor by what names no profit", () => {
    const { earned, found, silent } = of([outcome(1, "10", [], { silent: true }), outcome(2, null, [])])
    assert.deepStrictEqual({ earned, found, silent }, { earned: [], found: 2, silent: 1 })
  })

  it("counts lives by span and rejections by number", () => {
    const { lived, rejected } = of([outcome(1, "1", []), outcome(2, "1", [], { livedMs: 100 })])
    assert.deepStrictEqual(lived.slice(0, 3).map(({ count, toMs }) => [toMs, count]), [[100, 1], [1_000, 1], [
      5_000,
      0,
    ]])
    assert.deepStrictEqual(rejected.map(({ reason }) => reason), ["below_threshold", "stale_book"])
  })

  it("keeps so many points of a long curve, the last among them", () => {
    const many = Array.from({ length: 1_000 }, (_, n) => outcome(n, "1", []))
    const curve = of(many).earned[0]?.curve ?? []
    assert.strictEqual(curve.length, MAX_POINTS)
    assert.deepStrictEqual(curve.at(-1), { at: 999_000, total: "1000" })
  })

  it.prop(
    "ends where its curve ends, and falls no deeper than all losses together",
    [Arbitrary.array(integers(-50, 50), { minLength: 1, maxLength: 30 })],
    ([profits]) => {
      const [, soon] = of(profits.map((profit, n) => outcome(n, "1", [String(profit)]))).earned
      assert.isDefined(soon)
      assert.strictEqual(Number(soon.total), profits.reduce((sum, profit) => sum + profit, 0))
      assert.strictEqual(soon.curve.at(-1)?.total, soon.total)
      assert.isAtMost(Number(soon.maxDrawdown), profits.reduce((sum, profit) => sum + Math.max(0, -profit), 0))
      assert.isAtLeast(Number(soon.maxDrawdown), Math.max(0, -Number(soon.total)))
    },
  )
})
