/** The clock of a replay at a pace. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as PacedClock from "../../../src/layers/clock/PacedClock.ts"

const START = 1_723_161_254_000

describe("The clock of a replay at ten times the pace", () => {
  it.effect("stands still until it is started, and then passes ten recorded seconds in one", () =>
    Effect.gen(function* () {
      const wall = yield* TestClock.testClockWith(Effect.succeed)
      yield* Effect.gen(function* () {
        const pace = yield* PacedClock.Pace
        yield* wall.adjust("5 seconds")
        assert.strictEqual(yield* Clock.currentTimeMillis, START)
        yield* pace.start
        yield* wall.adjust("1 second")
        yield* pace.start
        assert.strictEqual(yield* Clock.currentTimeMillis, START + 10_000)
      }).pipe(Effect.provide(PacedClock.layer(START, 10)))
    }))
})
