/**
 * Schedules: when those who share hours, days, zone and do-not-disturb window are quiet, worked out once for all of them.
 *
 * In: preferences, instants. Out: the reason for quiet now, and when it ends; the day that spending
 * counts for. Promises: the same answers as QuietTime; a schedule is read off the zone's clock once a minute, not once
 * a user; the end of quiet is worked out once until it comes.
 */
import { DEFAULT_PREFERENCES, type Preferences, startOfDay, startOfNextDay } from "../Preferences.ts"
import { clockChange, localOf, type LocalTime, offsetAt, quietAtLocal, quietEndsAt } from "../QuietTime.ts"
import { Shared } from "./Interning.ts"

export const AWAKE = 0
export const DO_NOT_DISTURB = 1
export const OUTSIDE_HOURS = 2

const MINUTE_MS = 60_000
const DAY_MS = 86_400_000

/** So far ahead a zone's clocks are looked at. */
const AHEAD_MS = 8 * DAY_MS
const LOOK_AGAIN_MS = 3_600_000
const FIRST_ROOM = 64

interface Zone {
  readonly name: string
  offset: number
  /** The offset was looked up for this span, and holds until `stableUntil`. */
  lookedAt: number
  lookAgainAt: number
  stableUntil: number
  dayStart: number
  dayEnd: number
}

interface Schedule {
  /** The weekly part alone. */
  readonly weekly: Preferences
  /** Milliseconds of the day at which quiet may begin or end. */
  readonly edges: ReadonlyArray<number>
  readonly zone: Zone
  /** When the quiet ends, once asked for; holds from then until it ends. */
  askedAt: number
  endsAt: number
}

const weeklyOf = (preferences: Preferences): Preferences => ({
  ...DEFAULT_PREFERENCES,
  timeZone: preferences.timeZone,
  activeDays: preferences.activeDays,
  activeHoursStart: preferences.activeHoursStart,
  activeHoursEnd: preferences.activeHoursEnd,
  doNotDisturbWindow: preferences.doNotDisturbWindow,
})

const keyOf = ({ activeDays, activeHoursEnd, activeHoursStart, doNotDisturbWindow: quiet, timeZone }: Preferences) =>
  `${timeZone}|${activeHoursStart}|${activeHoursEnd}|${activeDays.join("")}|${
    quiet === null ? "" : `${quiet.days.join("")}:${quiet.from}-${quiet.to}`
  }`

const newZone = (name: string): Zone => ({
  name,
  offset: 0,
  lookedAt: 0,
  lookAgainAt: 0,
  stableUntil: 0,
  dayStart: 0,
  dayEnd: 0,
})

const edgesOf = ({ activeHoursEnd, activeHoursStart, doNotDisturbWindow: quiet }: Preferences): ReadonlyArray<number> =>
  [0, activeHoursStart * 60, activeHoursEnd * 60, quiet?.from ?? 0, quiet?.to ?? 0].map((minute) =>
    minute * MINUTE_MS % DAY_MS
  )

const newSchedule = (weekly: Preferences, zone: Zone): Schedule => ({
  weekly,
  edges: edgesOf(weekly),
  zone,
  askedAt: 0,
  endsAt: 0,
})

const codeOf = (preferences: Preferences, local: LocalTime, atMs: number): number => {
  const reason = quietAtLocal(preferences, local, atMs)
  return reason === null ? AWAKE : reason === "do_not_disturb" ? DO_NOT_DISTURB : OUTSIDE_HOURS
}

/** Looks at the zone's clocks once an hour, and until when they stay as they are. */
const looked = (zone: Zone, nowMs: number): Zone => {
  if (nowMs >= zone.lookedAt && nowMs < zone.lookAgainAt) return zone
  const aheadMs = nowMs + AHEAD_MS
  zone.offset = offsetAt(zone.name, nowMs)
  zone.lookedAt = nowMs
  zone.stableUntil = offsetAt(zone.name, aheadMs) === zone.offset ? aheadMs : clockChange(zone.name, nowMs, aheadMs)
  zone.lookAgainAt = Math.min(nowMs + LOOK_AGAIN_MS, zone.stableUntil)
  return zone
}

const dayOf = (zone: Zone, nowMs: number): number => {
  if (nowMs >= zone.dayStart && nowMs < zone.dayEnd) return zone.dayStart
  const named = { ...DEFAULT_PREFERENCES, timeZone: zone.name }
  zone.dayStart = startOfDay(named, nowMs)
  zone.dayEnd = startOfNextDay(named, nowMs)
  return zone.dayStart
}

/** As QuietTime's, where the clocks are stable; else null. */
const endOf = ({ edges, weekly, zone }: Schedule, nowMs: number, fromMs: number): number | null => {
  const { offset, stableUntil } = looked(zone, nowMs)
  for (let wall = fromMs + offset; wall - offset < stableUntil;) {
    if (quietAtLocal(weekly, localOf(wall), wall - offset) === null) return wall - offset
    const dayStart = Math.floor(wall / DAY_MS) * DAY_MS
    let next = Infinity
    for (const edge of edges) {
      const at = dayStart + edge
      next = Math.min(next, at > wall ? at : at + DAY_MS)
    }
    wall = next
  }
  return null
}

export class Schedules {
  readonly #zones = new Map<string, Zone>()
  readonly #schedules = new Shared<Schedule>(newSchedule(DEFAULT_PREFERENCES, newZone("UTC")))
  #minute = -1
  readonly #fresh: Array<number> = []
  /** By schedule, as of the last `at`: the code of the reason for quiet, and the start of the calendar day. */
  quiet = new Uint8Array(FIRST_ROOM)
  dayStart = new Float64Array(FIRST_ROOM)

  hold(preferences: Preferences): number {
    const number = this.#schedules.hold(
      keyOf(preferences),
      () => newSchedule(weeklyOf(preferences), this.#zone(preferences)),
    )
    if (number >= this.quiet.length) {
      const quiet = new Uint8Array(number * 2), dayStart = new Float64Array(number * 2)
      quiet.set(this.quiet)
      dayStart.set(this.dayStart)
      this.quiet = quiet
      this.dayStart = dayStart
    }
    if (this.#schedules.holders(number) === 1) this.#fresh.push(number)
    return number
  }

  release(schedule: number): void {
    this.#schedules.release(schedule)
  }

  /** Brings `quiet` and `dayStart` up to this instant: once a minute all are looked at, else only what is new. */
  at(nowMs: number): void {
    const minute = Math.floor(nowMs / MINUTE_MS)
    if (minute !== this.#minute) {
      for (let number = 1; number < this.#schedules.bound; number++) this.#look(number, nowMs)
    } else for (const number of this.#fresh) this.#look(number, nowMs)
    this.#minute = minute
    this.#fresh.length = 0
  }

  #look(number: number, nowMs: number): void {
    const schedule = this.#schedules.values[number]
    if (schedule === undefined) return
    this.quiet[number] = codeOf(schedule.weekly, localOf(nowMs + looked(schedule.zone, nowMs).offset), nowMs)
    this.dayStart[number] = dayOf(schedule.zone, nowMs)
  }

  /** When a quiet that holds now ends; infinite: not in sight. */
  endsAt(number: number, nowMs: number): number {
    const schedule = this.#schedules.values[number]
    if (schedule === undefined) return nowMs
    if (nowMs >= schedule.endsAt || nowMs < schedule.askedAt) {
      schedule.askedAt = nowMs
      schedule.endsAt = endOf(schedule, nowMs, nowMs) ?? quietEndsAt(schedule.weekly, nowMs) ?? Infinity
    }
    return schedule.endsAt
  }

  /** The same for one who also wants no disturbance until an instant to come. */
  endsAfter(number: number, nowMs: number, untilMs: number): number {
    const schedule = this.#schedules.values[number]
    if (schedule === undefined) return untilMs
    return endOf(schedule, nowMs, untilMs) ?? quietEndsAt({ ...schedule.weekly, doNotDisturbUntil: untilMs }, nowMs) ??
      Infinity
  }

  /** The first instant of the user's calendar day at any instant. */
  dayStartAt(number: number, atMs: number): number {
    const zone = this.#schedules.values[number]?.zone
    return zone === undefined ? 0 : dayOf(zone, atMs)
  }

  #zone({ timeZone }: Preferences): Zone {
    const zone = this.#zones.get(timeZone) ?? newZone(timeZone)
    this.#zones.set(timeZone, zone)
    return zone
  }
}
