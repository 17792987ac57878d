/** The quota's arithmetic: months, days, hours and minutes, by example and by property. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import {
  block,
  charge,
  type CreditQuota,
  dayShare,
  type QuotaLimits,
  spend,
  UNSPENT,
} from "../../src/domain/CreditQuota.ts"

const minute = 60_000, hour = 60 * minute, day = 24 * hour
const june = Date.UTC(2026, 5, 1)
const limits: QuotaLimits = { creditsAMonth: 10_000, requestsAMinute: 30, burst: 20 }

/** Asks at each time; out: the times granted, and the quota after the last. */
const ask = (times: ReadonlyArray<number>, credits = 1, from: CreditQuota = UNSPENT) => {
  let quota = from
  const granted: Array<number> = []
  for (const nowMs of times) {
    const after = spend(quota, limits, credits, nowMs)
    quota = after.quota
    if (after.verdict._tag === "Granted") granted.push(nowMs)
  }
  return { granted, quota }
}
const every = (stepMs: number, fromMs: number, toMs: number) =>
  Array.from({ length: Math.ceil((toMs - fromMs) / stepMs) }, (_, n) => fromMs + n * stepMs)

describe("A quota of credits", () => {
  it("gives a day of a month of 30 its share of 333, and no hour of it is left without", () => {
    assert.strictEqual(dayShare(UNSPENT, limits, june), 333)
    const { granted } = ask(every(10_000, june, june + day))
    // The 333rd is due at the stroke of midnight.
    assert.strictEqual(granted.length, 332)
    for (let at = 0; at < 24; at++) {
      const inHour = granted.filter((ms) => ms >= june + at * hour && ms < june + (at + 1) * hour).length
      assert.isAtLeast(inHour, 12, `hour ${at}`)
      assert.isAtMost(inHour, 20 + 14, `hour ${at}`)
    }
  })

  it("shares what a day left over among the days after it", () => {
    const { quota } = ask([june])
    assert.strictEqual(dayShare(quota, limits, june + 15 * day), Math.floor((10_000 - 1) / 15))
    assert.strictEqual(dayShare(quota, limits, june + 29 * day + hour), 9_999)
  })

  it("says when to ask again, and is right: not a millisecond before, but then", () => {
    const { quota } = ask(every(2_001, june, june + minute))
    const refused = spend(quota, limits, 1, june + minute).verdict
    assert.strictEqual(refused._tag, "Refused")
    if (refused._tag !== "Refused") return
    assert.strictEqual(refused.reason, "credits_today")
    assert.strictEqual(spend(quota, limits, 1, refused.untilMs - 1).verdict._tag, "Refused")
    assert.strictEqual(spend(quota, limits, 1, refused.untilMs).verdict._tag, "Granted")
  })

  it("waits for the next month when the month is spent, and for the provider when it asked for silence", () => {
    const spent = charge(UNSPENT, 10_000, june + 10 * day)
    assert.deepStrictEqual(spend(spent, limits, 1, june + 11 * day).verdict, {
      _tag: "Refused",
      reason: "credits_a_month",
      untilMs: june + 30 * day,
    })
    assert.strictEqual(spend(spent, limits, 1, june + 30 * day).verdict._tag, "Granted")
    const silent = block(block(UNSPENT, june + hour, june), june + minute, june)
    assert.deepStrictEqual(spend(silent, limits, 1, june + minute).verdict, {
      _tag: "Refused",
      reason: "blocked",
      untilMs: june + hour,
    })
  })

  it.effect.prop(
    "never gives more than 30 in any minute, a day's share in a day, and 10,000 in a month",
    [
      Schema.Array(Schema.Struct({
        afterMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 * 3_600_000 })),
        times: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 60 })),
        credits: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 40 })),
      })).check(Schema.isMinLength(1)),
    ],
    ([bursts]) =>
      Effect.sync(() => {
        let nowMs = june, quota = UNSPENT
        const granted: Array<{ readonly atMs: number; readonly credits: number }> = []
        for (const { afterMs, credits, times } of bursts) {
          nowMs += afterMs
          for (let n = 0; n < times; n++) {
            const share = dayShare(quota, limits, nowMs)
            const after = spend(quota, limits, credits, nowMs)
            quota = after.quota
            if (after.verdict._tag === "Refused") assert.isAbove(after.verdict.untilMs, nowMs)
            else {
              granted.push({ atMs: nowMs, credits })
              assert.isAtMost(quota.daySpent, share)
            }
          }
        }
        for (const { atMs } of granted) {
          assert.isAtMost(granted.filter((one) => one.atMs >= atMs && one.atMs < atMs + minute).length, 30)
        }
        const inJune = granted.filter(({ atMs }) => atMs < june + 30 * day)
        assert.isAtMost(inJune.reduce((sum, { credits }) => sum + credits, 0), 10_000)
      }),
    { arbitrary: { runs: 200 } },
  )
})
