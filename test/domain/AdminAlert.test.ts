/** Alerts to admins: one message when trouble begins, one when it is over, and silence between. */
import { describe, expect, it } from "vitest"
import { type AlertState, type AlertTelling, BETWEEN_MESSAGES_MS, QUIET, step } from "../../src/domain/AdminAlert.ts"

const t0 = 1_750_000_000_000
const second = 1_000, minute = 60 * second

interface Told {
  readonly atMs: number
  readonly telling: AlertTelling
}

/** A venue's silence, looked at every 15 s: what is told, with times from t0. */
const watched = (toMs: number, silence: (ms: number) => number, from: AlertState = QUIET) => {
  const told: Array<Told> = []
  let state = from
  for (let ms = 0; ms <= toMs; ms += 15 * second) {
    const next = step(state, { kind: "stale_venue", value: silence(ms) }, t0 + ms)
    state = next.state
    if (next.telling !== null) told.push({ atMs: ms, telling: next.telling })
  }
  return { told, state }
}

describe("An alert", () => {
  it("begins once the figure has been beyond the bound for its time, and says since when", () => {
    const { told } = watched(30 * minute, () => 61)
    expect(told).toEqual([{ atMs: minute, telling: { _tag: "Began", sinceMs: t0 } }])
  })

  it("says nothing of a figure that only touches the bound, or comes back in time", () => {
    expect(watched(30 * minute, () => 60).told).toEqual([])
    expect(watched(30 * minute, (ms) => ms % minute === 0 ? 10 : 300).told).toEqual([])
  })

  it("neither ends nor begins anew while the figure wanders between the two bounds", () => {
    const { told } = watched(5 * 60 * minute, (ms) => ms <= minute ? 100 : ms % (30 * second) === 0 ? 31 : 100)
    expect(told.map(({ telling }) => telling._tag)).toEqual(["Began"])
  })

  it("ends once the figure has been good for its time, but not within an hour of the message before", () => {
    const { told } = watched(3 * 60 * minute, (ms) => ms < 10 * minute ? 100 : 0)
    expect(told.slice(1)).toEqual([{
      atMs: minute + BETWEEN_MESSAGES_MS,
      telling: { _tag: "Ended", beganMs: t0, endedMs: t0 + 10 * minute },
    }])
    const long = watched(4 * 60 * minute, (ms) => ms < 120 * minute ? 100 : 0).told
    expect(long[1]).toEqual({
      atMs: 125 * minute,
      telling: { _tag: "Ended", beganMs: t0, endedMs: t0 + 120 * minute },
    })
  })

  it("that comes and goes all day leaves at most one message an hour, beginnings and ends in turn", () => {
    const { told } = watched(24 * 60 * minute, (ms) => Math.floor(ms / (8 * minute)) % 2 === 0 ? 100 : 0)
    expect(told.length).toBeGreaterThan(2)
    told.forEach(({ atMs, telling }, at) => {
      expect(telling._tag).toBe(at % 2 === 0 ? "Began" : "Ended")
      if (at > 0) expect(atMs - (told[at - 1]?.atMs ?? 0)).toBeGreaterThanOrEqual(BETWEEN_MESSAGES_MS)
    })
  })

  it("does not count the time in which nobody looked", () => {
    const { state } = watched(30 * second, () => 100)
    const later = step(state, { kind: "stale_venue", value: 100 }, t0 + 60 * minute)
    expect(later.telling).toBe(null)
    expect(later.state).toMatchObject({ firing: false, turningSince: t0 + 60 * minute })
  })
})
