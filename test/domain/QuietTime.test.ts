/** Quiet time: by the wall clock of the user's zone, over midnight and over changes of the clocks, against a walk by minutes. */
import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { DEFAULT_PREFERENCES, type Preferences, Weekday } from "../../src/domain/Preferences.ts"
import { localTimeAt, nextLocalMinute, quietAt, quietEndsAt } from "../../src/domain/QuietTime.ts"
import { integers } from "../support/generators.ts"

const at = (text: string): number => Date.parse(text)
const iso = (ms: number | null): string | null => ms === null ? null : new Date(ms).toISOString()

const wishes = (timeZone: string, start: number, end: number, more: Partial<Preferences> = {}): Preferences => ({
  ...DEFAULT_PREFERENCES,
  timeZone,
  activeHoursStart: start,
  activeHoursEnd: end,
  ...more,
})

describe("Active hours", () => {
  it("D3: Wednesday 13:00 UTC is 22:00 in Tokyo, inside Wednesday 21 to 23: deliver", () => {
    const tokyo = wishes("Asia/Tokyo", 21, 23, { activeDays: [3] })
    const now = at("2024-01-03T13:00:00Z")
    assert.isNull(quietAt(tokyo, now))
    assert.strictEqual(quietEndsAt(tokyo, now), now)
    assert.strictEqual(quietAt(tokyo, at("2024-01-03T11:59:59.999Z")), "outside_hours")
    assert.strictEqual(quietAt(tokyo, at("2024-01-03T14:00:00Z")), "outside_hours")
    // Thursday at the same hour: not before the next Wednesday.
    assert.strictEqual(iso(quietEndsAt(tokyo, at("2024-01-04T13:00:00Z"))), "2024-01-10T12:00:00.000Z")
  })

  it("D4: begin at 08:00 in Chicago on the days before and after the clocks change, in spring and in autumn", () => {
    const chicago = wishes("America/Chicago", 8, 22)
    const mornings = [
      ["2024-03-09T10:00:00Z", "2024-03-09T14:00:00.000Z"],
      ["2024-03-10T07:30:00Z", "2024-03-10T13:00:00.000Z"],
      ["2024-03-11T10:00:00Z", "2024-03-11T13:00:00.000Z"],
      ["2024-11-02T10:00:00Z", "2024-11-02T13:00:00.000Z"],
      ["2024-11-03T06:30:00Z", "2024-11-03T14:00:00.000Z"],
    ] as const
    for (const [night, morning] of mornings) assert.strictEqual(iso(quietEndsAt(chicago, at(night))), morning)
  })

  it("D5: a quiet window from 22:00 to 06:00 is one window over midnight: 22:00 is quiet and 06:00 is not", () => {
    const byHours = wishes("UTC", 6, 22)
    const byWindow = wishes("UTC", 0, 0, {
      doNotDisturbWindow: { days: [1, 2, 3, 4, 5, 6, 7], from: 22 * 60, to: 6 * 60 },
    })
    const times = ["21:59:59.999", "22:00:00", "00:00:00", "05:59:59.999", "06:00:00"]
    for (const [who, reason] of [[byHours, "outside_hours"], [byWindow, "do_not_disturb"]] as const) {
      assert.deepStrictEqual(times.map((time) => quietAt(who, at(`2024-01-03T${time}Z`))), [
        null,
        reason,
        reason,
        reason,
        null,
      ])
      assert.strictEqual(iso(quietEndsAt(who, at("2024-01-03T22:00:00Z"))), "2024-01-04T06:00:00.000Z")
      assert.strictEqual(iso(quietEndsAt(who, at("2024-01-04T01:00:00Z"))), "2024-01-04T06:00:00.000Z")
    }
  })

  it("may themselves run over midnight, into a day on which none begin", () => {
    const owl = wishes("UTC", 22, 6, { activeDays: [5] })
    assert.isNull(quietAt(owl, at("2024-01-05T22:00:00Z")))
    assert.isNull(quietAt(owl, at("2024-01-06T05:59:00Z")))
    assert.strictEqual(quietAt(owl, at("2024-01-06T22:00:00Z")), "outside_hours")
    assert.strictEqual(quietAt(owl, at("2024-01-05T05:59:00Z")), "outside_hours")
  })

  it("are around the clock when they begin where they end, and end with the day when they end at 24", () => {
    assert.isNull(quietAt(wishes("UTC", 8, 8), at("2024-01-03T03:00:00Z")))
    assert.isNull(quietAt(wishes("UTC", 18, 24), at("2024-01-03T23:59:59Z")))
    assert.strictEqual(quietAt(wishes("UTC", 18, 24), at("2024-01-04T00:00:00Z")), "outside_hours")
  })

  it("come again at the first instant after a gap in the clocks, when their hour does not exist that day", () => {
    // In Berlin 02:00 to 03:00 is skipped on 2024-03-31: 01:59:59 is followed by 03:00.
    const next = quietEndsAt(wishes("Europe/Berlin", 2, 5), at("2024-03-31T00:30:00Z"))
    assert.strictEqual(iso(next), "2024-03-31T01:00:00.000Z")
  })
})

describe("Do not disturb", () => {
  const day = wishes("UTC", 8, 22)
  const noon = at("2024-01-03T12:00:00Z")

  it("has no end in sight when it is for as long as the user says", () => {
    assert.strictEqual(quietAt({ ...day, doNotDisturb: true }, noon), "do_not_disturb")
    assert.isNull(quietEndsAt({ ...day, doNotDisturb: true }, noon))
  })

  it("ends at its instant, or when the active hours come after that", () => {
    const until = (text: string): Preferences => ({ ...day, doNotDisturbUntil: at(text) })
    assert.strictEqual(quietAt(until("2024-01-03T13:00:00Z"), noon), "do_not_disturb")
    assert.strictEqual(iso(quietEndsAt(until("2024-01-03T13:00:00Z"), noon)), "2024-01-03T13:00:00.000Z")
    assert.strictEqual(iso(quietEndsAt(until("2024-01-03T23:00:00Z"), noon)), "2024-01-04T08:00:00.000Z")
    assert.isNull(quietAt(until("2024-01-03T12:00:00Z"), noon))
  })

  it("never ends when the weekly window leaves nothing of the active hours", () => {
    const never = { ...day, activeDays: [3] as const, doNotDisturbWindow: { days: [3] as const, from: 0, to: 1_440 } }
    assert.isNull(quietEndsAt(never, noon))
  })
})

describe("The next time that a clock shows", () => {
  it("is today's if it is still to come, else tomorrow's, by the zone's clocks", () => {
    const next = (text: string) => iso(nextLocalMinute("Europe/Berlin", 8 * 60, at(text)))
    assert.strictEqual(next("2024-03-30T05:00:00Z"), "2024-03-30T07:00:00.000Z")
    assert.strictEqual(next("2024-03-30T07:00:00Z"), "2024-03-31T06:00:00.000Z")
    assert.strictEqual(next("2024-03-30T23:30:00Z"), "2024-03-31T06:00:00.000Z")
    assert.strictEqual(iso(nextLocalMinute("UTC", 0, at("2024-01-01T00:00:00Z"))), "2024-01-02T00:00:00.000Z")
  })
})

const zones = [
  "UTC",
  "Asia/Tokyo",
  "America/Chicago",
  "Europe/Berlin",
  "Asia/Kathmandu",
  "Australia/Lord_Howe",
  "America/Sao_Paulo",
  "Africa/Casablanca",
  "Africa/Cairo",
  "America/St_Johns",
  "Pacific/Apia",
  "Pacific/Chatham",
  "Asia/Gaza",
  "Antarctica/Troll",
] as const

const clocks = new Map(zones.map((timeZone) => [
  timeZone,
  new Intl.DateTimeFormat("en-US", {
    timeZone,
    weekday: "short",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  }),
]))
const NAMES = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]

/** "Wed 13:05" as Intl shows it, without anything of ours. */
const shown = (timeZone: typeof zones[number], ms: number): { readonly weekday: number; readonly minute: number } => {
  const text = clocks.get(timeZone)?.format(ms) ?? ""
  const [, name = "", hour, minute] = /(\w{3}).*?(\d\d):(\d\d)/.exec(text) ?? []
  return { weekday: NAMES.indexOf(name) + 1, minute: Number(hour) * 60 + Number(minute) }
}

/** Unlike ours: a window is the set of its minutes of the week, listed one by one. */
const minutesOf = (days: ReadonlyArray<number>, from: number, length: number): ReadonlySet<number> =>
  new Set(
    days.flatMap((day) => Array.from({ length }, (_, minute) => ((day - 1) * 1_440 + from + minute) % (7 * 1_440))),
  )
const lengthOf = (from: number, to: number): number => to > from ? to - from : to + 1_440 - from

const everyDay = [1, 2, 3, 4, 5, 6, 7]
const someDays = Arbitrary.array(Arbitrary.schema(Weekday), { maxLength: 4 })

describe("Quiet time, against a walk by minutes", () => {
  it.prop(
    "says the same now, and ends at the first minute that is not quiet, in any zone at any time",
    [
      Arbitrary.all({
        zone: integers(0, zones.length - 1),
        minutes: integers(0, 37 * 366 * 1_440),
        changes: integers(0, 3),
        start: integers(0, 23),
        end: integers(0, 24),
        activeDays: someDays,
        windowDays: someDays,
        from: integers(0, 1_439),
        to: integers(0, 1_440),
        until: integers(-600, 600),
      }),
    ],
    ([given]) => {
      const { activeDays, end, from, start, to, windowDays } = given
      const timeZone = zones[given.zone] ?? "UTC"
      // Three in four around the changes of the clocks, which are where mistakes are made.
      const spring = at(`${2000 + given.minutes % 37}-03-${24 + given.minutes % 8}T00:00:00Z`) +
        given.minutes % 1_440 * 60_000
      const now = given.changes === 0
        ? at("2000-01-01T00:00:00Z") + given.minutes * 60_000
        : given.changes === 1
        ? spring
        : spring + (given.changes === 2 ? 214 : 222) * 86_400_000
      const untilMs = now + given.until * 60_000
      const preferences = wishes(timeZone, start, end, {
        activeDays,
        doNotDisturbUntil: given.until < -300 ? null : untilMs,
        doNotDisturbWindow: windowDays.length === 0 ? null : { days: windowDays, from, to },
      })
      const active = minutesOf(
        activeDays.length === 0 ? everyDay : activeDays,
        start === end ? 0 : start * 60,
        start === end ? 1_440 : lengthOf(start * 60, end * 60),
      )
      const disturbing = minutesOf(windowDays, from, lengthOf(from, to))
      const quiet = (ms: number): boolean => {
        const { minute, weekday } = shown(timeZone, ms)
        const ofWeek = (weekday - 1) * 1_440 + minute
        return (given.until >= -300 && ms < untilMs) || disturbing.has(ofWeek) || !active.has(ofWeek)
      }
      assert.deepStrictEqual({ ...localTimeAt(timeZone, now) }, shown(timeZone, now))
      assert.strictEqual(quietAt(preferences, now) !== null, quiet(now))
      const ends = quietEndsAt(preferences, now)
      const walked = Array.from({ length: 2 * 1_440 }, (_, minute) => now + minute * 60_000).find((ms) => !quiet(ms))
      if (walked !== undefined) assert.strictEqual(iso(ends), iso(walked))
      else if (ends !== null) {
        assert.isFalse(quiet(ends))
        assert.isTrue(quiet(ends - 60_000))
        assert.isAbove(ends, now + 2 * 86_400_000 - 60_000)
      }
    },
    { arbitrary: { runs: 150 } },
  )
})
