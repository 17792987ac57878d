/** What people of a load run ask: in proportion, at their time, in turn, and the same each time. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { fromUnknown } from "../../src/domain/Scenario.ts"
import { askedAt, type Commands } from "../../src/domain/ScenarioCommands.ts"

const least = { name: "least", durationMs: 1_000, source: { kind: "simulator" }, users: { count: 4 } }
const COUNTS = { people: 4, assets: 3 }

describe("Commands of a scenario", () => {
  it.effect("are none unless it says how many, and then have weights", () =>
    Effect.gen(function* () {
      assert.isUndefined((yield* fromUnknown(least)).commands)
      const { commands } = yield* fromUnknown({ ...least, commands: { perSecond: 2 } })
      assert.deepStrictEqual(commands?.weights, { opportunities: 4, session: 1, price: 2, market: 1, tap: 2 })
    }))

  it.effect("are refused with their path where they come to nothing, or nobody can ask", () =>
    Effect.gen(function* () {
      const refusal = (more: object) =>
        Effect.map(Effect.flip(fromUnknown({ ...least, ...more })), ({ message }) => message)
      assert.include(yield* refusal({ commands: { perSecond: 0 } }), `["commands"]["perSecond"]`)
      assert.include(
        yield* refusal({ commands: { perSecond: 1, weights: { logout: 1 } } }),
        `["commands"]["weights"]["logout"]`,
      )
      assert.include(
        yield* refusal({ commands: { perSecond: 1, weights: { price: 0 } } }),
        `["commands"]["weights"]`,
      )
      const nobody = yield* refusal({ commands: { perSecond: 1 }, users: { count: 4, sessions: 0.1 } })
      assert.include(nobody, "nobody has a session to ask with")
    }))

  it("come evenly in time, in their proportion, from everybody in turn", () => {
    const commands: Commands = { perSecond: 4, weights: { opportunities: 3, price: 1 } }
    const asked = Array.from({ length: 400 }, (_, n) => askedAt(commands, n, COUNTS))
    assert.deepStrictEqual(asked.slice(0, 3).map(({ afterMs }) => afterMs), [250, 500, 750])
    assert.deepStrictEqual(asked.slice(0, 5).map(({ person }) => person), [0, 1, 2, 3, 0])
    assert.closeTo(asked.filter(({ question }) => question === "opportunities").length, 300, 4)
    assert.strictEqual(asked.filter(({ question }) => question !== "opportunities" && question !== "price").length, 0)
    for (const asset of [0, 1, 2]) {
      assert.closeTo(asked.filter((one) => one.asset === asset).length, 133, 6)
    }
    assert.deepStrictEqual(asked, Array.from({ length: 400 }, (_, n) => askedAt(commands, n, COUNTS)))
  })
})
