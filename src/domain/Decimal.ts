/**
 * Exact decimals for everything that is reported, stored or sent.
 *
 * In: decimal text from venues and settings (an exponent is allowed: "3.9e-05"). Out: `BigDecimal` values and plain
 * decimal text without exponent or trailing zeros. Promises: sums and products are exact; every division names its
 * scale and rounds half-even, so that Deno, Node and a pocket calculator agree.
 */
import { BigDecimal, Option } from "effect"

export type Decimal = BigDecimal.BigDecimal

/** Scales (digits behind the point) of the divisions whose results are shown. */
export const SCALE = { bps: 4, price: 12, size: 12, grossSize: 20, profit: 8, ratio: 10 } as const

export const ZERO: Decimal = BigDecimal.fromBigInt(0n)
export const ONE: Decimal = BigDecimal.fromBigInt(1n)
export const TEN_THOUSAND: Decimal = BigDecimal.fromBigInt(10_000n)

export const PATTERN = /^[+-]?\d{1,40}(\.\d{1,40})?([eE][+-]?\d{1,3})?$/u

/** Digits with at most one point between them: the form nearly every venue writes. Cheaper than the pattern. */
const isPlain = (text: string): boolean => {
  const length = text.length
  if (length === 0 || length > 40) return false
  let point = -1
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 48 && code <= 57) continue
    if (code !== 46 || point !== -1 || i === 0) return false
    point = i
  }
  return point !== length - 1
}

/** A float of it is neither infinite nor zero by underflow, so that screening by floats never misjudges its sign. */
const fitsFloat = (text: string): boolean => {
  const value = Number(text)
  return Number.isFinite(value) && (value !== 0 || isZeroText(text))
}

/** Whether a text is a decimal we accept: at most 40 digits each side of the point, and a float can hold its order. */
export const isDecimalText = (text: string): boolean => isPlain(text) || (PATTERN.test(text) && fitsFloat(text))

/** Whether a text that a codec has checked says zero: it has no digit but 0 (before an exponent). Parses nothing. */
export const isZeroText = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code >= 49 && code <= 57) return false
    if (code === 69 || code === 101) return true
  }
  return true
}

export const parse = (text: string): Option.Option<Decimal> =>
  isDecimalText(text) ? BigDecimal.fromString(text) : Option.none()

/** For text that a codec has already checked. Throws on anything else. */
export const fromChecked = (text: string): Decimal => {
  if (!isPlain(text)) return BigDecimal.fromStringUnsafe(text)
  const point = text.indexOf(".")
  return point === -1
    ? BigDecimal.make(BigInt(text), 0)
    : BigDecimal.make(BigInt(text.slice(0, point) + text.slice(point + 1)), text.length - point - 1)
}

export const fromInteger = (value: number): Decimal => BigDecimal.fromBigInt(BigInt(value))

/** Plain text: no exponent, no trailing zeros, "-0" never. */
export const format = ({ scale, value }: Decimal): string => {
  const negative = value < 0n
  const sign = negative ? "-" : ""
  const digits = (negative ? -value : value).toString()
  if (scale <= 0) return value === 0n ? "0" : sign + digits + "0".repeat(-scale)
  const padded = digits.padStart(scale + 1, "0"), point = padded.length - scale
  let end = padded.length
  while (end > point && padded.charCodeAt(end - 1) === 48) end--
  const whole = sign + padded.slice(0, point)
  return end === point ? whole : `${whole}.${padded.slice(point, end)}`
}

const POWERS: ReadonlyArray<bigint> = Array.from({ length: 128 }, (_, exponent) => 10n ** BigInt(exponent))

const pow10 = (exponent: number): bigint => POWERS[exponent] ?? 10n ** BigInt(exponent)

const divideIntegers = (numerator: bigint, denominator: bigint): bigint => {
  const negative = numerator < 0n !== denominator < 0n
  const n = numerator < 0n ? -numerator : numerator
  const d = denominator < 0n ? -denominator : denominator
  const quotient = n / d
  const twice = (n % d) * 2n
  const up = twice > d || (twice === d && quotient % 2n === 1n)
  const rounded = up ? quotient + 1n : quotient
  return negative ? -rounded : rounded
}

/** `a / b` at `scale` digits, half-even. `b` must not be zero (throws a RangeError, as bigint division does). */
export const divide = (a: Decimal, b: Decimal, scale: number): Decimal => {
  const shift = scale + b.scale - a.scale
  return shift >= 0
    ? BigDecimal.make(divideIntegers(a.value * pow10(shift), b.value), scale)
    : BigDecimal.make(divideIntegers(a.value, b.value * pow10(-shift)), scale)
}

/** `a / b` at `scale` digits, towards zero; `a` must not be negative, `b` above zero. */
export const divideDown = (a: Decimal, b: Decimal, scale: number): Decimal => {
  const shift = scale + b.scale - a.scale
  return BigDecimal.make(shift >= 0 ? a.value * pow10(shift) / b.value : a.value / (b.value * pow10(-shift)), scale)
}

/** `a / b` at `scale` digits, away from zero; `a` must not be negative, `b` above zero. */
export const divideUp = (a: Decimal, b: Decimal, scale: number): Decimal => {
  const shift = scale + b.scale - a.scale
  const [n, d] = shift >= 0 ? [a.value * pow10(shift), b.value] : [a.value, b.value * pow10(-shift)]
  return BigDecimal.make((n + d - 1n) / d, scale)
}

/** Half-even to `scale` digits. */
export const round = (value: Decimal, scale: number): Decimal => divide(value, ONE, scale)

/** The greatest multiple of `step` that is not above `value`; both must not be negative, `step` above zero. */
export const floorTo = (value: Decimal, step: Decimal): Decimal => {
  const scale = Math.max(value.scale, step.scale)
  const v = value.value * pow10(scale - value.scale)
  const s = step.value * pow10(scale - step.scale)
  return BigDecimal.make(v - (v % s), scale)
}

/** The least multiple of `step` that is not below `value`; both as in `floorTo`. */
export const ceilTo = (value: Decimal, step: Decimal): Decimal => {
  const down = floorTo(value, step)
  return isLess(down, value) ? add(down, step) : down
}

export const toNumber = (value: Decimal): number => Number(format(value))

/** In units of 10^-scale, which must not be coarser than its own. BigDecimal itself raises ten to a power each time. */
const unitsOf = (value: Decimal, scale: number): bigint =>
  value.scale === scale ? value.value : value.value * pow10(scale - value.scale)

const finer = (a: Decimal, b: Decimal): number => a.scale > b.scale ? a.scale : b.scale

export const add = (a: Decimal, b: Decimal): Decimal => {
  const scale = finer(a, b)
  return BigDecimal.make(unitsOf(a, scale) + unitsOf(b, scale), scale)
}

export const subtract = (a: Decimal, b: Decimal): Decimal => {
  const scale = finer(a, b)
  return BigDecimal.make(unitsOf(a, scale) - unitsOf(b, scale), scale)
}

export const isLess = (a: Decimal, b: Decimal): boolean => {
  const scale = finer(a, b)
  return unitsOf(a, scale) < unitsOf(b, scale)
}

export const isGreater = (a: Decimal, b: Decimal): boolean => isLess(b, a)
export const min = (a: Decimal, b: Decimal): Decimal => isLess(b, a) ? b : a
export const max = (a: Decimal, b: Decimal): Decimal => isLess(a, b) ? b : a
export const multiply = BigDecimal.multiply
export const isZero = BigDecimal.isZero
export const isPositive = BigDecimal.isPositive
export const negate = BigDecimal.negate
export const compare = BigDecimal.Order
