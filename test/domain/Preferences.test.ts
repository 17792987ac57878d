/** Preferences: what may be set, and the user's calendar day over a change of the clocks. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { DEFAULT_PREFERENCES, Preferences, startOfDay, startOfNextDay } from "../../src/domain/Preferences.ts"

const at = (text: string): number => Date.parse(text)

describe("The user's day", () => {
  it("begins at midnight of the zone, and is 23 or 25 hours long when the clocks change", () => {
    const berlin = { ...DEFAULT_PREFERENCES, timeZone: "Europe/Berlin" }
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
    const window = { days: [1] as const, from: 0, to: 1_440 }
    assert.deepStrictEqual(decode({ doNotDisturbWindow: window }).doNotDisturbWindow, window)
    for (
      const wrong of [
        { activeHoursStart: 25 },
        { activeHoursEnd: 0.5 },
        { timeZone: "Mars/Base" },
        { maxPerDay: -1 },
        { activeDays: [0] },
        { doNotDisturbWindow: { ...window, days: [] } },
        { doNotDisturbWindow: { ...window, to: 1_441 } },
        { riskTolerance: "none" },
        { tradingMode: "real" },
      ]
    ) {
      assert.throws(() => decode(wrong))
    }
  })
})
