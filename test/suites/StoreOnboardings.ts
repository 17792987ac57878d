/**
 * The Onboardings port: each step counted once, its duration, and a fact for each change.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { hasEnded, nextStep, stepsBack } from "../../src/domain/Onboarding.ts"
import { Onboardings } from "../../src/layers/Onboardings.ts"
import { Store } from "../../src/layers/Store.ts"
import { empty, someUser, type Suite, t0 } from "./StoreWorld.ts"

const facts = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql<{ readonly subject: string; readonly payload: Readonly<Record<string, unknown>> }>`
    select subject, payload from outbox order by id`
  return rows.map(({ payload, subject }) =>
    [subject.split(".").at(-1), payload["step"], payload["outcome"], payload["durationMs"]].join(" ")
  )
})

export const storeOnboardings: Suite = (it) => {
  it.effect("counts each step by its first showing and its first end, and tells of both once", () =>
    Effect.gen(function* () {
      yield* empty
      const onboardings = yield* Onboardings
      const { userId } = yield* someUser("100")
      assert.deepStrictEqual(yield* onboardings.progress(userId), { outcome: null, steps: [] })
      const step = "language"
      for (const nowMs of [t0, t0 + 10]) yield* onboardings.shown({ userId, step, nowMs })
      const took = yield* onboardings.ended({ userId, step, outcome: "done", nowMs: t0 + 1_500 })
      assert.deepStrictEqual(took, Option.some(1_500))
      assert.isTrue(Option.isNone(yield* onboardings.ended({ userId, step, outcome: "skipped", nowMs: t0 + 9_000 })))
      yield* onboardings.ended({ userId, step: "country", outcome: "inferred", nowMs: t0 + 2_000 })
      const progress = yield* onboardings.progress(userId)
      assert.deepStrictEqual(progress.steps, [
        { step, shownAt: t0, outcome: "done", endedAt: t0 + 1_500 },
        { step: "country", shownAt: t0 + 2_000, outcome: "inferred", endedAt: t0 + 2_000 },
      ])
      assert.deepStrictEqual([hasEnded(progress, "country"), nextStep(progress)], [true, "zone"])
      const all = yield* onboardings.finished({ userId, outcome: "skipped", nowMs: t0 + 5_000 })
      assert.deepStrictEqual(all, Option.some(5_000))
      assert.isTrue(Option.isNone(yield* onboardings.finished({ userId, outcome: "completed", nowMs: t0 + 6_000 })))
      assert.strictEqual(nextStep(yield* onboardings.progress(userId)), null)
      assert.deepStrictEqual(yield* facts, [
        "shown language  ",
        "ended language done 1500",
        "ended country inferred 0",
        "finished  skipped 5000",
      ])
    }))

  it.effect("opens steps again, with what they told besides, and counts them anew", () =>
    Effect.gen(function* () {
      yield* empty
      const onboardings = yield* Onboardings
      const { userId } = yield* someUser("100")
      for (const [step, outcome] of [["language", "skipped"], ["country", "done"], ["zone", "inferred"]] as const) {
        yield* onboardings.ended({ userId, step, outcome, nowMs: t0 })
      }
      const before = yield* onboardings.progress(userId)
      assert.deepStrictEqual(stepsBack(before, "types"), ["country", "zone"])
      assert.deepStrictEqual(stepsBack(before, "language"), [])
      yield* onboardings.reopened({ userId, steps: ["country", "zone", "risk"], nowMs: t0 + 1 })
      assert.strictEqual(nextStep(yield* onboardings.progress(userId)), "country")
      yield* onboardings.ended({ userId, step: "country", outcome: "done", nowMs: t0 + 2 })
      assert.deepStrictEqual((yield* facts).slice(3).toSorted(), [
        "ended country done 2",
        "reopened country  ",
        "reopened zone  ",
      ])
    }))

  it.effect("refuses a user that is not there, and tells nothing of them", () =>
    Effect.gen(function* () {
      yield* empty
      const onboardings = yield* Onboardings
      const error = yield* Effect.flip(onboardings.shown({ userId: "nobody", step: "language", nowMs: t0 }))
      assert.strictEqual(error.reason, "constraint")
      assert.deepStrictEqual(yield* facts, [])
    }))
}
