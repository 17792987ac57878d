/** Validation by the market: the first rule that fails turns a candidate below, and is counted. */
import { assert, describe, it } from "@effect/vitest"
import type { RejectionReason } from "../../src/domain/Opportunity.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import type { Candidate } from "../../src/streams/detectors/Candidate.ts"
import { Detect } from "../../src/streams/Detect.ts"
import { type MarketRules, rulesOf, validate } from "../../src/streams/Validate.ts"
import { restartedAfter, unbroken } from "../support/restarts.ts"
import { configOf, framesOf, quote, T0 } from "../support/ticks.ts"

const market = [quote("a", "BTC/USDT", T0, ["9990", "10000"]), quote("b", "BTC/USDT", T0 + 30, ["10010", "10999"])]

const candidates = (): ReadonlyArray<Candidate> => {
  const detect = new Detect(configOf(), 0), out: Array<Candidate> = []
  for (const frame of framesOf(market)) detect.frame(frame, 1, out)
  return out
}

const judged = (changes: Partial<MarketRules>, volatility: Candidate["volatility"] = [null, null]) => {
  const reasons: Array<string> = []
  const rules = { ...rulesOf(configOf()), ...changes }
  const measured = candidates().map((candidate) => ({ ...candidate, volatility }))
  const [only] = validate(measured, rules, (reason) => reasons.push(reason))
  return { level: only?.level, rejection: only?.rejection, planned: only?.plan !== null, reasons }
}
const refused = (rejection: RejectionReason) => (
  { level: "below" as const, rejection, planned: false, reasons: [`${rejection}`] }
)

describe("A candidate", () => {
  it("passes where all rules hold", () => {
    assert.deepStrictEqual(judged({}), { level: "above", rejection: null, planned: true, reasons: [] })
  })

  it("is refused where a venue does not answer, a leg's book is too old, or its type asks for more", () => {
    assert.deepStrictEqual(judged({ down: new Set(["b"]) }), refused("venue_down"))
    assert.deepStrictEqual(judged({ maxLatencyMs: 29 }), refused("stale_book"))
    assert.deepStrictEqual(judged({ minNetBps: { cross_exchange: 11 } }), refused("below_threshold"))
    assert.deepStrictEqual(judged({ maxLatencyMs: 30, minNetBps: { triangular: 99 } }).reasons, [])
  })

  it("that names a plan of nothing has not enough depth", () => {
    const [only] = candidates()
    assert.isDefined(only)
    if (only === undefined || only.plan === null) return
    const empty = { ...only, plan: { ...only.plan, legs: only.plan.legs.map((leg) => ({ ...leg, size: "0" })) } }
    const [out] = validate([empty], rulesOf(configOf()), () => {})
    assert.strictEqual(out?.rejection, "insufficient_depth")
  })
})

describe("The volatility of a leg's market", () => {
  const moves = (bps: number) => [null, bps]

  it("refuses beyond the range of the opportunity's type, and the bounds themselves are within", () => {
    assert.deepStrictEqual(judged({}, moves(200.01)), refused("volatility_out_of_range"))
    assert.deepStrictEqual(judged({}, moves(200)).reasons, [])
    const ranged = (range: object) => rulesOf(configOf({ validation: { volatility: range } }))
    const narrow = ranged({ cross_exchange: { minBps: 1, maxBps: 30 } })
    assert.deepStrictEqual(judged(narrow, moves(30.5)), refused("volatility_out_of_range"))
    assert.deepStrictEqual(judged(narrow, moves(0.5)), refused("volatility_out_of_range"))
    assert.deepStrictEqual(judged(narrow, moves(1)).reasons, [])
    assert.deepStrictEqual(judged(ranged({ triangular: { maxBps: 30 } }), moves(30.5)).reasons, [])
    assert.deepStrictEqual(judged(ranged({ cross_exchange: { maxBps: null } }), moves(500)).reasons, [])
  })

  it("refuses nothing while it is unknown", () => {
    const closed = rulesOf(configOf({ validation: { volatility: { cross_exchange: { minBps: 1, maxBps: 1 } } } }))
    assert.deepStrictEqual(judged(closed).reasons, [])
  })

  /** Its mid goes 4.8% up and down again with each second; it can be sold to at a profit all the while. */
  const wild = Array.from({ length: 30 }, (_, second) => [
    quote("a", "BTC/USDT", T0 + second * 1_000, ["9990", "10000"]),
    quote("b", "BTC/USDT", T0 + second * 1_000 + 1, second % 2 === 0 ? ["10010", "10999"] : ["10050", "11959"]),
  ]).flat()

  it("closes what is open once a wild market has been measured, and the log says what was compared", () => {
    const analysis = new Analysis(configOf({ minNetBps: 5 }))
    const told = framesOf(wild).flatMap((frame, at) => analysis.frames([frame], at + 1))
    assert.deepStrictEqual(told.filter(({ state }) => state === "opened").map(({ at }) => at - T0), [1])
    assert.deepInclude(told.find(({ state }) => state === "closed"), { at: T0 + 10_001, lastAt: T0 + 10_000 })
    const { verdicts } = analysis.findings()
    assert.strictEqual(verdicts.find(({ level }) => level === 1)?.values["volatilityBps"], null)
    const refusals = verdicts.filter(({ passed }) => !passed)
    assert.deepStrictEqual(refusals.map(({ level, reason }) => [level, reason]), [[1, "volatility_out_of_range"]])
    assert.deepInclude(refusals[0]?.values, {
      market: "b BTC/USDT",
      minVolatilityBps: 0,
      maxVolatilityBps: 200,
    })
    assert.approximately(Number(refusals[0]?.values["volatilityBps"]), 465, 2)
  })

  it("is the same however ticks are framed, and after a restart at any of them", () => {
    const config = configOf({ minNetBps: 5 })
    const frames = wild.flatMap((tick) => framesOf([tick]))
    const whole = unbroken(config, frames)
    assert.deepStrictEqual(unbroken(config, framesOf(wild)), whole)
    for (let at = 0; at <= frames.length; at++) assert.deepStrictEqual(restartedAfter(config, frames, at), whole)
  })

  it("stands beside what passed, once it is known", () => {
    const analysis = new Analysis(configOf({ minNetBps: 5 }))
    const calm = Array.from(
      { length: 12 },
      (_, second) => quote("a", "BTC/USDT", T0 + second * 1_000, ["9990", "10000"]),
    )
    analysis.frames(framesOf([...calm, quote("b", "BTC/USDT", T0 + 11_500, ["10010", "10999"])]), 1)
    const [passed] = analysis.findings().verdicts
    assert.deepInclude(passed, { level: 1, passed: true })
    assert.strictEqual(passed?.values["volatilityBps"], 0)
  })
})

describe("The figures of an analysis", () => {
  it("count ticks, checks and refusals by reason", () => {
    const analysis = new Analysis(configOf({ minNetBps: 5, staleness: { maxAgeMs: 20, maxSkewMs: 1_000 } }))
    analysis.frames(framesOf([...market, quote("b", "BTC/USDT", T0 + 31, ["10999", "10998"])]), 1)
    const { checks, refused, rejected, ticks } = analysis.figures
    assert.deepStrictEqual([ticks, checks], [3, 4])
    assert.deepStrictEqual(rejected, { stale_book: 1 })
    assert.deepStrictEqual(refused, { crossed_book: 1 })
  })
})
