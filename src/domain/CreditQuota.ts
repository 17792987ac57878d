/**
 * A quota of credits: so many a month, spread over its days and hours, and so many requests a minute.
 *
 * In: what was spent, the limits, the time (UTC). Out: granted with the state after it, or why not and when to ask
 * again. Promises: pure; no month's credits and no 60 s of requests are ever above the limit; what a day leaves over is
 * shared by the days after it; within a day credits come bit by bit, so that no afternoon is left without any.
 */
import { Schema } from "effect"

export interface QuotaLimits {
  readonly creditsAMonth: number
  readonly requestsAMinute: number
  /** Credits that a day gives at once, before the rest of its share comes bit by bit. */
  readonly burst: number
}

export const CreditQuota = Schema.Struct({
  /** "YYYY-MM-DD" of the last spending; its first seven characters are the month. */
  day: Schema.String,
  monthSpent: Schema.Int,
  daySpent: Schema.Int,
  /** Times (ms) of the requests of the last minute, oldest first. */
  requestedAtMs: Schema.Array(Schema.Int),
  /** The provider asked for silence until then; 0: it did not. */
  blockedUntilMs: Schema.Int,
})
export type CreditQuota = typeof CreditQuota.Type

export const UNSPENT: CreditQuota = { day: "", monthSpent: 0, daySpent: 0, requestedAtMs: [], blockedUntilMs: 0 }

export type QuotaRefusal = "requests_a_minute" | "credits_today" | "credits_a_month" | "blocked"

export type QuotaVerdict =
  | { readonly _tag: "Granted" }
  | { readonly _tag: "Refused"; readonly reason: QuotaRefusal; readonly untilMs: number }

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

const dayOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
const monthEndMs = (ms: number): number => {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1)
}

/** The state as it stands at `nowMs`: what belongs to past days, months and minutes is forgotten. */
export const at = (quota: CreditQuota, nowMs: number): CreditQuota => {
  const day = dayOf(nowMs)
  return {
    day,
    monthSpent: quota.day.slice(0, 7) === day.slice(0, 7) ? quota.monthSpent : 0,
    daySpent: quota.day === day ? quota.daySpent : 0,
    requestedAtMs: quota.requestedAtMs.filter((ms) => ms > nowMs - MINUTE_MS),
    blockedUntilMs: quota.blockedUntilMs,
  }
}

/** Credits that the day of `nowMs` may spend in all: what the month has left, divided by the days it has left. */
export const dayShare = (quota: CreditQuota, limits: QuotaLimits, nowMs: number): number => {
  const { daySpent, monthSpent } = at(quota, nowMs)
  const daysLeft = Math.ceil((monthEndMs(nowMs) - nowMs) / DAY_MS)
  return Math.floor((limits.creditsAMonth - monthSpent + daySpent) / daysLeft)
}

/** Asks for one request that costs `credits`. Nothing is spent when it is refused. */
export const spend = (
  quota: CreditQuota,
  limits: QuotaLimits,
  credits: number,
  nowMs: number,
): { readonly verdict: QuotaVerdict; readonly quota: CreditQuota } => {
  const now = at(quota, nowMs)
  const refuse = (reason: QuotaRefusal, untilMs: number) => ({
    verdict: { _tag: "Refused" as const, reason, untilMs: Math.ceil(untilMs) },
    quota: now,
  })
  if (now.blockedUntilMs > nowMs) return refuse("blocked", now.blockedUntilMs)
  const oldest = now.requestedAtMs.at(-limits.requestsAMinute)
  if (oldest !== undefined) return refuse("requests_a_minute", oldest + MINUTE_MS)
  if (now.monthSpent + credits > limits.creditsAMonth) return refuse("credits_a_month", monthEndMs(nowMs))
  const share = dayShare(now, limits, nowMs), dayStartMs = Math.floor(nowMs / DAY_MS) * DAY_MS
  const wanted = now.daySpent + credits
  if (wanted > share) return refuse("credits_today", dayStartMs + DAY_MS)
  // What is beyond the burst comes evenly over the day.
  const steady = share - limits.burst
  const dueMs = dayStartMs + (wanted - limits.burst) / steady * DAY_MS
  if (steady > 0 && dueMs > nowMs) return refuse("credits_today", dueMs)
  return {
    verdict: { _tag: "Granted" },
    quota: charged({ ...now, requestedAtMs: [...now.requestedAtMs, nowMs] }, credits),
  }
}

const charged = (quota: CreditQuota, credits: number): CreditQuota => ({
  ...quota,
  monthSpent: quota.monthSpent + credits,
  daySpent: quota.daySpent + credits,
})

/** The provider said that a request cost more than was asked for. */
export const charge = (quota: CreditQuota, credits: number, nowMs: number): CreditQuota =>
  charged(at(quota, nowMs), credits)

/** The provider asked for silence; never shortened. */
export const block = (quota: CreditQuota, untilMs: number, nowMs: number): CreditQuota => ({
  ...at(quota, nowMs),
  blockedUntilMs: Math.max(quota.blockedUntilMs, untilMs),
})
