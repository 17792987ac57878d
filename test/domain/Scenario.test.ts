/** Scenarios: what a file may say, what is filled in, and that every mistake is told with its path. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readdirSync, readFileSync } from "node:fs"
import { fromUnknown, sampleEveryMs } from "../../src/domain/Scenario.ts"
import * as Slo from "../../src/domain/Slo.ts"

const least = { name: "least", durationMs: 1_000, source: { kind: "simulator" }, users: { count: 1 } }

const refusal = (value: unknown) => Effect.map(Effect.flip(fromUnknown(value)), (error) => error.message)

describe("A scenario", () => {
  it.effect("needs a name, a time, a source and users; the rest has defaults", () =>
    Effect.gen(function* () {
      const scenario = yield* fromUnknown(least)
      assert.deepStrictEqual(scenario.pace, { shape: "steady", factor: 1 })
      assert.deepStrictEqual(scenario.users.tiers, { enterprise: 1 })
      assert.deepStrictEqual([scenario.users.sessions, scenario.users.groups], [1, 0])
      assert.deepStrictEqual(scenario.faults.faults, [])
      assert.strictEqual(scenario.soak, false)
    }))

  it.effect("is refused with the path of every mistake at once", () =>
    Effect.gen(function* () {
      const message = yield* refusal({
        ...least,
        source: { kind: "simulator", ticksPerSec: 5 },
        users: { count: -3, tiers: { gold: 1 }, preferences: [{ weight: 1, wants: { language: "de", pear: 1 } }] },
        faults: { faults: [{ kind: "gap" }] },
      })
      for (
        const path of [
          `["source"]["ticksPerSec"]`,
          `["users"]["count"]`,
          `["users"]["tiers"]["gold"]`,
          `["users"]["preferences"][0]["wants"]["language"]`,
          `["users"]["preferences"][0]["wants"]["pear"]`,
          `["faults"]["faults"][0]["rate"]`,
        ]
      ) assert.include(message, path)
    }))

  it.effect("is refused where proportions come to nothing and bursts never end", () =>
    Effect.gen(function* () {
      assert.include(yield* refusal({ ...least, users: { count: 1, tiers: { free: 0 } } }), `["users"]["tiers"]`)
      const pace = { shape: "burst", peak: 3, everyMs: 5, lengthMs: 5 }
      assert.include(yield* refusal({ ...least, pace }), `["pace"]["lengthMs"]`)
      assert.include(yield* refusal({ ...least, source: { kind: "recordings", files: [] } }), `["source"]["files"]`)
    }))

  it.effect("of the examples is accepted, and so are the objectives beside it", () =>
    Effect.gen(function* () {
      const folder = new URL("../../examples/load/", import.meta.url)
      const names = readdirSync(folder).filter((name) => name.endsWith(".json"))
      assert.isAbove(names.length, 5)
      for (const name of names) {
        const value: unknown = JSON.parse(readFileSync(new URL(name, folder), "utf8"))
        yield* name.endsWith("slo.json") ? Slo.fromUnknown(value) : fromUnknown(value)
      }
    }))

  it.effect("is looked at every second, and at most 600 times", () =>
    Effect.gen(function* () {
      const every = (more: object) => Effect.map(fromUnknown({ ...least, ...more }), sampleEveryMs)
      assert.strictEqual(yield* every({}), 1_000)
      assert.strictEqual(yield* every({ durationMs: 1_800_000 }), 3_000)
      assert.strictEqual(yield* every({ sampleEveryMs: 250 }), 250)
    }))
})
