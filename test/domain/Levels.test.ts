/** Levels as one text: what is written is read again, what is no such text is told, and prices are what Number says. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import * as Levels from "../../src/domain/Levels.ts"
import { integers } from "../support/generators.ts"

const level = Arbitrary.all([integers(0, 99_999_999), integers(0, 8), integers(0, 999)])
const textOf = (digits: number, point: number): string => {
  const text = String(digits).padStart(point + 1, "0")
  return point === 0 ? text : `${text.slice(0, -point)}.${text.slice(-point)}`
}

describe("Levels in one text", () => {
  it.prop("are read as they were written, best first", [Arbitrary.array(level, { maxLength: 20 })], ([drawn]) => {
    const levels = drawn.map(([digits, point, size]) => [textOf(digits, point), String(size)] as const)
    for (const side of ["bids", "asks"] as const) {
      const text = Levels.pack(levels, side)
      assert.isTrue(Levels.isPacked(text))
      const sign = side === "bids" ? -1 : 1
      assert.deepStrictEqual(Levels.unpack(text), levels.toSorted(([a], [b]) => sign * (Number(a) - Number(b))))
    }
  })

  it("are pairs of words with one space between, or nothing", () => {
    for (const text of ["", "1 2", "1 2 3 4"]) assert.isTrue(Levels.isPacked(text))
    for (const text of ["1", "1 2 3", " 1 2", "1 2 ", "1  2", " ", 1, null, [["1", "2"]]]) {
      assert.isFalse(Levels.isPacked(text))
    }
  })
})

describe("A price between two places of a text", () => {
  it.prop("is the number that Number makes of it", [integers(0, 999_999_999), integers(0, 9), integers(0, 5)], (
    [digits, point, before],
  ) => {
    const text = textOf(digits, point)
    assert.strictEqual(Levels.priceOf(`${"9".repeat(before)}${text} 7`, before, before + text.length), Number(text))
  })

  it("is so for exponents, many digits, signs and bare points as well", () => {
    for (const text of ["1e3", "123456789.123456789123", "0.1", ".5", "5.", "1.5e-7", "999999999999999", "+3"]) {
      assert.strictEqual(Levels.priceOf(text, 0, text.length), Number(text))
    }
  })
})
