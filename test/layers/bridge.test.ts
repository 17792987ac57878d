/**
 * The bridge from foreign callbacks and promises into Effect.
 * In: callbacks and promises. Out: verdicts.
 */
import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Exit, Fiber, Queue, Scope } from "effect"
import { fromPromise, inlet, watchFailure } from "../../src/layers/bridge.ts"

describe("the bridge", () => {
  it.effect("hands values over in order, and refuses what does not fit", () =>
    Effect.gen(function* () {
      const { offer, queue } = yield* inlet<number>(2)
      assert.deepStrictEqual([offer(1), offer(2), offer(3)], [true, true, false])
      assert.deepStrictEqual(yield* Queue.takeAll(queue), [1, 2])
      assert.isTrue(offer(4))
      assert.strictEqual(yield* Queue.take(queue), 4)
    }))

  it.effect("ends a reader with the error after what was taken before", () =>
    Effect.gen(function* () {
      const { offer, fail, queue } = yield* inlet<number, string>(4)
      offer(1)
      fail(Cause.fail("over"))
      assert.isFalse(offer(2))
      assert.strictEqual(yield* Queue.take(queue), 1)
      assert.strictEqual(yield* Effect.flip(Queue.take(queue)), "over")
    }))

  it.effect("takes nothing any more once its scope is closed", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { offer } = yield* Scope.provide(inlet<number>(4), scope)
      yield* Scope.close(scope, Exit.void)
      assert.isFalse(offer(1))
    }))

  it.effect("turns rejections and throws into errors of ours", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* fromPromise(() => Promise.resolve(7), String), 7)
      assert.strictEqual(yield* Effect.flip(fromPromise(() => Promise.reject("no"), String)), "no")
      const thrown = yield* Effect.flip(fromPromise((): Promise<number> => {
        throw new Error("at once")
      }, String))
      assert.strictEqual(thrown, "Error: at once")
    }))

  it.live("ignores a promise that is rejected after its effect was interrupted", () =>
    Effect.gen(function* () {
      let refuse: (reason: unknown) => void = () => undefined
      const waiting = yield* Effect.forkChild(fromPromise(() => new Promise((_, reject) => refuse = reject), String), {
        startImmediately: true,
      })
      yield* Fiber.interrupt(waiting)
      refuse("too late")
      yield* Effect.yieldNow
    }))

  it.live("tells of failures only, whether a promise is rejected or its start throws", () =>
    Effect.gen(function* () {
      const failures: Array<unknown> = []
      const failed = (reason: unknown) => failures.push(reason)
      watchFailure(() => Promise.resolve(1), failed)
      watchFailure(() => Promise.reject("rejected"), failed)
      watchFailure(() => {
        throw "thrown"
      }, failed)
      yield* Effect.promise(() => Promise.resolve())
      assert.deepStrictEqual(failures, ["thrown", "rejected"])
    }))
})
