/** The score: the documented example, its ends, and that no improvement ever lowers it. */
import { assert, describe, it } from "@effect/vitest"
import * as Decimal from "../../src/domain/Decimal.ts"
import type { Leg } from "../../src/domain/Opportunity.ts"
import type { Plan } from "../../src/streams/detectors/Candidate.ts"
import { scoreOf } from "../../src/streams/Score.ts"
import { integers } from "../support/generators.ts"

const leg = (bookAgeMs: number): Leg => ({
  venue: "a",
  instrument: "BTC/USDT",
  side: "buy",
  size: "1",
  price: "1",
  levels: [],
  contracts: null,
  contractSize: null,
  fee: "0",
  feeCurrency: "USDT",
  feeRate: "0",
  bookSeq: null,
  bookAgeMs,
})

const plan = (netBps: string, netProfit: string, ages: ReadonlyArray<number>): Plan => ({
  legs: ages.map(leg),
  size: Decimal.ONE,
  capacity: Decimal.ONE,
  notional: Decimal.ONE,
  currency: "USDT",
  grossBps: Decimal.ZERO,
  netBps: Decimal.fromChecked(netBps),
  netProfit: Decimal.fromChecked(netProfit),
  holdsUntil: null,
  details: {
    type: "cross_exchange",
    mode: "pre_funded",
    curve: [],
    transfer: null,
    otherCosts: "0",
    feeTable: null,
  },
  inputs: null,
  notes: [],
})

describe("The score", () => {
  it("is 36.47 for the example of docs/scoring.md", () => {
    assert.strictEqual(scoreOf(plan("10", "37.906", [0, 1])), 36.47)
  })

  it("runs from 0 for what brings nothing out of old books to 100", () => {
    assert.strictEqual(scoreOf(plan("-3", "-1", [5_000, 0])), 0)
    assert.strictEqual(scoreOf(plan("5000", "1000000", [0, 0])), 100)
  })

  it.prop(
    "is never lowered by more net bps, more money or fresher books",
    [integers(-20, 80), integers(-50, 200), integers(0, 3_000), integers(0, 30)],
    ([bps, profit, age, more]) => {
      const before = scoreOf(plan(`${bps}`, `${profit}`, [age]))
      assert.isAtLeast(scoreOf(plan(`${bps + more}`, `${profit}`, [age])), before)
      assert.isAtLeast(scoreOf(plan(`${bps}`, `${profit + more}`, [age])), before)
      assert.isAtLeast(scoreOf(plan(`${bps}`, `${profit}`, [Math.max(0, age - more)])), before)
      assert.isTrue(before >= 0 && before <= 100)
    },
  )
})
