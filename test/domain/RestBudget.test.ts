/**
 * The budget of REST calls as a pure function: what is granted, when to ask again, what a breaker does.
 */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import { allowanceOf, blocked, charged, FULL, spend, type Verdict } from "../../src/domain/RestBudget.ts"
import { integers } from "../support/generators.ts"

const t0 = 1_750_000_000_000
const windowMs = 10_000, unitMs = 20
/** 500 units in ten seconds. */
const allowance = allowanceOf(unitMs, windowMs), limit = windowMs / unitMs

/** Pauses, weights up to the capacity, and which of two clocks is read. */
const calls = Arbitrary.schema(Schema.Array(Schema.Struct({
  pauseMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 900 })),
  weight: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: allowance.capacity })),
  ahead: Schema.Boolean,
})))

describe("A budget of REST calls", () => {
  it.prop(
    "lets no window hold more than the venue allows, though two clocks that differ spend it",
    [calls, integers(0, windowMs / 2)],
    ([asked, skewMs]) => {
      const made: Array<{ readonly atMs: number; readonly weight: number }> = []
      let budget = FULL, atMs = t0
      for (const { ahead, pauseMs, weight } of [...asked, ...asked, ...asked, ...asked]) {
        atMs += pauseMs
        const answer = spend(budget, allowance, weight, ahead ? atMs + skewMs : atMs)
        budget = answer.budget
        if (answer.verdict._tag === "Granted") made.push({ atMs, weight })
      }
      for (const { atMs: from } of made) {
        const inside = made.filter((call) => call.atMs >= from && call.atMs < from + windowMs)
        assert.isAtMost(inside.reduce((sum, { weight }) => sum + weight, 0), limit)
      }
    },
    { arbitrary: { runs: 300 } },
  )

  it.prop("grants at the time it named, unless somebody else was there first", [calls], ([asked]) => {
    let budget = FULL, nowMs = t0
    for (const { pauseMs, weight } of asked) {
      nowMs += pauseMs
      const { verdict } = spend(budget, allowance, weight, nowMs)
      if (verdict._tag === "Wait") {
        assert.isAbove(verdict.untilMs, nowMs)
        nowMs = verdict.untilMs
      }
      const answer = spend(budget, allowance, weight, nowMs)
      assert.strictEqual(answer.verdict._tag, "Granted")
      budget = answer.budget
    }
  })

  it("of a venue that counts no window keeps a unit's time between calls, and lets a heavy one pay afterwards", () => {
    const paced = allowanceOf(100, 0)
    const first = spend(FULL, paced, 5, t0)
    assert.deepStrictEqual(first.verdict, { _tag: "Granted" })
    const wait: Verdict = { _tag: "Wait", untilMs: t0 + 500, reason: "spent", why: "" }
    assert.deepStrictEqual(spend(first.budget, paced, 1, t0 + 499).verdict, wait)
    assert.deepStrictEqual(spend(first.budget, paced, 1, t0 + 500).verdict, { _tag: "Granted" })
  })

  it("spends nothing while its breaker is open, and the breaker is never shortened", () => {
    const stopped = blocked(blocked(FULL, t0 + 60_000, "418"), t0 + 1_000, "429")
    const { budget, verdict } = spend(stopped, allowance, 1, t0 + 59_999)
    assert.deepStrictEqual(verdict, { _tag: "Wait", untilMs: t0 + 60_000, reason: "blocked", why: "418" })
    assert.deepStrictEqual(budget, stopped)
    assert.strictEqual(spend(stopped, allowance, 1, t0 + 60_000).verdict._tag, "Granted")
  })

  it("counts what was spent without asking", () => {
    const behind = charged(FULL, allowance, 400, t0)
    assert.strictEqual(spend(behind, allowance, 1, t0).verdict._tag, "Wait")
  })
})
