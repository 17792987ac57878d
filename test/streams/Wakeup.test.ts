/** Loops over rows: woken by a notice, by what falls due, by the slow poll; and a failing store is waited for. */
import { assert, layer } from "@effect/vitest"
import { Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import { Store, StoreError } from "../../src/layers/Store.ts"
import { dueOrTold } from "../../src/streams/Wakeup.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"

/** A loop whose rounds are counted; `found` says what each round finds. */
const looping = Effect.fnUntraced(function* (
  channel: string,
  found: (round: number) => Effect.Effect<boolean, StoreError>,
  nextDueAt: Option.Option<number> = Option.none(),
) {
  const counted = { rounds: 0 }
  yield* Effect.forkScoped(dueOrTold({
    channel,
    name: "test",
    round: Effect.suspend(() => found(++counted.rounds)),
    nextDueAt: () => Effect.succeed(nextDueAt),
  }))
  return counted
})

const reached = (counted: { readonly rounds: number }, rounds: number) =>
  until(Effect.sync(() => counted.rounds >= rounds))

/** Lets real work (the store's) come to rest, with the clock standing still. */
const rest = Effect.promise(() => new Promise<void>((done) => setTimeout(done, 60)))

layer(world, { timeout: "60 seconds" })("A loop over rows", (it) => {
  it.effect("goes round at once while it finds work, then rests", () =>
    Effect.gen(function* () {
      yield* fresh
      const counted = yield* looping("wake_a", (round) => Effect.succeed(round < 5))
      yield* reached(counted, 5)
      yield* rest
      // The first notice of every subscription is a wake-up of its own.
      assert.isAtMost(counted.rounds, 6)
    }))

  it.effect("is woken by a notice without any time passing", () =>
    Effect.gen(function* () {
      yield* fresh
      const counted = yield* looping("wake_b", () => Effect.succeed(false))
      yield* reached(counted, 1)
      yield* rest
      const before = counted.rounds
      yield* Store.use((store) => store.notify("wake_b", ""))
      yield* reached(counted, before + 1)
    }))

  it.effect("looks again when something falls due, and after a second at the latest", () =>
    Effect.gen(function* () {
      yield* fresh
      const due = yield* looping("wake_c", () => Effect.succeed(false), Option.some(t0 + 300))
      const polling = yield* looping("wake_d", () => Effect.succeed(false))
      yield* reached(due, 1)
      yield* reached(polling, 1)
      yield* rest
      const [dueBefore, pollBefore] = [due.rounds, polling.rounds]
      yield* TestClock.adjust("299 millis")
      yield* rest
      assert.deepStrictEqual([due.rounds, polling.rounds], [dueBefore, pollBefore])
      yield* TestClock.adjust("1 millis")
      yield* reached(due, dueBefore + 1)
      assert.strictEqual(polling.rounds, pollBefore)
      yield* TestClock.adjust("700 millis")
      yield* reached(polling, pollBefore + 1)
    }))

  it.effect("outlives a store that fails", () =>
    Effect.gen(function* () {
      yield* fresh
      const gone = new StoreError({ operation: "test", reason: "unreachable", detail: "gone" })
      const counted = yield* looping("wake_e", (round) => round < 3 ? Effect.fail(gone) : Effect.succeed(false))
      yield* until(Effect.andThen(TestClock.adjust("100 millis"), Effect.sync(() => counted.rounds >= 3)))
    }))
})
