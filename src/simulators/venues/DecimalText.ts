/**
 * Decimal text from whole units, for the hot loop of the simulator.
 *
 * In: a whole number of units of 10^-digits. Out: the same text as `Decimal.format` writes: no exponent, no trailing
 * zeros. Promises: exact for every non-negative safe integer; no BigDecimal, no floating-point rounding.
 */

const POWERS: ReadonlyArray<number> = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent)

/** 10^exponent for 0 .. 15. Throws a RangeError elsewhere: beyond it whole numbers are no longer safe. */
export const pow10 = (exponent: number): number => {
  const power = POWERS[exponent]
  if (power === undefined) throw new RangeError(`10^${exponent} is not a safe whole number`)
  return power
}

/** `decimalText(1250, 3)` is "1.25". */
export const decimalText = (units: number, digits: number): string => {
  if (digits === 0) return String(units)
  const scale = pow10(digits)
  const whole = Math.floor(units / scale)
  let fraction = units - whole * scale
  if (fraction === 0) return String(whole)
  let places = digits
  while (fraction % 10 === 0) {
    fraction /= 10
    places--
  }
  return `${whole}.${String(fraction).padStart(places, "0")}`
}
