/** Figures as people read them: exact, rounded half-even, never through a float. */
import { assert, describe, it } from "@effect/vitest"
import { bpsOf, duration, fixed, signed, significant, sum } from "../../../src/domain/card/Figures.ts"

const units = { ms: "ms", s: "s", min: "min", h: "h", d: "d" }

describe("figures", () => {
  it("round half-even and group thousands", () => {
    assert.deepStrictEqual(
      ["1234567.125", "1234567.135", "-0.005", "2.5", "0"].map((text) => fixed(text, 2)),
      ["1,234,567.12", "1,234,567.14", "0", "2.5", "0"],
    )
  })

  it("keep significant digits of small numbers and every digit of whole ones", () => {
    assert.deepStrictEqual(
      ["0.00001234567", "30001.23456789", "123456789012", "0.000", "99.99996"].map((text) => significant(text, 5)),
      ["0.000012346", "30,001", "123,456,789,012", "0", "100"],
    )
  })

  it("are given back as they came when they are none", () => {
    assert.deepStrictEqual([fixed("n/a", 2), significant("", 5), bpsOf("x")], ["n/a", "", "x"])
  })

  it("add up exactly and show their sign", () => {
    assert.strictEqual(sum(["0.1", "0.2", "nonsense"]), "0.3")
    assert.deepStrictEqual(["1", "-1", "0"].map(signed), ["+1", "-1", "0"])
    assert.strictEqual(bpsOf("0.00075"), "7.5")
  })

  it("say durations in at most two units and never a negative one", () => {
    assert.deepStrictEqual(
      [-5, 0, 12, 999, 1_000, 1_250, 59_999, 60_000, 185_000, 7_380_000, 90_000_000].map((ms) => duration(ms, units)),
      ["0 ms", "0 ms", "12 ms", "999 ms", "1 s", "1.2 s", "59.9 s", "1 min", "3 min 5 s", "2 h 3 min", "1 d 1 h"],
    )
  })
})
