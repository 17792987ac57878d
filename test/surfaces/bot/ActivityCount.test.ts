/** What people do in their sessions is counted beside it, a few seconds later, and at the end of the process. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestClock } from "effect/testing"
import { SessionAnalytics } from "../../../src/layers/SessionAnalytics.ts"
import { ann, bob } from "../../simulators/telegram/support.ts"
import { day, t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { conversation, polled, surroundings } from "./running.ts"

const counted = SessionAnalytics.use((analytics) =>
  Effect.map(
    analytics.figures({ sinceMs: t0 - day, untilMs: t0 + day, nowMs: t0 + day }),
    ({ activities }) => activities,
  )
)

layer(world, { timeout: "60 seconds" })("Activities in sessions", (it) => {
  it.effect("are counted by kind, and none is lost when the process ends in order", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* Effect.gen(function* () {
        const talk = yield* conversation
        yield* talk.say(ann, "/start")
        yield* talk.say(bob, "/start")
        yield* talk.say(ann, "/session")
        yield* talk.say(ann, "/session")
        yield* talk.say(bob, "/session")
        assert.deepStrictEqual(yield* counted, [])
        yield* until(Effect.andThen(TestClock.adjust("10 seconds"), Effect.map(counted, (all) => all.length > 0)))
        assert.deepStrictEqual(yield* counted, [{ activity: "command:session", times: 3, people: 2 }])
        yield* talk.say(bob, "nothing in particular")
      }).pipe(Effect.provide(Layer.provideMerge(polled, surroundings())))
      assert.deepStrictEqual(yield* counted, [
        { activity: "command:session", times: 3, people: 2 },
        { activity: "message", times: 1, people: 1 },
      ])
    }))
})
