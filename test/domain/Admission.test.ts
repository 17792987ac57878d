/** Admission: caps that hold in every window, hours in the user's zone, and a reason for every refusal. */
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Effect, Schema } from "effect"
import {
  capsOf,
  decide,
  type Decision,
  HOUR_MS,
  type RefusalReason,
  type Situation,
} from "../../src/domain/Admission.ts"
import { DEFAULT_PREFERENCES, type Preferences, startOfDay } from "../../src/domain/Preferences.ts"
import type { Recipient } from "../../src/domain/User.ts"

const at = (iso: string) => DateTime.toEpochMillis(DateTime.makeUnsafe(iso))
const noon = at("2026-03-10T12:00:00Z")

const recipient = (preferences: Partial<Preferences> = {}, changes: Partial<Recipient> = {}): Recipient => ({
  userId: "u",
  chatId: "1",
  role: "user",
  tier: "enterprise",
  isGroup: false,
  country: null,
  betaUntil: null,
  sessionExpiresAt: Number.MAX_SAFE_INTEGER,
  preferences: { ...DEFAULT_PREFERENCES, maxPerHour: 100, maxPerDay: 1_000, ...preferences },
  ...changes,
})

const situation = (who: Recipient | null, changes: Partial<Situation> = {}): Situation => ({
  recipient: who,
  awaiting: [{ queueId: 1, isEdit: false, expiresAt: noon + 24 * HOUR_MS }],
  spentAtMs: [],
  ...changes,
})

const only = (who: Recipient | null, nowMs: number, changes: Partial<Situation> = {}) =>
  decide(situation(who, changes), nowMs)[0]

const admitted = (dueAtMs: number): Decision => ({ _tag: "Admit", queueId: 1, dueAtMs })
const refused = (reason: RefusalReason): Decision => ({ _tag: "Refuse", queueId: 1, reason })

describe("Admission", () => {
  it("admits at once inside the active hours", () => {
    assert.deepStrictEqual(only(recipient(), noon), admitted(noon))
  })

  it("tells the first of a burst at once and the others together a second later, or each by itself as wished", () => {
    const awaiting = [1, 2, 3].map((queueId) => ({
      queueId,
      isEdit: false,
      expiresAt: noon + HOUR_MS,
      priority: "critical" as const,
    }))
    const burst = (batchNotifications: boolean) =>
      decide(situation(recipient({ batchNotifications }), { awaiting }), noon)
    const alone = (queueId: number): Decision => ({ _tag: "Admit", queueId, dueAtMs: noon })
    const together = (queueId: number): Decision => ({ _tag: "Admit", queueId, dueAtMs: noon + 1_000, batchId: 2 })
    assert.deepStrictEqual(burst(true), [alone(1), together(2), together(3)])
    assert.deepStrictEqual(burst(false), [alone(1), alone(2), alone(3)])
  })

  it("names the reason for every refusal", () => {
    const gone = [{ queueId: 1, isEdit: false, expiresAt: noon }]
    assert.deepStrictEqual(only(null, noon), refused("no_session"))
    assert.deepStrictEqual(only(recipient({}, { sessionExpiresAt: noon }), noon), refused("no_session"))
    assert.deepStrictEqual(only(recipient({ pushEnabled: false }), noon), refused("push_off"))
    assert.deepStrictEqual(only(recipient({ doNotDisturb: true }), noon), refused("do_not_disturb"))
    assert.deepStrictEqual(only(recipient({ maxPerHour: 0 }), noon), refused("hour_limit"))
    assert.deepStrictEqual(only(recipient({ maxPerDay: 0 }), noon), refused("day_limit"))
    assert.deepStrictEqual(only(recipient(), noon, { awaiting: gone }), refused("expired"))
  })

  it("admits edits at once whatever the user wants and however much they were told", () => {
    const awaiting = [{ queueId: 1, isEdit: true, expiresAt: noon - 1 }]
    assert.deepStrictEqual(only(null, noon, { awaiting }), admitted(noon))
    assert.deepStrictEqual(only(recipient({ maxPerHour: 0 }), noon, { awaiting }), admitted(noon))
  })

  it("waits for the active hours if the opportunity lives that long, and refuses it else", () => {
    const night = at("2026-03-10T03:00:00Z")
    assert.deepStrictEqual(only(recipient(), night), admitted(at("2026-03-10T08:00:00Z")))
    const short = [{ queueId: 1, isEdit: false, expiresAt: night + 30_000 }]
    assert.deepStrictEqual(only(recipient(), night, { awaiting: short }), refused("outside_hours"))
  })

  it("waits for the end of do not disturb, be it an hour or a stretch of every week, and names it if that is too late", () => {
    const until = recipient({ doNotDisturbUntil: noon + HOUR_MS })
    assert.deepStrictEqual(only(until, noon), admitted(noon + HOUR_MS))
    // 10 March 2026 is a Tuesday.
    const weekly = recipient({ doNotDisturbWindow: { days: [2], from: 11 * 60, to: 13 * 60 + 30 } })
    assert.deepStrictEqual(only(weekly, noon), admitted(at("2026-03-10T13:30:00Z")))
    const short = { awaiting: [{ queueId: 1, isEdit: false, expiresAt: noon + HOUR_MS }] }
    assert.deepStrictEqual(only(until, noon, short), refused("do_not_disturb"))
    assert.deepStrictEqual(only(weekly, noon, short), refused("do_not_disturb"))
  })

  it("opens the active hours by the wall clock on the days that clocks change", () => {
    const berlin = recipient({ timeZone: "Europe/Berlin" })
    // 29 March 2026: 2:00 becomes 3:00, so 8:00 in Berlin is 6:00 UTC instead of 7:00.
    assert.deepStrictEqual(
      only(berlin, at("2026-03-29T01:30:00Z"), { awaiting: [{ queueId: 1, isEdit: false, expiresAt: Infinity }] }),
      admitted(at("2026-03-29T06:00:00Z")),
    )
    assert.deepStrictEqual(
      only(berlin, at("2026-10-25T01:30:00Z"), { awaiting: [{ queueId: 1, isEdit: false, expiresAt: Infinity }] }),
      admitted(at("2026-10-25T07:00:00Z")),
    )
  })

  it("counts the day by the user's calendar: 23 hours long when clocks go forward", () => {
    const berlin = recipient({ timeZone: "Europe/Berlin", activeHoursStart: 0, activeHoursEnd: 0, maxPerDay: 1 })
    const justAfterMidnight = at("2026-03-28T23:10:00Z")
    const spent = [justAfterMidnight]
    const forever = { awaiting: [{ queueId: 1, isEdit: false, expiresAt: Infinity }], spentAtMs: spent }
    assert.deepStrictEqual(only(berlin, at("2026-03-29T21:59:59Z"), forever), refused("day_limit"))
    assert.deepStrictEqual(
      only(berlin, at("2026-03-29T22:00:00Z"), forever),
      admitted(at("2026-03-29T22:00:00Z")),
    )
  })

  it("takes the lower of the tier's limit and the user's cap, and doubles the tier's in groups", () => {
    assert.deepStrictEqual(capsOf(recipient({}, { tier: "free" })), { perHour: 5, perDay: 20 })
    assert.deepStrictEqual(capsOf(recipient({}, { tier: "free", isGroup: true })), { perHour: 10, perDay: 40 })
    assert.deepStrictEqual(capsOf(recipient({ maxPerHour: 3, maxPerDay: 7 })), { perHour: 3, perDay: 7 })
    assert.deepStrictEqual(capsOf(recipient({}, { tier: "free", role: "admin" })), { perHour: 100, perDay: 1_000 })
  })

  it("spends what it admits: of two that wait under a cap of one the more urgent goes", () => {
    const awaiting = [7, 3].map((queueId) => ({ queueId, isEdit: false, expiresAt: Infinity }))
    assert.deepStrictEqual(decide(situation(recipient({ maxPerHour: 1 }), { awaiting }), noon), [
      { _tag: "Admit", queueId: 7, dueAtMs: noon },
      { _tag: "Refuse", queueId: 3, reason: "hour_limit" },
    ])
  })

  it.effect.prop(
    "breaks neither cap in any sliding hour or calendar day, whatever arrives when",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 90 })))],
    ([minutes]) =>
      Effect.sync(() => {
        const who = recipient({ maxPerHour: 3, maxPerDay: 10, timeZone: "America/New_York", activeHoursStart: 9 })
        const spent: Array<number> = []
        let nowMs = at("2026-10-31T12:00:00Z")
        for (const minute of minutes) {
          nowMs += minute * 60_000
          const awaiting = [{ queueId: 1, isEdit: false, expiresAt: Infinity }]
          const decision = only(who, nowMs, { awaiting, spentAtMs: spent })
          if (decision?._tag === "Admit") spent.push(decision.dueAtMs)
        }
        for (const first of spent) {
          assert.isAtMost(spent.filter((atMs) => atMs >= first && atMs < first + HOUR_MS).length, 3)
          const day = startOfDay(who.preferences, first)
          assert.isAtMost(spent.filter((atMs) => startOfDay(who.preferences, atMs) === day).length, 10)
        }
      }),
    { arbitrary: { runs: 200 } },
  )
})
