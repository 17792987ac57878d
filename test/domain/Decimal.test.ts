/** Exact decimals: texts accepted, plain text out, and the one rounding of the product against bigint arithmetic. */
import { assert, describe, it } from "@effect/vitest"
import { BigDecimal, Option } from "effect"
import * as Decimal from "../../src/domain/Decimal.ts"
import { integers, prices } from "../support/generators.ts"

const d = Decimal.fromChecked

/** Half-even by the book: the nearest, and of two equally near the even one. Values are scaled by `scale` digits. */
const reference = (numerator: bigint, denominator: bigint, scale: number): bigint => {
  const scaled = numerator * 10n ** BigInt(scale)
  const down = scaled / denominator - (scaled % denominator !== 0n && (scaled < 0n) !== (denominator < 0n) ? 1n : 0n)
  const distance = (candidate: bigint) => {
    const off = scaled - candidate * denominator
    return off < 0n ? -off : off
  }
  const [below, above] = [distance(down), distance(down + 1n)]
  if (below === above) return down % 2n === 0n ? down : down + 1n
  return below < above ? down : down + 1n
}

describe("A decimal text", () => {
  it("is digits with at most one point, a sign and an exponent", () => {
    for (const text of ["0", "30000.1", "3.9e-05", "+1", "-0.5", "1E+3", "1".repeat(40), "0e5"]) {
      assert.isTrue(Decimal.isDecimalText(text), text)
    }
  })

  it("is nothing else", () => {
    const wrong = ["", ".", "1.", ".5", " 1", "1 ", "1e", "e5", "0x10", "1_000", "NaN", "Infinity", "--1", "1.2.3", "٣"]
    for (const text of [...wrong, "1".repeat(41), `0.${"1".repeat(41)}`]) {
      assert.isFalse(Decimal.isDecimalText(text), text)
    }
  })

  it("never stands for a number that a float takes for infinite or for zero", () => {
    for (const text of ["1e400", "-1e400", "1e-400", "-1e-400"]) assert.isFalse(Decimal.isDecimalText(text), text)
  })

  it("is zero when it has no digit but 0 before its exponent", () => {
    for (const text of ["0", "-0", "0.000", "0e7", "+0.0E-3"]) assert.isTrue(Decimal.isZeroText(text), text)
    for (const text of ["1", "0.0001", "1e-9", "10"]) assert.isFalse(Decimal.isZeroText(text), text)
  })

  it.prop("of any notation keeps its value on its way through parse and format", [prices], ([text]) => {
    const value = Option.getOrThrow(Decimal.parse(text))
    const plain = Decimal.format(value)
    assert.match(plain, /^\d+(\.\d*[1-9])?$/)
    assert.strictEqual(Number(plain), Number(text))
    assert.isTrue(Decimal.isZero(Decimal.subtract(d(plain), value)))
  })
})

describe("Plain text", () => {
  it("has no exponent, no trailing zeros and no negative zero", () => {
    const cases = [["3.9e-05", "0.000039"], ["1.5E+3", "1500"], ["-0", "0"], ["-0.50", "-0.5"], ["100", "100"]] as const
    for (const [text, plain] of cases) assert.strictEqual(Decimal.format(d(text)), plain)
  })
})

describe("Division", () => {
  it("rounds halves to the even digit", () => {
    const cases = [["1", "8", 2, "0.12"], ["3", "8", 2, "0.38"], ["-1", "8", 2, "-0.12"], [
      "2",
      "3",
      4,
      "0.6667",
    ]] as const
    for (const [a, b, scale, out] of cases) assert.strictEqual(Decimal.format(Decimal.divide(d(a), d(b), scale)), out)
  })

  it.prop(
    "agrees with bigint arithmetic at every scale and sign",
    [integers(-1_000_000, 1_000_000), integers(-2_000, 2_000), integers(0, 12), integers(0, 6), integers(0, 6)],
    ([a, b, scale, aScale, bScale]) => {
      if (b === 0) return
      const left = d(`${a}e-${aScale}`), right = d(`${b}e-${bScale}`)
      const expected = reference(BigInt(a) * 10n ** BigInt(bScale), BigInt(b) * 10n ** BigInt(aScale), scale)
      const quotient = Decimal.divide(left, right, scale)
      assert.strictEqual(quotient.scale, scale)
      assert.strictEqual(quotient.value, expected)
    },
    { arbitrary: { runs: 500 } },
  )

  it("by zero throws, so that no figure is made of it", () => {
    assert.throws(() => Decimal.divide(Decimal.ONE, Decimal.ZERO, 2), RangeError)
  })
})

describe("Sums and orders", () => {
  it.prop("are those of the library", [prices, prices, integers(0, 3)], ([one, other, equal]) => {
    const a = d(one), b = equal === 0 ? d(one) : Decimal.negate(d(other))
    assert.isTrue(BigDecimal.equals(Decimal.add(a, b), BigDecimal.sum(a, b)))
    assert.isTrue(BigDecimal.equals(Decimal.subtract(a, b), BigDecimal.subtract(a, b)))
    assert.strictEqual(Decimal.isLess(a, b), BigDecimal.isLessThan(a, b))
    assert.strictEqual(Decimal.isGreater(a, b), BigDecimal.isGreaterThan(a, b))
    assert.isTrue(BigDecimal.equals(Decimal.min(a, b), BigDecimal.min(a, b)))
    assert.isTrue(BigDecimal.equals(Decimal.max(a, b), BigDecimal.max(a, b)))
  }, { arbitrary: { runs: 500 } })

  it.prop("are written so that they read the same, without exponent, end zeros or a minus before nothing", [
    prices,
    integers(-12, 12),
    integers(0, 2),
  ], ([text, scale, sign]) => {
    const value = BigDecimal.make(sign === 0 ? 0n : BigInt(3 - 2 * sign) * d(text).value, scale)
    const written = Decimal.format(value)
    assert.isTrue(BigDecimal.equals(d(written), value))
    assert.match(written, /^(0|-?(0|[1-9]\d*)(\.\d*[1-9])?)$/)
    assert.notStrictEqual(written, "-0")
  }, { arbitrary: { runs: 500 } })

  it.prop("read every text as the library does", [prices], ([text]) => {
    assert.isTrue(BigDecimal.equals(d(text), BigDecimal.fromStringUnsafe(text)))
  })
})

describe("Dividing to one side", () => {
  it.prop("encloses the quotient between neighbours", [prices, prices, integers(0, 20)], ([one, other, scale]) => {
    const a = d(one), b = d(other)
    const down = Decimal.divideDown(a, b, scale), up = Decimal.divideUp(a, b, scale)
    assert.isFalse(Decimal.isGreater(Decimal.multiply(down, b), a))
    assert.isFalse(Decimal.isLess(Decimal.multiply(up, b), a))
    const isExact = Decimal.isZero(Decimal.subtract(Decimal.multiply(down, b), a))
    assert.strictEqual(up.value - down.value, isExact ? 0n : 1n)
  })
})

describe("Flooring to a step", () => {
  it.prop(
    "gives the greatest multiple that is not above the value",
    [integers(0, 10_000_000), integers(1, 5_000), integers(0, 4)],
    ([value, step, scale]) => {
      const whole = d(`${value}e-3`), unit = d(`${step}e-${scale}`)
      const floored = Decimal.floorTo(whole, unit)
      const rest = Decimal.subtract(whole, floored)
      assert.isFalse(Decimal.isLess(rest, Decimal.ZERO))
      assert.isTrue(Decimal.isLess(rest, unit))
      const raised = Decimal.subtract(Decimal.ceilTo(whole, unit), floored)
      assert.isTrue(Decimal.isZero(Decimal.isZero(rest) ? raised : Decimal.subtract(raised, unit)))
      assert.isTrue(Decimal.isZero(Decimal.subtract(Decimal.floorTo(floored, unit), floored)))
    },
  )
})
