/** Preferences: hours in the user's own zone, over midnight and over a change of the clocks. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import {
  DEFAULT_PREFERENCES,
  isActiveAt,
  nextActiveAt,
  Preferences,
  startOfDay,
  startOfNextDay,
} from "../../src/domain/Preferences.ts"
import { integers } from "../support/generators.ts"

const hours = (timeZone: string, activeHoursStart: number, activeHoursEnd: number): Preferences => ({
  ...DEFAULT_PREFERENCES,
  timeZone,
  activeHoursStart,
  activeHoursEnd,
})
const at = (text: string): number => Date.parse(text)
const hourIn = (timeZone: string, ms: number): number =>
  Number(new Intl.DateTimeFormat("en-GB", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(ms))

describe("Active hours", () => {
  it("D3: Wednesday 13:00 UTC is 22:00 in Tokyo, inside 21 to 23: deliver", () => {
    const tokyo = hours("Asia/Tokyo", 21, 23)
    assert.isTrue(isActiveAt(tokyo, at("2024-01-03T13:00:00Z")))
    assert.isFalse(isActiveAt(tokyo, at("2024-01-03T14:00:00Z")))
    assert.isFalse(isActiveAt(tokyo, at("2024-01-03T11:59:59.999Z")))
  })

  it("D4: begin at 08:00 in Chicago on the days before and after the clocks change, in spring and in autumn", () => {
    const chicago = hours("America/Chicago", 8, 22)
    const mornings = [
      ["2024-03-09T10:00:00Z", "2024-03-09T14:00:00Z"],
      ["2024-03-10T10:00:00Z", "2024-03-10T13:00:00Z"],
      ["2024-03-11T10:00:00Z", "2024-03-11T13:00:00Z"],
      ["2024-11-02T10:00:00Z", "2024-11-02T13:00:00Z"],
      ["2024-11-03T10:00:00Z", "2024-11-03T14:00:00Z"],
    ] as const
    for (const [night, morning] of mornings) {
      assert.strictEqual(new Date(nextActiveAt(chicago, at(night))).toISOString(), new Date(morning).toISOString())
    }
  })

  it("D5: a quiet window from 22:00 to 06:00 is one window over midnight: 22:00 is quiet and 06:00 is not", () => {
    const awake = hours("UTC", 6, 22)
    const active = (time: string) => isActiveAt(awake, at(`2024-01-03T${time}Z`))
    assert.deepStrictEqual(["21:59:59", "22:00:00", "00:00:00", "05:59:59", "06:00:00"].map(active), [
      true,
      false,
      false,
      false,
      true,
    ])
    assert.strictEqual(nextActiveAt(awake, at("2024-01-03T22:00:00Z")), at("2024-01-04T06:00:00Z"))
    assert.strictEqual(nextActiveAt(awake, at("2024-01-04T01:00:00Z")), at("2024-01-04T06:00:00Z"))
  })

  it("may themselves run over midnight", () => {
    const owl = hours("UTC", 22, 6)
    assert.isTrue(isActiveAt(owl, at("2024-01-03T23:00:00Z")))
    assert.isTrue(isActiveAt(owl, at("2024-01-03T05:59:00Z")))
    assert.strictEqual(nextActiveAt(owl, at("2024-01-03T06:00:00Z")), at("2024-01-03T22:00:00Z"))
  })

  it("are around the clock when they begin where they end", () => {
    assert.isTrue(isActiveAt(hours("UTC", 8, 8), at("2024-01-03T03:00:00Z")))
    assert.strictEqual(nextActiveAt(hours("UTC", 8, 8), 5), 5)
  })

  it("end with the day when they end at 24", () => {
    const evening = hours("UTC", 18, 24)
    assert.isTrue(isActiveAt(evening, at("2024-01-03T23:59:59Z")))
    assert.isFalse(isActiveAt(evening, at("2024-01-04T00:00:00Z")))
  })

  it("come again at the first instant after a gap in the clocks, when their hour does not exist that day", () => {
    // In Berlin 02:00 to 03:00 is skipped on 2024-03-31: 01:59:59 is followed by 03:00.
    const next = nextActiveAt(hours("Europe/Berlin", 2, 5), at("2024-03-31T00:30:00Z"))
    assert.strictEqual(new Date(next).toISOString(), "2024-03-31T01:00:00.000Z")
  })

  const zones = ["UTC", "Asia/Tokyo", "America/Chicago", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe"]
  it.prop(
    "agree with the wall clock of the zone at every instant, and the next of them is active",
    [integers(0, zones.length - 1), integers(0, 23), integers(0, 23), integers(0, 366 * 24 * 60)],
    ([zone, start, end, minutes]) => {
      const timeZone = zones[zone] ?? "UTC"
      const preferences = hours(timeZone, start, end)
      const now = at("2024-01-01T00:00:00Z") + minutes * 60_000
      const hour = hourIn(timeZone, now)
      const inside = start === end || (start < end ? hour >= start && hour < end : hour >= start || hour < end)
      assert.strictEqual(isActiveAt(preferences, now), inside)
      const next = nextActiveAt(preferences, now)
      assert.isAtLeast(next, now)
      assert.isAtMost(next - now, 25 * 3_600_000)
    },
    { arbitrary: { runs: 200 } },
  )
})

describe("The user's day", () => {
  it("begins at midnight of the zone, and is 23 or 25 hours long when the clocks change", () => {
    const berlin = hours("Europe/Berlin", 0, 0)
    const spring = startOfDay(berlin, at("2024-03-31T12:00:00Z"))
    assert.strictEqual(new Date(spring).toISOString(), "2024-03-30T23:00:00.000Z")
    assert.strictEqual(startOfNextDay(berlin, spring) - spring, 23 * 3_600_000)
    const autumn = startOfDay(berlin, at("2024-10-27T12:00:00Z"))
    assert.strictEqual(startOfNextDay(berlin, autumn) - autumn, 25 * 3_600_000)
  })
})

describe("The Schema of preferences", () => {
  const decode = Schema.decodeUnknownSync(Preferences)

  it("fills in the product's defaults", () => {
    assert.deepInclude(decode({}), { activeHoursStart: 8, activeHoursEnd: 22, maxPerHour: 3, timeZone: "UTC" })
  })

  it("refuses hours, zones and counts that are none", () => {
    for (
      const wrong of [{ activeHoursStart: 25 }, { activeHoursEnd: 0.5 }, { timeZone: "Mars/Base" }, { maxPerDay: -1 }]
    ) {
      assert.throws(() => decode(wrong))
    }
  })
})
