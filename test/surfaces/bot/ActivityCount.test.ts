/** What people do in their sessions is counted and told beside it, a few seconds later, and at the end of the process. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import { ActionTaken } from "../../../src/domain/Fact.ts"
import { NOBODY } from "../../../src/domain/Person.ts"
import { SessionAnalytics } from "../../../src/layers/SessionAnalytics.ts"
import { Store } from "../../../src/layers/Store.ts"
import { ann, bob } from "../../simulators/telegram/support.ts"
import { day, t0 } from "../../suites/StoreWorld.ts"
import { fresh, until, world } from "../../support/actors.ts"
import { type Conversation, conversation, polled, surroundings } from "./running.ts"

const counted = SessionAnalytics.use((analytics) =>
  Effect.map(
    analytics.figures({ sinceMs: t0 - day, untilMs: t0 + day, nowMs: t0 + day }),
    ({ activities }) => activities,
  )
)

/** Facts of actions, oldest first: whose, what, and why not. */
const told = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql<{ readonly payload: unknown }>`select payload from outbox
    where subject = 'evt.v1.action.taken' order by id`
  return rows.map(({ payload }) => Schema.decodeUnknownSync(ActionTaken)(payload))
})

/** In a world of its own; the bot has ended in order afterwards. */
const whileTheBotRuns = <E, R>(body: (talk: Conversation) => Effect.Effect<void, E, R>) =>
  Effect.andThen(
    fresh,
    Effect.flatMap(conversation, body).pipe(Effect.provide(Layer.provideMerge(polled, surroundings()))),
  )

layer(world, { timeout: "60 seconds" })("Activities in sessions", (it) => {
  it.effect("are counted by kind, and none is lost when the process ends in order", () =>
    Effect.gen(function* () {
      yield* whileTheBotRuns((talk) =>
        Effect.gen(function* () {
          yield* talk.say(ann, "/start")
          yield* talk.say(bob, "/start")
          yield* talk.say(ann, "/session")
          yield* talk.say(ann, "/session")
          yield* talk.say(bob, "/session")
          assert.deepStrictEqual(yield* counted, [])
          yield* until(Effect.andThen(TestClock.adjust("10 seconds"), Effect.map(counted, (all) => all.length > 0)))
          assert.deepStrictEqual(yield* counted, [{ activity: "command:session", times: 3, people: 2 }])
          yield* talk.say(bob, "nothing in particular")
        })
      )
      assert.deepStrictEqual(yield* counted, [
        { activity: "command:session", times: 3, people: 2 },
        { activity: "message", times: 1, people: 1 },
      ])
    }))

  it.effect("are told one by one with what became of them, and say who it was to nobody without the key", () =>
    Effect.gen(function* () {
      yield* whileTheBotRuns((talk) =>
        Effect.gen(function* () {
          yield* talk.say(ann, "/start")
          yield* talk.say(bob, "/start")
          yield* talk.say(ann, "/session")
          yield* talk.say(ann, "/users")
          yield* talk.say(bob, "/nonsense")
          assert.deepStrictEqual(yield* told, [])
        })
      )
      const facts = yield* told
      assert.deepStrictEqual(facts.map(({ action, error, success }) => ({ action, error, success })), [
        { action: "command:session", error: null, success: true },
        { action: "command:users", error: "role", success: false },
        { action: "command:unknown", error: null, success: true },
      ])
      const [first, second, third] = facts.map(({ person }) => person.alias)
      assert.match(first ?? "", /^[\w-]{22}$/)
      assert.strictEqual(second, first)
      assert.notStrictEqual(third, first)
      assert.notInclude(JSON.stringify(facts), `"${ann}"`)
    }))

  it.effect("of somebody who was erased before they were told name nobody", () =>
    Effect.gen(function* () {
      yield* whileTheBotRuns((talk) =>
        Effect.gen(function* () {
          yield* talk.say(ann, "/start")
          yield* talk.say(ann, "/session")
          yield* talk.say(ann, "/forget")
          yield* talk.tap(ann, "🗑 Yes, erase everything")
          yield* talk.settled
        })
      )
      const facts = yield* told
      assert.includeMembers(facts.map(({ action }) => action), ["command:session", "command:forget"])
      for (const { person } of facts) assert.deepStrictEqual(person, NOBODY)
    }))
})
