/** What level 4 adds: nothing where nothing is known, and by its documented rules where something is. */
import { assert, describe, it } from "@effect/vitest"
import { assess, type Known } from "../../src/domain/Assessment.ts"

const known = (changes: Partial<Known> = {}) =>
  assess({ confidence: null, cases: { judged: 0, succeeded: 0 }, medianLivedMs: null, indicators: null, ...changes })

describe("An assessment", () => {
  it("knows nothing without a model, cases or indicators", () => {
    assert.deepStrictEqual(known(), { risk: null, positionShare: null, expectedLifetimeMs: null, indicators: null })
    assert.isNull(known({ cases: { judged: 29, succeeded: 29 } }).risk)
  })

  it("goes by the model's confidence, else by thirty similar cases", () => {
    assert.deepInclude(known({ confidence: 0.8 }), { risk: "low", positionShare: 0.6 })
    assert.deepInclude(known({ confidence: 0.79 }), { risk: "medium", positionShare: 0.58 })
    assert.deepInclude(known({ confidence: 0.49 }), { risk: "high", positionShare: 0 })
    assert.deepInclude(known({ cases: { judged: 30, succeeded: 30 } }), { risk: "medium", positionShare: 0.5 })
    assert.deepInclude(known({ confidence: 0.4, cases: { judged: 90, succeeded: 90 } }), { risk: "high" })
  })

  it("is of high risk where indicators speak against every leg they know", () => {
    assert.strictEqual(known({ confidence: 0.9, indicators: { confirmed: 0, known: 2 } }).risk, "high")
    assert.strictEqual(known({ confidence: 0.9, indicators: { confirmed: 1, known: 2 } }).risk, "low")
    assert.strictEqual(known({ indicators: { confirmed: 0, known: 1 } }).risk, "high")
  })
})
