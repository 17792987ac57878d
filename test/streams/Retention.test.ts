/** Retention: what nothing reads any more is gone, what is still judged by stays. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import { OpportunityViews } from "../../src/layers/OpportunityViews.ts"
import { TelegramUpdates } from "../../src/layers/TelegramUpdates.ts"
import { forgetOld } from "../../src/streams/Retention.ts"
import { day, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, world } from "../support/actors.ts"

layer(world, { timeout: "60 seconds" })("Retention", (it) => {
  it.effect("forgets handled updates and views of two days ago, and nothing younger or unhandled", () =>
    Effect.gen(function* () {
      yield* fresh
      const updates = yield* TelegramUpdates, views = yield* OpportunityViews
      const { userId } = yield* someUser("1")
      for (const [updateId, handledAt] of [[1, t0], [2, t0 + 2 * day], [3, null]] as const) {
        yield* updates.insertIfNew({ updateId, payload: { update_id: updateId }, receivedAt: t0 })
        if (handledAt !== null) yield* updates.markHandled(updateId, handledAt)
      }
      yield* views.record(userId, [{ opportunityId: "old", fingerprint: "old" }], t0)
      yield* views.record(userId, [{ opportunityId: "new", fingerprint: "new" }], t0 + 2 * day)
      yield* TestClock.setTime(t0 + 3 * day)
      assert.strictEqual(yield* forgetOld, 2)
      assert.strictEqual(yield* forgetOld, 0)
      assert.isFalse(yield* updates.insertIfNew({ updateId: 2, payload: {}, receivedAt: t0 }))
      assert.isTrue(yield* updates.insertIfNew({ updateId: 1, payload: {}, receivedAt: t0 }))
      assert.deepStrictEqual((yield* updates.unhandled(10)).map(({ updateId }) => updateId), [1, 3])
    }))
})
