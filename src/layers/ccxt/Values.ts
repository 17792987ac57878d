/**
 * Single values of a venue's frame, checked one by one.
 *
 * In: whatever stands in a field. Out: plain decimal text without trailing zeros (so that "0.3510" of a delta and
 * 0.351 of a snapshot are one price), integer milliseconds, or the reason for which the value is refused.
 * Promises: never throws; what is not finite, not decimal or below zero never gets through.
 */
import * as Decimal from "../../domain/Decimal.ts"
import { type BadTick, badTick } from "../../domain/Tick.ts"

export type Json = Readonly<Record<string, unknown>>

export const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value)

export const asRecord = (value: unknown): Json => isRecord(value) ? value : {}
export const asList = (value: unknown): ReadonlyArray<unknown> => Array.isArray(value) ? value : []
export const asText = (value: unknown): string => typeof value === "string" ? value : ""

/** Four digits of a year 2100: no venue's clock is beyond it. */
const LAST_TIME = 4_102_444_800_000

/** A decimal of either sign, plain and without trailing zeros. */
export const decimal = (value: unknown, field: string): string | BadTick => {
  if (value === undefined || value === null || value === "") return badTick("missing_field", field)
  if (typeof value !== "string" && typeof value !== "number") return badTick("wrong_type", field)
  const text = typeof value === "string" ? value : String(value)
  if (!Decimal.isDecimalText(text)) return badTick("bad_decimal", `${field}: ${text.slice(0, 40)}`)
  return plain(text)
}

const plain = (text: string): string => {
  if (/[eE+]/.test(text)) return Decimal.format(Decimal.fromChecked(text))
  if (!text.includes(".")) return text
  let end = text.length
  while (text.charCodeAt(end - 1) === 48) end--
  return text.slice(0, text.charCodeAt(end - 1) === 46 ? end - 1 : end)
}

/** A number of ccxt's caches as plain decimal text; such numbers are finite. */
export const numberText = (value: number): string => plain(String(value))

/** Above zero. */
export const price = (value: unknown, field: string): string | BadTick => {
  const text = decimal(value, field)
  return typeof text !== "string" || Number(text) > 0 ? text : badTick("not_positive", `${field}: ${text}`)
}

/** Zero or more. */
export const size = (value: unknown, field: string): string | BadTick => {
  const text = decimal(value, field)
  return typeof text !== "string" || Number(text) >= 0 ? text : badTick("not_positive", `${field}: ${text}`)
}

/** Milliseconds as a number or as digits, or an ISO text; null where the venue gives none. */
export const time = (value: unknown): number | null | BadTick => {
  if (value === undefined || value === null) return null
  const ms = typeof value === "number"
    ? value
    : typeof value !== "string"
    ? Number.NaN
    : /^\d+$/.test(value)
    ? Number(value)
    : Date.parse(value)
  return Number.isInteger(ms) && ms >= 0 && ms < LAST_TIME ? ms : badTick("bad_time", String(value).slice(0, 40))
}

/** A venue's own running number; null where it has none. Large ones arrive as text. */
export const sequence = (value: unknown): number | null => {
  const number = typeof value === "string" ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number) ? number : null
}
