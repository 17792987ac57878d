/** Validation by the market: the first rule that fails turns a candidate below, and is counted. */
import { assert, describe, it } from "@effect/vitest"
import type { RejectionReason } from "../../src/domain/Opportunity.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import type { Candidate } from "../../src/streams/detectors/Candidate.ts"
import { Detect } from "../../src/streams/Detect.ts"
import { type MarketRules, rulesOf, validate } from "../../src/streams/Validate.ts"
import { configOf, framesOf, quote, T0 } from "../support/ticks.ts"

const market = [quote("a", "BTC/USDT", T0, ["9990", "10000"]), quote("b", "BTC/USDT", T0 + 30, ["10010", "10999"])]

const candidates = (): ReadonlyArray<Candidate> => {
  const detect = new Detect(configOf(), 0), out: Array<Candidate> = []
  for (const frame of framesOf(market)) detect.frame(frame, 1, out)
  return out
}

const judged = (changes: Partial<MarketRules>) => {
  const reasons: Array<string> = []
  const rules = { ...rulesOf(configOf()), ...changes }
  const [only] = validate(candidates(), rules, (reason) => reasons.push(reason))
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
