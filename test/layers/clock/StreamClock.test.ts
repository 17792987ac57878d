/** The clock of a running service, told of recorded and of live data. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { TestClock } from "effect/testing"
import * as StreamClock from "../../../src/layers/clock/StreamClock.ts"
import { StreamTime } from "../../../src/layers/StreamTime.ts"

const WALL = 1_800_000_000_000
const RECORDED = 1_723_161_254_000

const life = <A, E>(body: (wall: Effect.Effect<void>) => Effect.Effect<A, E, StreamTime>) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(WALL)
    // The clock below the one that is tested.
    const wall = yield* TestClock.testClockWith(Effect.succeed)
    return yield* body(wall.adjust("1 second")).pipe(Effect.provide(StreamClock.layer))
  })

const observe = (source: "live" | "recorded" | "simulated", at: number) =>
  StreamTime.use((time) => time.observe(source, at))

describe("The clock of a service", () => {
  it.effect("shows the wall's time until recorded data arrives, then that, going on at the wall's pace", () =>
    life((second) =>
      Effect.gen(function* () {
        assert.strictEqual(yield* Clock.currentTimeMillis, WALL)
        yield* observe("recorded", RECORDED)
        assert.strictEqual(yield* Clock.currentTimeMillis, RECORDED)
        yield* second
        assert.strictEqual(yield* Clock.currentTimeMillis, RECORDED + 1_000)
      })
    ))

  it.effect("is not moved by what is within a quarter of a second of it", () =>
    life(() =>
      Effect.gen(function* () {
        yield* observe("recorded", RECORDED)
        yield* observe("recorded", RECORDED + 250)
        assert.strictEqual(yield* Clock.currentTimeMillis, RECORDED)
        yield* observe("recorded", RECORDED - 251)
        assert.strictEqual(yield* Clock.currentTimeMillis, RECORDED - 251)
      })
    ))

  it.effect("shows the wall's time again once live or simulated data arrives", () =>
    life(() =>
      Effect.gen(function* () {
        for (const source of ["live", "simulated"] as const) {
          yield* observe("recorded", RECORDED)
          yield* observe(source, WALL + 5)
          assert.strictEqual(yield* Clock.currentTimeMillis, WALL)
        }
      })
    ))
})
