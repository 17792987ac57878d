/**
 * What a venue says when it wants fewer REST calls.
 *
 * In: status, headers and body of its answer. Out: until when it wants silence, and its words; null for every other
 * answer. Promises: pure; a time it states is kept to, but for no longer than Binance's longest ban; where it states
 * none, the silence is long enough for every window that venues count in.
 */
import { asText, type Json } from "./Values.ts"

export interface Refusal {
  readonly untilMs: number
  readonly why: string
}

const TOO_MANY = 429, BANNED = 418
/** No venue counts longer than a minute; Binance's shortest ban is two. */
const UNSTATED_MS: Readonly<Record<number, number>> = { [TOO_MANY]: 60_000, [BANNED]: 120_000 }
const LONGEST_MS = 3 * 24 * 3_600_000
const WORDS = 160

/** Seconds, or a date (RFC 9110, 10.2.3). */
const retryAfter = (value: unknown, nowMs: number): number | null => {
  const text = typeof value === "number" ? String(value) : asText(value).trim()
  if (text === "") return null
  const untilMs = /^\d+(\.\d+)?$/.test(text) ? nowMs + Number(text) * 1_000 : Date.parse(text)
  return Number.isFinite(untilMs) ? untilMs : null
}

/** Binance's text: "IP banned until 1659146400000". */
const bannedUntil = (body: string): number | null => {
  const stated = /banned until (\d{13})\b/.exec(body)?.[1]
  return stated === undefined ? null : Number(stated)
}

/** `limited`: ccxt takes the answer for a rate limit, whatever its status. */
export const refusalOf = (
  answer: { readonly status: number; readonly headers: Json; readonly body: string; readonly limited: boolean },
  nowMs: number,
): Refusal | null => {
  const { body, headers, limited, status } = answer
  const unstatedMs = UNSTATED_MS[status] ?? (limited ? UNSTATED_MS[TOO_MANY] : undefined)
  if (unstatedMs === undefined) return null
  const stated = [retryAfter(headers["Retry-After"], nowMs), bannedUntil(body)].filter((one) => one !== null)
  const untilMs = stated.length === 0 ? nowMs + unstatedMs : Math.max(...stated)
  const words = body.replace(/\s+/g, " ").slice(0, WORDS)
  return {
    untilMs: Math.ceil(Math.min(Math.max(untilMs, nowMs), nowMs + LONGEST_MS)),
    why: `${status} ${words}`.trim(),
  }
}
