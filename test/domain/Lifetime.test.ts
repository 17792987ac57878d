/** Lifetimes of cached prices: their bounds, and that a faster market never gets a longer one. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { lifetimeMs, LONGEST_MS, type Pace, paceAfter, SHORTEST_MS, UNKNOWN_MS } from "../../src/domain/Lifetime.ts"

const Bps = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 10_000 }))

describe("The lifetime of a price", () => {
  it("is the time in which 20 basis points are moved, by hand", () => {
    assert.strictEqual(lifetimeMs(1), 20_000)
    assert.strictEqual(lifetimeMs(0.5), 40_000)
    assert.strictEqual(lifetimeMs(0), LONGEST_MS)
    assert.strictEqual(lifetimeMs(4), SHORTEST_MS)
    assert.strictEqual(lifetimeMs(null), UNKNOWN_MS)
  })

  it("takes its pace from moves and the time between them", () => {
    const first = paceAfter(null, 100, 0)
    assert.isNull(first.bpsPerS)
    const second = paceAfter(first, 100.1, 2_000)
    assert.closeTo(second.bpsPerS ?? NaN, 5, 1e-9)
    // 30 s without a move: what was before counts half.
    assert.closeTo(paceAfter(second, 100.1, 32_000).bpsPerS ?? NaN, 2.5, 1e-9)
    assert.strictEqual(paceAfter(second, 200, 2_000), second)
  })

  it.effect.prop(
    "lies between 5 and 60 s, and is never longer for the faster of two",
    [Bps, Bps],
    ([a, b]) =>
      Effect.sync(() => {
        const [slow, fast] = a < b ? [a, b] : [b, a]
        assert.isAtLeast(lifetimeMs(fast), SHORTEST_MS)
        assert.isAtMost(lifetimeMs(slow), LONGEST_MS)
        assert.isAtMost(lifetimeMs(fast), lifetimeMs(slow))
      }),
  )

  it.effect.prop(
    "is never NaN, whatever prices come",
    [Schema.Array(Schema.Struct({ mid: Schema.Finite.check(Schema.isGreaterThan(0)), afterMs: Schema.Int }))],
    ([prices]) =>
      Effect.sync(() => {
        let pace: Pace | null = null, atMs = 0
        for (const { afterMs, mid } of prices) {
          atMs += Math.abs(afterMs)
          pace = paceAfter(pace, mid, atMs)
        }
        const lives = lifetimeMs(pace?.bpsPerS ?? null)
        assert.isTrue(lives >= SHORTEST_MS && lives <= LONGEST_MS)
      }),
  )
})
