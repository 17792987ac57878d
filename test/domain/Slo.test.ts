/** Objectives: what a file may ask, what holds, what does not, and that the unmeasured never passes. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fromUnknown, judge } from "../../src/domain/Slo.ts"
import { reported } from "../support/loadReport.ts"

const refusal = (value: unknown) => Effect.map(Effect.flip(fromUnknown(value)), (error) => error.message)
const judged = (limits: unknown, report = reported({})) =>
  Effect.map(fromUnknown(limits), (slo) => judge(slo, report).map(({ check, verdict }) => `${check} ${verdict}`))

describe("Objectives", () => {
  it.effect("are refused with their path where nobody knows them, and where there are none", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal({ los: 0 }), `["los"]`)
      assert.include(yield* refusal({ latencyMs: { acepted: { p99: 1 } } }), `["latencyMs"]["acepted"]`)
      assert.include(yield* refusal({ latencyMs: { total: { p95: 1 } } }), `["latencyMs"]["total"]["p95"]`)
      assert.include(yield* refusal({ ticksPerS: { min: -1 } }), `["ticksPerS"]["min"]`)
      assert.include(yield* refusal({ ticksPerS: {} }), `["ticksPerS"]`)
      assert.include(yield* refusal({}), "at least one limit")
    }))

  it.effect("hold at their limit and break beyond it", () =>
    Effect.gen(function* () {
      const limits = { loss: 0, duplicates: 0, latencyMs: { total: { p99: 250 } }, ticksPerS: { min: 5_000 } }
      assert.deepStrictEqual(yield* judged(limits), [
        "loss held",
        "duplicates held",
        "latencyMs.total.p99 held",
        "ticksPerS held",
      ])
      const worse = reported({ p99: 251, ticksPerS: 4_999, lost: 1, duplicates: 2 })
      assert.deepStrictEqual(yield* judged(limits, worse), [
        "loss broken",
        "duplicates broken",
        "latencyMs.total.p99 broken",
        "ticksPerS broken",
      ])
    }))

  it.effect("on what was not measured are told apart from both", () =>
    Effect.gen(function* () {
      const blind = reported({ p99: null, lost: null, grows: null })
      const limits = { loss: 0, latencyMs: { total: { p99: 250 } }, flat: ["heapMiB", "handles"] }
      assert.deepStrictEqual(yield* judged(limits, blind), [
        "loss unmeasured",
        "latencyMs.total.p99 unmeasured",
        "flat.heapMiB unmeasured",
        "flat.handles unmeasured",
      ])
    }))

  it.effect("on replies to people hold and break as the others do", () =>
    Effect.gen(function* () {
      const limits = { latencyMs: { reply: { p99: 2_000 } }, repliesPerS: { min: 9 }, replies: { min: 10 } }
      assert.deepStrictEqual(yield* judged(limits, reported({ p99: 2_001 })), [
        "latencyMs.reply.p99 broken",
        "repliesPerS held",
        "replies broken",
      ])
    }))

  it.effect("on growth follow the verdict of the trend", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* judged({ flat: ["heapMiB"] }, reported({ grows: false })), ["flat.heapMiB held"])
      assert.deepStrictEqual(yield* judged({ flat: ["heapMiB"] }, reported({ grows: true })), ["flat.heapMiB broken"])
    }))
})
