/** Levels 2 and 4: they label while little is known, keep silent what is refused, and follow it all the same. */
import { assert, describe, it } from "@effect/vitest"
import type { Tick } from "../../src/domain/Tick.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { type JudgeRules, rulesOf } from "../../src/streams/Judge.ts"
import { configOf, framesOf, heartbeat, quote, T0 } from "../support/ticks.ts"

const config = configOf({ hysteresis: true, minNetBps: 5, staleness: { maxAgeMs: 5_000, maxSkewMs: 5_000 } })

const a = (ms: number) => quote("a", "BTC/USDT", T0 + ms, ["9990", "10000"])
const b = (ms: number, bps: number) => quote("b", "BTC/USDT", T0 + ms, [String(10_000 + bps), "10999"])
const quiet = (ms: number) => heartbeat("c", "BTC/EUR", T0 + ms)
const EPISODE_MS = 10_000

/** An episode each ten seconds: it opens, and a second later it still pays, or does not. */
const episodes = (count: number, lasts: boolean, from = 0): ReadonlyArray<Tick> =>
  Array.from({ length: count }, (_, at) => {
    const begin = (from + at) * EPISODE_MS
    return [
      a(begin),
      b(begin + 1, 10),
      ...(lasts ? [] : [b(begin + 200, -50)]),
      a(begin + 1_500),
      b(begin + 2_000, -50),
    ]
  }).flat()

const told = (analysis: Analysis, ticks: ReadonlyArray<Tick>) =>
  framesOf(ticks).flatMap((frame, at) => analysis.frames([frame], at + 1)).map(({ state }) => state)

const judged = (rules: Partial<JudgeRules>) => new Analysis(config, { ...rulesOf(config), ...rules })

describe("Level 2", () => {
  it("tells of what nobody has experience with, and says that it is unproven", () => {
    const analysis = judged({ minSuccessRate: 0.6 })
    const [opened] = framesOf(episodes(1, false)).flatMap((frame) => analysis.frames([frame], 1))
    assert.deepStrictEqual(opened?.reasons, ["unproven"])
  })

  it("keeps silent what failed in thirty cases and more, follows it, and tells of it again when it has learned better", () => {
    const analysis = judged({ minSuccessRate: 0.6 })
    // The outcome of an episode is known a minute later, so a few more than thirty are told.
    const first = told(analysis, episodes(40, false)).filter((state) => state === "opened").length
    assert.isAtLeast(first, 30)
    assert.isBelow(first, 40)
    analysis.findings()
    assert.deepStrictEqual(told(analysis, episodes(20, true, 40)), [])
    const silent = analysis.findings()
    assert.isAbove(silent.outcomes.filter((outcome) => outcome.silent).length, 5)
    assert.deepInclude(silent.verdicts.filter(({ level }) => level === 2).at(-1), {
      passed: false,
      reason: "low_success_rate",
    })
    assert.include(told(analysis, episodes(200, true, 60)), "opened")
  })

  it("only labels where no rate is demanded", () => {
    const analysis = judged({})
    const opened = told(analysis, episodes(40, false)).filter((state) => state === "opened")
    assert.lengthOf(opened, 40)
    const last = analysis.findings().verdicts.filter(({ level }) => level === 2).at(-1)
    assert.deepInclude(last, { passed: true, reason: null })
    assert.deepInclude(last?.values, { proven: true, minSuccessRate: null })
  })

  it("keeps silent in a blackout of the asset", () => {
    const analysis = judged({ blackout: (asset, at) => asset === "BTC" && at < T0 + EPISODE_MS ? "halving" : null })
    assert.deepStrictEqual(told(analysis, episodes(1, true)), [])
    assert.include(told(analysis, episodes(1, true, 1)), "opened")
    const verdict = analysis.findings().verdicts.find(({ level }) => level === 2)
    assert.deepInclude(verdict, { reason: "blackout", passed: false })
    assert.strictEqual(verdict?.values["blackout"], "halving")
  })
})

describe("Level 4", () => {
  it("keeps silent what the model doubts, and gives its confidence to what it does not", () => {
    const doubting = judged({ minConfidence: 0.7, confidence: () => 0.69 })
    assert.deepStrictEqual(told(doubting, episodes(1, true)), [])
    assert.deepInclude(doubting.findings().verdicts.at(-1), { level: 4, reason: "low_confidence" })
    const sure = judged({ minConfidence: 0.7, confidence: () => 0.7 })
    const [opened] = framesOf(episodes(1, true)).flatMap((frame) => sure.frames([frame], 1))
    assert.deepInclude(opened, { state: "opened", confidence: 0.7 })
    assert.strictEqual(opened?.assessment.positionShare, 0.4)
  })

  it("without a model knows no confidence and refuses nothing", () => {
    const [opened] = framesOf(episodes(1, true)).flatMap((frame) => judged({ minConfidence: 0.7 }).frames([frame], 1))
    assert.deepInclude(opened, { state: "opened", confidence: null })
  })

  it("is asked again when what it kept silent has grown by a step, and then opens it", () => {
    const analysis = judged({ minConfidence: 0.7, confidence: ([netBps = 0]) => netBps > 15 ? 0.9 : 0.1 })
    assert.deepStrictEqual(told(analysis, [a(0), b(1, 10), b(2, 11)]), [])
    assert.deepStrictEqual(told(analysis, [b(20, 20)]), ["opened"])
    assert.deepStrictEqual(told(analysis, [b(40, -50), quiet(1_000)]), ["fading", "closed"])
  })
})

describe("Level 1", () => {
  it("says why a route that would pay is refused, once a minute as long as the reason stays", () => {
    const analysis = judged({})
    told(analysis, [a(0), b(6_000, 50), b(6_100, 51), b(30_000, 52)])
    const refused = () => analysis.findings().verdicts.map(({ level, reason, revision }) => [level, reason, revision])
    assert.deepStrictEqual(refused(), [[1, "stale_book", 0]])
    told(analysis, [b(66_001, 53)])
    assert.deepStrictEqual(refused(), [[1, "stale_book", 0]])
  })

  it("keeps with what passed the figures it passed with", () => {
    const analysis = judged({})
    told(analysis, episodes(1, true))
    const [verdict] = analysis.findings().verdicts
    assert.deepInclude(verdict, { level: 1, passed: true, revision: 1 })
    assert.deepInclude(verdict?.values, { netBps: "10", oldestBookAgeMs: 1, currency: "USDT", legs: 2 })
  })
})
