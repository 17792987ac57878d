/**
 * The Opportunities port: the newest revision of each.
 */
import { assert } from "@effect/vitest"
import { Effect, Option } from "effect"
import { Opportunities } from "../../src/layers/Opportunities.ts"
import { Store } from "../../src/layers/Store.ts"
import { empty, someOpportunity, type Suite, t0 } from "./StoreWorld.ts"

export const storeOpportunities: Suite = (it) => {
  it.effect("keeps the newest revision, in whatever order they come", () =>
    Effect.gen(function* () {
      yield* empty
      const opportunities = yield* Opportunities
      const [one, two, three] = [1, 2, 3].map((revision) => someOpportunity({ revision, netBps: `${revision}.5000` }))
      assert.isDefined(one)
      assert.isDefined(two)
      assert.isDefined(three)
      assert.isTrue(yield* opportunities.upsert(one, t0))
      assert.isTrue(yield* opportunities.upsert(three, t0 + 1))
      assert.isFalse(yield* opportunities.upsert(two, t0 + 2))
      assert.isFalse(yield* opportunities.upsert(three, t0 + 3))
      assert.deepStrictEqual(yield* opportunities.byId(one.id), Option.some(three))
      assert.isTrue(Option.isNone(yield* opportunities.byId("nope")))
    }))

  it.effect("lists the open ones best first, and apart those whose time ran out", () =>
    Effect.gen(function* () {
      yield* empty
      const opportunities = yield* Opportunities
      yield* Effect.forEach([
        someOpportunity({ id: "a", priority: "medium", netBps: "11.0000" }),
        someOpportunity({ id: "b", priority: "medium", netBps: "9.5000" }),
        someOpportunity({ id: "c", priority: "critical", netBps: "60.0000" }),
        someOpportunity({ id: "d", state: "closed" }),
        someOpportunity({ id: "e", expiresAt: t0 }),
      ], (opportunity) => opportunities.upsert(opportunity, t0))
      assert.deepStrictEqual((yield* opportunities.open(t0, 10)).map((it) => it.id), ["c", "a", "b"])
      assert.deepStrictEqual((yield* opportunities.open(t0, 1)).map((it) => it.id), ["c"])
      assert.deepStrictEqual((yield* opportunities.overdue(t0, 10)).map((it) => it.id), ["e"])
    }))

  it.effect("refuses a row that no schema admits instead of handing it on", () =>
    Effect.gen(function* () {
      yield* empty
      const opportunities = yield* Opportunities
      const { sql } = yield* Store
      yield* opportunities.upsert(someOpportunity({ id: "a" }), t0)
      yield* sql`update global_opportunities set payload = payload || '{"revision": "two"}'`
      const error = yield* Effect.flip(opportunities.byId("a"))
      assert.strictEqual(error.reason, "row_invalid")
      assert.isFalse(error.retryable)
    }))
}
