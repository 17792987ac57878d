/** What people are shown on demand, over the embedded store: one step with the pushes of the same user. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { DEFAULT_PREFERENCES } from "../../src/domain/Preferences.ts"
import { OpportunityQueue } from "../../src/layers/OpportunityQueue.ts"
import { OpportunityViews } from "../../src/layers/OpportunityViews.ts"
import { show, tierWithMore, type Viewer } from "../../src/programs/OnDemand.ts"
import { minute, queueItem, someUser, t0 } from "../suites/StoreWorld.ts"
import { fresh, world } from "../support/actors.ts"

const viewerOf = (userId: string, isGroup = false): Viewer => ({
  userId,
  isGroup,
  tier: "free",
  role: "user",
  preferences: DEFAULT_PREFERENCES,
})

const some = (n: number) => ({ opportunityId: `opp-${n}`, fingerprint: `route-${n}` })

layer(world, { timeout: "60 seconds" })("What is shown on demand", (it) => {
  it.effect("is never more than the tier's limit, however many ask at once", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("100")
      const shown = yield* Effect.forEach(
        Array.from({ length: 12 }, (_, n) => some(n)),
        (one) => show(viewerOf(userId), [one], t0),
        { concurrency: "unbounded" },
      )
      assert.strictEqual(shown.flatMap((each) => each.spent).length, 5)
      assert.strictEqual(shown.filter(({ kept, limit }) => kept === 1 && limit === "hour").length, 7)
      // Looking again costs nothing.
      const again = shown.flatMap((each) => each.shown)
      const looked = yield* show(viewerOf(userId), again, t0 + minute)
      assert.deepStrictEqual([looked.shown.length, looked.spent.length], [5, 0])
    }))

  it.effect("shares the limit with what is pushed, and what was pushed is free to look at", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("100")
      const queue = yield* OpportunityQueue
      yield* queue.enqueue([1, 2, 3].map((n) => queueItem({ userId, opportunityId: `opp-${n}` })), t0)
      const seen = yield* show(viewerOf(userId), [1, 2, 3, 4, 5, 6].map(some), t0)
      assert.deepStrictEqual([seen.shown.length, seen.spent.length, seen.kept], [5, 2, 1])
      const views = yield* OpportunityViews.use((views) => views.since([userId], t0))
      assert.strictEqual(views.get(userId)?.length, 2)
    }))

  it.effect("is twice as much in a group, and a higher tier is named where one has more", () =>
    Effect.gen(function* () {
      yield* fresh
      const { userId } = yield* someUser("100")
      const seen = yield* show(viewerOf(userId, true), Array.from({ length: 12 }, (_, n) => some(n)), t0)
      assert.strictEqual(seen.spent.length, 10)
      assert.strictEqual(tierWithMore(viewerOf(userId), "hour"), "basic")
      assert.isNull(tierWithMore({ tier: "free", role: "admin" }, "day"))
    }))
})
