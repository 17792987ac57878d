/** Views on demand: what a tier's limits admit, once per fingerprint, beside what was pushed. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { type View, view, type Viewing } from "../../src/domain/Viewing.ts"

const HOUR_MS = 3_600_000
const dayStartMs = 1_750_032_000_000
const nowMs = dayStartMs + 12 * HOUR_MS

const standing = (changes: Partial<Viewing> = {}): Viewing => ({
  perHour: 3,
  perDay: 5,
  dayStartMs,
  dayEndMs: dayStartMs + 24 * HOUR_MS,
  pushedAtMs: [],
  views: [],
  told: new Set(),
  ...changes,
})

const wanted = (...fingerprints: ReadonlyArray<string>) =>
  fingerprints.map((fingerprint) => ({ fingerprint, opportunityId: `id-${fingerprint}` }))

const names = (all: ReadonlyArray<{ readonly fingerprint: string }>) =>
  all.map(({ fingerprint }) => fingerprint).join("")

describe("A view on demand", () => {
  it("spends one of the hour for each fingerprint, and shows no more than there is room for", () => {
    const seen = view(standing({ pushedAtMs: [nowMs - 1_000] }), wanted("a", "b", "c"), nowMs)
    assert.deepStrictEqual([names(seen.shown), names(seen.spent), seen.kept, seen.limit], ["ab", "ab", 1, "hour"])
    // The push of a second ago is the first to leave the hour.
    assert.strictEqual(seen.freeAtMs, nowMs - 1_000 + HOUR_MS)
  })

  it("is free of what was seen or pushed before, also when the limit is used up", () => {
    const views = ["a", "b", "c"].map((fingerprint): View => ({ fingerprint, atMs: nowMs - 60_000 }))
    const seen = view(standing({ views, told: new Set(["id-d"]) }), wanted("a", "x", "d", "c"), nowMs)
    assert.deepStrictEqual([names(seen.shown), seen.spent.length, seen.kept], ["adc", 0, 1])
  })

  it("is held to the day as well, until the next local midnight", () => {
    const pushedAtMs = [1, 2, 3, 4, 5].map((hour) => dayStartMs + hour * HOUR_MS)
    const seen = view(standing({ pushedAtMs }), wanted("a"), nowMs)
    assert.deepStrictEqual([seen.kept, seen.limit, seen.freeAtMs], [1, "day", dayStartMs + 24 * HOUR_MS])
  })

  it("counts a push that is scheduled within the coming hour", () => {
    const pushedAtMs = [nowMs + 1_000, nowMs + 2_000, nowMs + 3_000]
    assert.strictEqual(view(standing({ pushedAtMs }), wanted("a"), nowMs).kept, 1)
  })

  it("says nothing of limits where all is shown", () => {
    assert.deepStrictEqual(view(standing(), wanted("a"), nowMs).limit, null)
    assert.deepStrictEqual(view(standing(), [], nowMs), { shown: [], spent: [], kept: 0, limit: null, freeAtMs: null })
  })

  it.effect.prop(
    "never shows more new ones than the limits, in any hour, and the time it names is right",
    [
      Schema.Array(Schema.Struct({
        waitMs: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: HOUR_MS / 2 })),
        fingerprint: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 12 })),
        pushed: Schema.Boolean,
      })).check(Schema.isMaxLength(40)),
    ],
    ([steps]) =>
      Effect.sync(() => {
        const views: Array<View> = [], pushedAtMs: Array<number> = []
        let atMs = dayStartMs
        const counting = (at: number) =>
          [...pushedAtMs, ...views.map((one) => one.atMs)].filter((one) => at - one < HOUR_MS).length
        for (const { fingerprint, pushed, waitMs } of steps) {
          atMs += waitMs
          const limits = standing({
            perHour: 3,
            perDay: 1_000,
            views,
            pushedAtMs,
            dayEndMs: dayStartMs + 1_000 * HOUR_MS,
          })
          if (pushed) {
            if (counting(atMs) < 3) pushedAtMs.push(atMs)
            continue
          }
          const seen = view(limits, wanted(`${fingerprint}`), atMs)
          for (const one of seen.spent) views.push({ fingerprint: one.fingerprint, atMs })
          assert.isAtMost(counting(atMs), 3)
          if (seen.freeAtMs === null) continue
          assert.isBelow(counting(seen.freeAtMs), 3)
          assert.strictEqual(counting(seen.freeAtMs - 1), 3)
        }
      }),
    { arbitrary: { runs: 200 } },
  )
})
