/** Paces: when ticks come, so that the rate is steady, rises, or comes in bursts. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { comesAtMs, Pace } from "../../src/domain/ScenarioPace.ts"

const pace = Schema.decodeUnknownSync(Pace)
const every = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, n) => from + n * step)

/** How many ticks of a source that has one each 10 ms come in each second of the run. */
const perSecond = (shape: Pace, durationMs: number): ReadonlyArray<number> => {
  const counts = Array.from({ length: durationMs / 1_000 }, () => 0)
  for (const sourceMs of every(0, 1_000_000, 10)) {
    const second = Math.floor(comesAtMs(shape, durationMs, sourceMs) / 1_000)
    if (second < counts.length) counts[second] = (counts[second] ?? 0) + 1
  }
  return counts
}

describe("A pace", () => {
  it("keeps a source's own time, or goes so many times as fast", () => {
    assert.strictEqual(comesAtMs(pace({ shape: "steady" }), 1_000, 700), 700)
    assert.strictEqual(comesAtMs(pace({ shape: "steady", factor: 4 }), 1_000, 700), 175)
  })

  it("rises in a straight line from one factor to the other", () => {
    const counts = perSecond(pace({ shape: "ramp", from: 1, to: 5 }), 4_000)
    assert.deepStrictEqual(counts.map((count) => Math.round(count / 10) * 10), [150, 250, 350, 450])
  })

  it("falls as well, and goes on at the last factor", () => {
    const falling = pace({ shape: "ramp", from: 4, to: 2 })
    assert.strictEqual(comesAtMs(falling, 1_000, 3_000), 1_000)
    assert.strictEqual(comesAtMs(falling, 1_000, 3_200), 1_100)
    assert.strictEqual(comesAtMs(pace({ shape: "ramp", from: 2, to: 2 }), 1_000, 500), 250)
  })

  it("bursts once a period", () => {
    const counts = perSecond(pace({ shape: "burst", base: 1, peak: 10, everyMs: 4_000, lengthMs: 1_000 }), 8_000)
    assert.deepStrictEqual(counts.map((count) => Math.round(count / 10) * 10), [
      100,
      100,
      100,
      1_000,
      100,
      100,
      100,
      1_000,
    ])
  })

  it("never turns the order of ticks around", () => {
    for (
      const shape of [{ shape: "ramp", from: 0.5, to: 30 }, { shape: "burst", peak: 50, everyMs: 900, lengthMs: 7 }]
    ) {
      const times = every(0, 20_000, 3).map((sourceMs) => comesAtMs(pace(shape), 5_000, sourceMs))
      assert.deepStrictEqual(times, times.toSorted((a, b) => a - b))
    }
  })
})
