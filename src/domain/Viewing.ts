/**
 * Viewing: which opportunities a person may be shown when they ask, under the limits of their tier.
 *
 * In: the limits, what was pushed to them and what they have seen, and what they could be shown, best first. Out: what is
 * shown, what of it is spent, and when more may be. Promises: a view spends the tier's limit alone, never the person's
 * own cap on pushes; a fingerprint once: looking again is free as long as the first look counts, and so is what was
 * pushed; never more pushes and views than the tier has in any sliding hour or local calendar day.
 */
import { HOUR_MS } from "./Admission.ts"

export interface Viewable {
  readonly opportunityId: string
  readonly fingerprint: string
}

export interface View {
  readonly fingerprint: string
  readonly atMs: number
}

export interface Viewing {
  /** The tier's, doubled in groups. */
  readonly perHour: number
  readonly perDay: number
  /** The person's calendar day. */
  readonly dayStartMs: number
  readonly dayEndMs: number
  /** Times of pushes, sent or scheduled, and views, since the earlier of an hour ago and the day's start. */
  readonly pushedAtMs: ReadonlyArray<number>
  readonly views: ReadonlyArray<View>
  /** Ids of what was or will be pushed to them. */
  readonly told: ReadonlySet<string>
}

export interface Shown<A extends Viewable> {
  readonly shown: ReadonlyArray<A>
  /** Those of `shown` that are new: record them. */
  readonly spent: ReadonlyArray<A>
  /** How many were kept back for want of limit, which limit it was, and when there is room for one more (ms). */
  readonly kept: number
  readonly limit: "hour" | "day" | null
  readonly freeAtMs: number | null
}

/** When fewer than `most` of these are younger than an hour. */
const hourFreeAt = (times: ReadonlyArray<number>, most: number): number => {
  const counting = times.toSorted((a, b) => a - b)
  return (counting[counting.length - most] ?? 0) + HOUR_MS
}

export const view = <A extends Viewable>(
  { dayEndMs, dayStartMs, perDay, perHour, pushedAtMs, told, views }: Viewing,
  wanted: ReadonlyArray<A>,
  nowMs: number,
): Shown<A> => {
  const seen = new Set(views.map(({ fingerprint }) => fingerprint))
  const times = [...pushedAtMs, ...views.map(({ atMs }) => atMs)]
  // A push that is scheduled within the coming hour counts as well, or the two together would break the limit.
  const inHour = times.filter((atMs) => Math.abs(atMs - nowMs) < HOUR_MS)
  const inDay = times.filter((atMs) => atMs >= dayStartMs && atMs < dayEndMs)
  const hourRoom = perHour - inHour.length, dayRoom = perDay - inDay.length
  let room = Math.max(0, Math.min(hourRoom, dayRoom))
  const shown: Array<A> = [], spent: Array<A> = []
  for (const one of wanted) {
    const isFree = seen.has(one.fingerprint) || told.has(one.opportunityId)
    if (!isFree && room === 0) continue
    shown.push(one)
    if (isFree) continue
    room--
    seen.add(one.fingerprint)
    spent.push(one)
  }
  const kept = wanted.length - shown.length
  if (kept === 0) return { shown, spent, kept, limit: null, freeAtMs: null }
  const byDay = dayRoom - spent.length <= 0, byHour = hourRoom - spent.length <= 0
  const hourAtMs = byHour && perHour > 0 ? hourFreeAt([...inHour, ...spent.map(() => nowMs)], perHour) : nowMs
  return {
    shown,
    spent,
    kept,
    limit: byDay ? "day" : "hour",
    freeAtMs: byDay ? Math.max(dayEndMs, hourAtMs) : hourAtMs,
  }
}
