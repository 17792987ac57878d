/** What becomes of opportunities: read at each delay on the books of that instant, whole once, the same after a restart. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Cases from "../../src/domain/Cases.ts"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import * as Outcome from "../../src/domain/Outcome.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Analysis, AnalysisState } from "../../src/streams/Analysis.ts"
import { Outcomes } from "../../src/streams/Outcomes.ts"
import { configOf, framesOf, gap, heartbeat, quote, T0 } from "../support/ticks.ts"
import { someOpportunity } from "../suites/StoreWorld.ts"

const config = configOf({ hysteresis: true, minNetBps: 5 })

const a = (ms = 0) => quote("a", "BTC/USDT", T0 + ms, ["9990", "10000"])
const b = (ms: number, bps: number, bidSize = "1") =>
  quote("b", "BTC/USDT", T0 + ms, [String(10_000 + bps), "10999"], { bidSize })
/** Another asset of the same partition: time passes, and no book changes. */
const quiet = (ms: number) => heartbeat("c", "BTC/EUR", T0 + ms)

const outcomesOf = (ticks: ReadonlyArray<Tick>, how: DetectConfig = config): ReadonlyArray<Outcome.Outcome> => {
  const analysis = new Analysis(how)
  analysis.frames(framesOf(ticks), 1)
  analysis.finish()
  return analysis.findings().outcomes
}

const read = ({ realised }: Outcome.Outcome) =>
  realised.map(({ delayMs, netBps, reason }) => [delayMs, netBps ?? reason])

describe("An outcome", () => {
  it("reads each delay on the books as they stood then, before any later tick", () => {
    const [outcome, ...more] = outcomesOf([a(), b(1, 10), b(101, 8), b(102, -20), b(4_000, 3), quiet(70_000)])
    assert.isDefined(outcome)
    assert.deepStrictEqual(more, [])
    // Due at 101, 1001, 5001, 30001 and 60001: what came at 101 itself counts, what came at 102 does not.
    assert.deepStrictEqual(read(outcome), [[100, "8"], [1_000, "-20"], [5_000, "3"], [30_000, "3"], [60_000, "3"]])
    assert.deepInclude(outcome, { netBps: "10", livedMs: 100, size: "1", pair: "BTC/USDT", silent: false })
    assert.deepStrictEqual(outcome.venues, ["a", "b"])
  })

  it("keeps the best of all checks up to each delay", () => {
    const [outcome] = outcomesOf([a(), b(1, 10), b(50, 30), b(2_000, 40), b(2_001, 6), quiet(70_000)])
    assert.deepStrictEqual(outcome?.realised.map(({ bestNetBps }) => bestNetBps), ["30", "30", "40", "40", "40"])
  })

  it("says why nothing could be had, or read", () => {
    const [outcome] = outcomesOf([a(), b(1, 10), b(50, 10, "0.5"), gap("b", "BTC/USDT", T0 + 500), quiet(2_000)])
    assert.isDefined(outcome)
    assert.deepStrictEqual(read(outcome), [
      [100, "insufficient_depth"],
      [1_000, "broken_sequence"],
      [5_000, "end_of_data"],
      [30_000, "end_of_data"],
      [60_000, "end_of_data"],
    ])
  })

  it("is told once, when its last instant has passed and it has ended", () => {
    const analysis = new Analysis(config)
    analysis.frames(framesOf([a(), b(1, 10), b(500, 1), quiet(1_100)]), 1)
    assert.deepStrictEqual(analysis.findings().outcomes, [])
    analysis.frames(framesOf([quiet(60_001), quiet(60_002)]), 2)
    assert.lengthOf(analysis.findings().outcomes, 1)
    assert.deepStrictEqual(analysis.findings().outcomes, [])
  })

  it("is the same after a restart at any moment", () => {
    const ticks = [
      a(),
      b(1, 10),
      b(60, 12),
      b(150, 20),
      b(700, 1),
      b(1_500, 7),
      b(6_000, 9),
      b(40_000, 1),
      quiet(130_000),
    ]
    const whole = outcomesOf(ticks)
    assert.isAbove(whole.length, 0)
    const AsJson = Schema.fromJsonString(AnalysisState)
    for (let at = 1; at < ticks.length; at++) {
      const first = new Analysis(config), second = new Analysis(config)
      first.frames(framesOf(ticks.slice(0, at)), 1)
      const before = first.findings().outcomes
      second.restore(Schema.decodeSync(AsJson)(Schema.encodeSync(AsJson)(first.snapshot())))
      second.resume()
      second.frames(framesOf(ticks.slice(at)), 2)
      second.finish()
      assert.deepStrictEqual([...before, ...second.findings().outcomes], whole)
    }
  })
})

describe("A case", () => {
  const outcome = (netBps: string | null, reason: Outcome.Realised["reason"]) => ({
    realised: [{ delayMs: 1_000, netBps, netProfit: null, reason, bestNetBps: null }],
  })

  it("succeeded if it still paid a second later, failed if not, and counts for nothing where nobody could look", () => {
    assert.strictEqual(Outcome.succeeded(outcome("0.0001", null)), true)
    assert.strictEqual(Outcome.succeeded(outcome("0", null)), false)
    assert.strictEqual(Outcome.succeeded(outcome(null, "insufficient_depth")), false)
    assert.strictEqual(Outcome.succeeded(outcome(null, "broken_sequence")), null)
    assert.strictEqual(Outcome.succeeded(outcome(null, "end_of_data")), null)
    assert.strictEqual(Outcome.succeeded({ realised: [] }), null)
  })

  it("is drawn towards one half by thirty cases, and fewer than thirty prove nothing", () => {
    assert.strictEqual(Cases.successRate(Cases.NO_CASES), 0.5)
    assert.strictEqual(Cases.successRate({ judged: 30, succeeded: 30 }), 0.75)
    assert.isFalse(Cases.isProven({ judged: 29, succeeded: 29 }))
    assert.isTrue(Cases.isProven({ judged: 30, succeeded: 0 }))
  })

  it("is learned by those alike alone: type, asset and venues", () => {
    const analysed = outcomesOf([a(), b(1, 10), b(2_000, 1), quiet(3_000), b(5_000, 10), b(7_000, 1), quiet(140_000)])
    assert.deepStrictEqual(analysed.map((one) => Outcome.similarity(one)), [
      "cross_exchange|BTC|a|b",
      "cross_exchange|BTC|a|b",
    ])
  })
})

describe("Those followed", () => {
  it("are 4,096 at most: the oldest goes unread, and is counted", () => {
    const outcomes = new Outcomes()
    for (let at = 0; at < 4_098; at++) outcomes.opened(someOpportunity({ id: `id-${at}` }), false)
    assert.strictEqual(outcomes.dropped, 2)
    outcomes.finish()
    const told = outcomes.take()
    assert.lengthOf(told, 4_096)
    assert.strictEqual(told[0]?.opportunityId, "id-2")
  })
})

describe("Lives of those alike", () => {
  it("give their median once five are known", () => {
    const outcomes = new Outcomes()
    const live = (id: string, livedMs: number) => {
      outcomes.opened(someOpportunity({ id }), false)
      outcomes.confirmed(id, null, someOpportunity().detectedAt + livedMs)
      outcomes.ended(id)
      outcomes.finish()
    }
    const key = Outcome.similarity({ type: "cross_exchange", asset: "BTC", venues: [] })
    for (const [at, livedMs] of [40, 10, 30, 20].entries()) live(`id-${at}`, livedMs)
    assert.isNull(outcomes.medianLivedMs(key))
    live("id-9", 1_000)
    assert.strictEqual(outcomes.medianLivedMs(key), 30)
  })
})
