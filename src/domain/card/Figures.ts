/**
 * Decimal text and durations as people read them.
 *
 * In: decimal text of opportunities, milliseconds. Out: short text. Promises: nothing passes through a binary float,
 * rounding is half-even, and text that is no decimal is given back as it came.
 */
import { Option } from "effect"
import * as Decimal from "../Decimal.ts"

/** What stands between thousands. */
export type Grouping = "," | "\u00a0"

const group = (plain: string, separator: Grouping): string => {
  const [, sign = "", whole = "", rest = ""] = /^(-?)(\d+)(.*)$/.exec(plain) ?? []
  return sign + whole.replace(/\B(?=(\d{3})+$)/g, separator) + rest
}

const rounded = (text: string, scale: (value: Decimal.Decimal) => number, separator: Grouping): string =>
  Option.match(Decimal.parse(text), {
    onNone: () => text,
    onSome: (value) => group(Decimal.format(Decimal.round(value, scale(value))), separator),
  })

/** At most `scale` digits behind the point. */
export const fixed = (text: string, scale: number, separator: Grouping = ","): string =>
  rounded(text, () => scale, separator)

/** How many digits stand before the point; 0 or less counts the zeros behind it ("0.003": -2). */
const magnitude = (value: Decimal.Decimal): number => {
  const [whole = "", fraction = ""] = Decimal.format(value).replace("-", "").split(".")
  return whole !== "0" ? whole.length : -(/^0*/.exec(fraction)?.[0].length ?? 0)
}

/** `digits` significant digits; whole numbers are never cut. */
export const significant = (text: string, digits: number, separator: Grouping = ","): string =>
  rounded(text, (value) => Math.max(0, digits - magnitude(value)), separator)

/** With its sign, also a positive one. */
export const signed = (shown: string): string => shown.startsWith("-") || shown === "0" ? shown : `+${shown}`

/** The exact sum of decimal texts; those that are none count as zero. */
export const sum = (texts: ReadonlyArray<string>): string =>
  Decimal.format(texts.reduce(
    (total, text) => Decimal.add(total, Option.getOrElse(Decimal.parse(text), () => Decimal.ZERO)),
    Decimal.ZERO,
  ))

export interface TimeUnits {
  readonly ms: string
  readonly s: string
  readonly min: string
  readonly h: string
  readonly d: string
}

/** "12 ms", "1.2 s", "3 min 5 s", "2 h 3 min", "4 d 1 h"; a negative time is none. */
export const duration = (ms: number, units: TimeUnits): string => {
  const whole = Math.max(0, Math.trunc(ms))
  if (whole < 1_000) return `${whole} ${units.ms}`
  if (whole < 60_000) return `${Math.floor(whole / 100) / 10} ${units.s}`
  const pair = (major: number, majorUnit: string, minor: number, minorUnit: string) =>
    minor === 0 ? `${major} ${majorUnit}` : `${major} ${majorUnit} ${minor} ${minorUnit}`
  const seconds = Math.floor(whole / 1_000)
  if (seconds < 3_600) return pair(Math.floor(seconds / 60), units.min, seconds % 60, units.s)
  const minutes = Math.floor(seconds / 60)
  if (minutes < 1_440) return pair(Math.floor(minutes / 60), units.h, minutes % 60, units.min)
  const hours = Math.floor(minutes / 60)
  return pair(Math.floor(hours / 24), units.d, hours % 24, units.h)
}

const HUNDRED = Decimal.fromInteger(100)

const times = (fraction: string, factor: Decimal.Decimal): string =>
  Option.match(Decimal.parse(fraction), {
    onNone: () => fraction,
    onSome: (value) => Decimal.format(Decimal.multiply(value, factor)),
  })

/** A fraction as basis points, exactly: "0.001" is "10". */
export const bpsOf = (fraction: string): string => times(fraction, Decimal.TEN_THOUSAND)

/** A fraction in percent, exactly: "0.001" is "0.1". */
export const percentOf = (fraction: string): string => times(fraction, HUNDRED)
