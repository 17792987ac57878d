/** Loops over rows that are woken when something is due, also where the time is set forward behind their back. */
import { assert, layer } from "@effect/vitest"
import { Clock, Deferred, Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { dueOrTold } from "../../src/streams/Wakeup.ts"
import { fresh, until, world } from "../support/actors.ts"

layer(world, { timeout: "60 seconds" })("A loop over rows", (it) => {
  it.effect("looks again at once where the time came while it asked when the next is due", () =>
    Effect.gen(function* () {
      yield* fresh
      const dueAt = (yield* Clock.currentTimeMillis) + 200
      const asked = yield* Deferred.make<void>(), answer = yield* Deferred.make<void>()
      let foundAt: number | null = null
      const round = Effect.map(Clock.currentTimeMillis, (nowMs) => {
        if (nowMs < dueAt || foundAt !== null) return false
        foundAt = nowMs
        return true
      })
      const nextDueAt = () =>
        Deferred.succeed(asked, undefined).pipe(
          Effect.andThen(Deferred.await(answer)),
          Effect.as(foundAt === null ? Option.some(dueAt) : Option.none()),
        )
      yield* Effect.forkChild(dueOrTold({ channel: "wakeup_test", name: "the test", round, nextDueAt }))
      yield* Deferred.await(asked)
      yield* TestClock.adjust("200 millis")
      yield* Deferred.succeed(answer, undefined)
      yield* until(Effect.sync(() => foundAt !== null))
      assert.strictEqual(foundAt, dueAt)
    }))
})
