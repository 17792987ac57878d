/** How actors are asked: with a deadline, one error for all that keeps them from answering, and restarts on defects. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import * as Rpc from "effect/rpc/Rpc"
import { TestClock } from "effect/testing"
import { makeAsking, restarting } from "../../src/actors/Asking.ts"
import { processOf, until } from "../support/actors.ts"

const Oracle = Entity.make("Oracle", [
  Rpc.make("Answer", { success: Schema.Int, error: Schema.String }),
  Rpc.make("Ponder"),
  Rpc.make("Fail"),
]).annotate(ClusterSchema.ShardGroup, () => "users")

/** An actor that answers, ponders for ever, or has a defect the first time. */
const oracle = () => {
  const seen = { activations: 0, pondering: 0, given: 0 }
  const live = Oracle.toLayer(
    Effect.sync(() => {
      seen.activations++
      return Oracle.of({
        Answer: () => Effect.succeed(42),
        Ponder: () =>
          Effect.andThen(Effect.sync(() => seen.pondering++), Effect.never).pipe(
            Effect.onInterrupt(() => Effect.sync(() => seen.given++)),
          ),
        Fail: () => seen.activations === 1 ? Effect.die(new Error("a defect")) : Effect.void,
      })
    }),
    { mailboxCapacity: 2, defectRetryPolicy: restarting },
  )
  return { seen, process: processOf(live) }
}

describe("Asking an actor", () => {
  it.effect("gives its answer and its own errors", () => {
    const { process } = oracle()
    return Effect.gen(function* () {
      const asking = yield* makeAsking("Oracle", "5 seconds")
      assert.strictEqual(yield* asking("a")((yield* Oracle.client)("a").Answer()), 42)
      assert.strictEqual(yield* Effect.flip(asking("a")(Effect.fail("its own"))), "its own")
    }).pipe(Effect.provide(process))
  })

  it.effect("ends at its deadline in real time, and takes the question back", () => {
    const { process, seen } = oracle()
    return Effect.gen(function* () {
      const asking = yield* makeAsking("Oracle", "40 millis")
      const error = yield* Effect.flip(asking("a")((yield* Oracle.client)("a").Ponder()))
      assert.deepStrictEqual([error._tag, error.reason, error.actor], ["ActorUnavailable", "timeout", "Oracle a"])
      yield* until(Effect.sync(() => seen.given === 1))
    }).pipe(Effect.provide(process))
  })

  it.effect("is refused as full when its mailbox is", () => {
    const { process, seen } = oracle()
    return Effect.gen(function* () {
      const asking = yield* makeAsking("Oracle", "300 millis")
      const actor = (yield* Oracle.client)("a")
      yield* Effect.forkScoped(asking("a")(actor.Ponder()))
      yield* Effect.forkScoped(asking("a")(actor.Ponder()))
      yield* until(Effect.sync(() => seen.pondering === 1))
      const error = yield* Effect.flip(asking("a")(actor.Answer()))
      assert.strictEqual(typeof error === "string" ? error : error.reason, "full")
    }).pipe(Effect.provide(process))
  })

  it.effect("is answered after a defect by the actor's next life", () => {
    const { process, seen } = oracle()
    return Effect.gen(function* () {
      const asking = yield* makeAsking("Oracle", "5 seconds")
      const asked = yield* Effect.forkChild(asking("a")((yield* Oracle.client)("a").Fail()))
      yield* until(Effect.andThen(TestClock.adjust("50 millis"), Effect.sync(() => seen.activations === 2)))
      yield* Fiber.join(asked)
    }).pipe(Effect.provide(process))
  })

  it.effect("ends with its caller", () => {
    const { process, seen } = oracle()
    return Effect.gen(function* () {
      const asking = yield* makeAsking("Oracle", "5 seconds")
      const asked = yield* Effect.forkChild(asking("a")((yield* Oracle.client)("a").Ponder()))
      yield* until(Effect.sync(() => seen.pondering === 1))
      yield* Fiber.interrupt(asked)
      yield* until(Effect.sync(() => seen.given === 1))
    }).pipe(Effect.provide(process))
  })
})
