/** The clock offset of a venue: the fastest frame tells it, and no frame seems fresher than now. */
import { assert, describe, it } from "@effect/vitest"
import { ClockOffset } from "../../../src/layers/ccxt/ClockOffset.ts"

/** The age of a frame once the venue's clock is corrected, ms. */
const correctedAges = (offset: ClockOffset, rawAges: ReadonlyArray<number>): ReadonlyArray<number> =>
  rawAges.map((age, at) => {
    const receivedMs = 1_000_000 + at * 100
    offset.observe(receivedMs, receivedMs - age)
    return age + (offset.offsetMs ?? 0)
  })

describe("The clock offset", () => {
  it("A12: raw ages of -61, -326 and -937 ms are skew: corrected they are 0, 0 and 0", () => {
    assert.deepStrictEqual(correctedAges(new ClockOffset(), [-61, -326, -937]), [0, 0, 0])
  })

  it("leaves later, slower frames with the age they have beyond the fastest", () => {
    assert.deepStrictEqual(correctedAges(new ClockOffset(), [-937, -61, -900]), [0, 876, 37])
  })

  it("is not moved by one frame whose time lies, but by a second that confirms it", () => {
    const offset = new ClockOffset()
    offset.observe(1_000, 990)
    offset.observe(1_010, 61_010)
    assert.strictEqual(offset.offsetMs, -10)
    offset.observe(1_020, 61_020)
    assert.strictEqual(offset.offsetMs, 60_000)
  })

  it("forgets what was seen more than twenty minutes ago", () => {
    const offset = new ClockOffset()
    offset.observe(0, 50)
    offset.observe(600_000, 599_980)
    assert.strictEqual(offset.offsetMs, 50)
    offset.observe(1_200_000, 1_199_980)
    assert.strictEqual(offset.offsetMs, -20)
  })
})
