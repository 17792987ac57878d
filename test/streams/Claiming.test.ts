/** Claims one after another: each row once, the most urgent first, and nothing left behind. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { makeClaim } from "../../src/streams/Claiming.ts"
import { queueItem, t0 } from "../suites/StoreWorld.ts"
import { fresh, world } from "../support/actors.ts"

layer(world, { timeout: "60 seconds" })("Rows claimed one batch after another", (it) => {
  it.effect("are each given once, a more urgent one that comes meanwhile before the rest", () =>
    Effect.gen(function* () {
      yield* fresh
      const queue = yield* OpportunityQueue
      const owe = (names: ReadonlyArray<string>, priority: "high" | "low", atMs: number) =>
        queue.enqueue(names.map((chatId) => queueItem({ chatId, priority, scheduledAt: atMs })), t0)
      yield* owe(["1", "2", "3", "4", "5", "6"], "low", t0)
      const claim = makeClaim(queue, { owner: "w", limit: 2, leaseMs: 60_000 })
      const next = Effect.map(claim(t0 + 100), (items) => items.map(({ chatId }) => chatId).join(""))
      assert.strictEqual(yield* next, "12")
      yield* owe(["7"], "high", t0 + 50)
      assert.strictEqual(yield* next, "73")
      // Told late: it stands before the place that was reached, and is found when all is looked at again.
      yield* owe(["8"], "low", t0 - 10)
      assert.strictEqual(yield* next, "45")
      yield* TestClock.adjust("300 millis")
      assert.strictEqual(yield* next, "86")
      assert.strictEqual(yield* next, "")
    }))
})
