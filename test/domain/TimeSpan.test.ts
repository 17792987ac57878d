/** Spans of time as people write them. */
import { assert, describe, it } from "@effect/vitest"
import { Option } from "effect"
import * as TimeSpan from "../../src/domain/TimeSpan.ts"

describe("A span of time", () => {
  it("is a number with its unit, in whole milliseconds", () => {
    const spans = { "500ms": 500, "20s": 20_000, "1.5m": 90_000, "2h": 7_200_000, "7d": 604_800_000, "0.0005s": null }
    for (const [text, ms] of Object.entries(spans)) {
      assert.deepStrictEqual(Option.getOrNull(TimeSpan.parse(text)), ms, text)
    }
  })

  it("is nothing else", () => {
    for (const text of ["", "5", "s", "-3s", "1e3s", "5 s", "5S", "1.s", "9999999999s"]) {
      assert.isTrue(Option.isNone(TimeSpan.parse(text)), text)
    }
  })
})
