/** Slopes: least squares with their interval, against known answers; what grows and what only wobbles. */
import { assert, describe, it } from "@effect/vitest"
import { afterWarmUp, floors, grows, type Point, slopeOf } from "../../src/domain/Slope.ts"

const MINUTE_MS = 60_000
const points = (values: ReadonlyArray<number>): ReadonlyArray<Point> =>
  values.map((value, at) => ({ atMs: at * MINUTE_MS, value }))
const certain = (point: ReadonlyArray<Point>) => {
  const slope = slopeOf(point)
  if (slope === null) throw new Error("too few points")
  return slope
}
const TOLERANCE = { share: 0.05, least: 1 }

describe("A slope", () => {
  it("is exact on a straight line, in units an hour", () => {
    const { high, low, perHour } = certain(points([0, 1, 2, 3, 4, 5]))
    for (const value of [perHour, low, high]) assert.approximately(value, 60, 1e-4)
  })

  it("has the interval of Student's t: worked out by hand for six points", () => {
    // x 0..5, y 1 3 2 5 4 6: slope 0.885714, residual 3.771429 in 4 degrees, its error 0.232115; t(4) is 2.776.
    const { high, low, perHour } = certain(points([1, 3, 2, 5, 4, 6]))
    assert.approximately(perHour, 0.8857142857 * 60, 1e-6)
    assert.approximately(high - perHour, 2.776 * 0.232115 * 60, 0.2)
    assert.approximately(perHour - low, high - perHour, 1e-9)
  })

  it("is unknown for fewer than five points, and for points at one time", () => {
    assert.isNull(slopeOf(points([1, 2, 3, 4])))
    assert.isNull(slopeOf(points([1, 2, 3, 4, 5]).map((point) => ({ ...point, atMs: 7 }))))
  })
})

describe("Growth", () => {
  const saw = (growth: number) => Array.from({ length: 60 }, (_, at) => 100 + (at * 7) % 40 + growth * at)

  it("is no saw-tooth that comes back to where it was", () => {
    const least = floors(points(saw(0)), 10)
    assert.isFalse(grows(least, certain(least), TOLERANCE))
  })

  it("is a saw-tooth whose lowest points rise", () => {
    const least = floors(points(saw(1)), 10)
    assert.isTrue(grows(least, certain(least), TOLERANCE))
  })

  it("is nothing that is certain but too small to matter", () => {
    const rising = points(Array.from({ length: 30 }, (_, at) => 1_000 + at * 0.1))
    assert.isAbove(certain(rising).low, 0)
    assert.isFalse(grows(rising, certain(rising), TOLERANCE))
  })

  it("is judged after the warm-up, by the least of each stretch", () => {
    assert.deepStrictEqual(afterWarmUp(points([9, 8, 7, 6, 5, 4]), 0.4).map(({ value }) => value), [7, 6, 5, 4])
    assert.deepStrictEqual(floors(points([3, 1, 2, 9, 8, 7, 6]), 2).map(({ value }) => value), [1, 6])
  })
})
