/** Gathering: what is asked while work runs is worked off together, each asker hears of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Latch, Result } from "effect"
import * as Gathering from "../../src/layers/Gathering.ts"
import { until } from "../support/actors.ts"

/** Work that waits for the gate each time, and doubles. */
const doubling = Effect.fnUntraced(function* (most: number) {
  const gate = yield* Latch.make(false)
  const seen: Array<ReadonlyArray<number>> = []
  const ask = yield* Gathering.make({
    most,
    isOnesFault: (error) => error === "unlucky",
    work: (items: ReadonlyArray<number>) =>
      Effect.gen(function* () {
        seen.push(items)
        yield* gate.await
        if (items.includes(7)) return yield* Effect.fail("away" as const)
        if (items.includes(13)) return yield* Effect.fail("unlucky" as const)
        return items.map((item) => item * 2)
      }),
  })
  return { ask, gate, seen }
})

describe("Gathered work", () => {
  it.effect("begins with the first at once, and takes all that came meanwhile together", () =>
    Effect.gen(function* () {
      const { ask, gate, seen } = yield* doubling(3)
      const first = yield* Effect.forkChild(ask(1))
      yield* until(Effect.sync(() => seen.length === 1))
      const later = yield* Effect.forkChild(Effect.forEach([2, 3, 4, 5], ask, { concurrency: "unbounded" }))
      yield* Effect.yieldNow
      assert.deepStrictEqual(seen, [[1]])
      yield* gate.open
      assert.deepStrictEqual([yield* Fiber.join(first), yield* Fiber.join(later)], [2, [4, 6, 8, 10]])
      assert.deepStrictEqual(seen, [[1], [2, 3, 4], [5]])
    }))

  it.effect("tells all who were in it when it fails, and goes on with the next", () =>
    Effect.gen(function* () {
      const { ask, gate, seen } = yield* doubling(8)
      yield* gate.open
      const together = yield* Effect.forEach([1, 7], (item) => Effect.flip(ask(item)), { concurrency: "unbounded" })
      assert.deepStrictEqual(together, ["away", "away"])
      assert.strictEqual(yield* ask(4), 8)
      assert.deepStrictEqual(seen, [[1, 7], [4]])
    }))

  it.effect("is done one by one where a single item may have made it fail", () =>
    Effect.gen(function* () {
      const { ask, gate, seen } = yield* doubling(8)
      yield* gate.open
      const together = yield* Effect.forEach([1, 13, 2], (item) => Effect.result(ask(item)), {
        concurrency: "unbounded",
      })
      assert.deepStrictEqual(together.map(Result.isSuccess), [true, false, true])
      assert.deepStrictEqual(seen, [[1, 13, 2], [1], [13], [2]])
    }))

  it.effect("is done also for an asker that has given up", () =>
    Effect.gen(function* () {
      const { ask, gate, seen } = yield* doubling(8)
      const asking = yield* Effect.forkChild(ask(1))
      yield* until(Effect.sync(() => seen.length === 1))
      yield* Fiber.interrupt(asking)
      yield* gate.open
      assert.strictEqual(yield* ask(2), 4)
      assert.deepStrictEqual(seen, [[1], [2]])
    }))
})
