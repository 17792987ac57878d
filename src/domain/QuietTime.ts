/**
 * Quiet time: when a user is not to be disturbed, and when that ends.
 *
 * In: preferences and an instant. Out: the reason for quiet, and the first instant without one. Promises: pure; times of
 * day are read off the wall clock of the user's zone, whatever its clocks do: an hour that a day skips is not waited
 * for, one that comes twice counts twice; "no end" is said as null, never guessed.
 */
import { DateTime } from "effect"
import type { Preferences, Weekday, WeeklyWindow } from "./Preferences.ts"

export type QuietReason = "do_not_disturb" | "outside_hours"

/** What the wall clock and the calendar of a zone show. */
export interface LocalTime {
  readonly weekday: Weekday
  /** Since midnight. */
  readonly minute: number
}

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000
const DAY_MINUTES = 1_440
/** Two weeks, and a skipped hour's room: what has not ended by then never does. */
const HORIZON_MS = 16 * DAY_MS

const WEEKDAYS: ReadonlyArray<Weekday> = [1, 2, 3, 4, 5, 6, 7]
/** 1 January 1970 was a Thursday. */
const weekdayOf = (dayNumber: number): Weekday => WEEKDAYS[(dayNumber % 7 + 10) % 7] ?? 1
const before: Readonly<Record<Weekday, Weekday>> = { 1: 7, 2: 1, 3: 2, 4: 3, 5: 4, 6: 5, 7: 6 }

export const offsetAt = (timeZone: string, atMs: number): number =>
  DateTime.zonedOffset(DateTime.makeZonedUnsafe(atMs, { timeZone, adjustForTimeZone: false }))

/** Of an instant that the zone's offset was added to. */
export const localOf = (wallMs: number): LocalTime => {
  const day = Math.floor(wallMs / DAY_MS)
  return { weekday: weekdayOf(day), minute: Math.floor((wallMs - day * DAY_MS) / MINUTE_MS) }
}

/** The same for everyone in a zone: read it once where many are asked about. */
export const localTimeAt = (timeZone: string, atMs: number): LocalTime => localOf(atMs + offsetAt(timeZone, atMs))

/** Empty `days`: every day. */
const covers = (days: ReadonlyArray<Weekday>, from: number, to: number, { minute, weekday }: LocalTime): boolean => {
  const begins = days.length === 0 || days.includes(weekday)
  if (from < to) return begins && minute >= from && minute < to
  return (begins && minute >= from) || (minute < to && (days.length === 0 || days.includes(before[weekday])))
}

export const isInWindow = ({ days, from, to }: WeeklyWindow, local: LocalTime): boolean =>
  covers(days, from % DAY_MINUTES, to, local)

const isActive = (
  { activeDays, activeHoursEnd: end, activeHoursStart: start }: Preferences,
  local: LocalTime,
): boolean =>
  start === end
    ? covers(activeDays, 0, DAY_MINUTES, local)
    : covers(activeDays, start * 60 % DAY_MINUTES, end * 60, local)

/** Null: they may be told now. `local` is the zone's time at the instant. */
export const quietAtLocal = (preferences: Preferences, local: LocalTime, atMs: number): QuietReason | null => {
  const { doNotDisturb, doNotDisturbUntil, doNotDisturbWindow } = preferences
  if (doNotDisturb || (doNotDisturbUntil !== null && atMs < doNotDisturbUntil)) return "do_not_disturb"
  if (doNotDisturbWindow !== null && isInWindow(doNotDisturbWindow, local)) return "do_not_disturb"
  return isActive(preferences, local) ? null : "outside_hours"
}

export const quietAt = (preferences: Preferences, atMs: number): QuietReason | null =>
  quietAtLocal(preferences, localTimeAt(preferences.timeZone, atMs), atMs)

/** The first instant after `aMs`, up to `bMs`, at which the zone's clocks differ from those at `aMs`. */
export const clockChange = (timeZone: string, aMs: number, bMs: number): number => {
  const offset = offsetAt(timeZone, aMs)
  let unchanged = aMs, changed = bMs
  while (changed - unchanged > 1) {
    const middle = Math.floor((unchanged + changed) / 2)
    if (offsetAt(timeZone, middle) === offset) unchanged = middle
    else changed = middle
  }
  return changed
}

/** The first instant from `fromMs` on at which `holds`, which may change at `minutes` of a day and at midnight only. */
const firstWhen = (
  timeZone: string,
  fromMs: number,
  minutes: ReadonlyArray<number>,
  holds: (local: LocalTime) => boolean,
): number | null => {
  const edges = [0, ...minutes.map((minute) => minute % DAY_MINUTES * MINUTE_MS)]
  for (let atMs = fromMs; atMs < fromMs + HORIZON_MS;) {
    const offset = offsetAt(timeZone, atMs)
    const wallMs = atMs + offset
    if (holds(localOf(wallMs))) return atMs
    const inDay = wallMs - Math.floor(wallMs / DAY_MS) * DAY_MS
    const next = atMs + Math.min(...edges.map((edge) => edge > inDay ? edge - inDay : edge - inDay + DAY_MS))
    atMs = offsetAt(timeZone, next) === offset ? next : clockChange(timeZone, atMs, next)
  }
  return null
}

/** The first instant from this one on at which they may be told; null: none is in sight until they change something. */
export const quietEndsAt = (preferences: Preferences, atMs: number): number | null => {
  if (preferences.doNotDisturb) return null
  const { activeHoursEnd, activeHoursStart, doNotDisturbUntil, doNotDisturbWindow: window, timeZone } = preferences
  const fromMs = Math.max(atMs, doNotDisturbUntil ?? atMs)
  const edges = [activeHoursStart * 60, activeHoursEnd * 60, ...window === null ? [] : [window.from, window.to]]
  return firstWhen(timeZone, fromMs, edges, (local) => quietAtLocal(preferences, local, fromMs) === null)
}

/** When the wall clock next comes to this minute of a day, after the instant. */
export const nextLocalMinute = (timeZone: string, minute: number, afterMs: number): number => {
  const now = localTimeAt(timeZone, afterMs)
  const fromMs = now.minute < minute
    ? afterMs
    : firstWhen(timeZone, afterMs, [], ({ weekday }) => weekday !== now.weekday) ?? afterMs
  return firstWhen(timeZone, fromMs, [minute], (local) => local.minute >= minute) ?? fromMs
}
