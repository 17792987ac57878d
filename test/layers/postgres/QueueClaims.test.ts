/**
 * What a claim costs the table: on Postgres it leaves every index alone, which is most of why claims are quick.
 */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { OpportunityQueue } from "../../../src/layers/OpportunityQueue.ts"
import * as Postgres from "../../../src/layers/postgres/Postgres.ts"
import { Store } from "../../../src/layers/Store.ts"
import { queueItem, someUser, t0, worldOf } from "../../suites/StoreWorld.ts"
import { describeWith, postgres } from "../../support/available.ts"
import { ownDatabase } from "./ownDatabase.ts"

const ownWorld = Layer.unwrap(
  Effect.map(ownDatabase, (url) => worldOf(Postgres.layer({ url, maxConnections: 4 }))),
)

/** Of several pages. */
const ROWS = 100

describeWith(postgres, "claims on Postgres", () => {
  layer(ownWorld, { excludeTestServices: true, timeout: "120 seconds" })((it) => {
    it.effect("stay within their pages, nine of ten at least, and leave `updated_at` to those who change what a row says", () =>
      Effect.gen(function* () {
        const queue = yield* OpportunityQueue, { sql, transaction } = yield* Store
        const { userId } = yield* someUser("100")
        yield* queue.enqueue(
          Array.from({ length: ROWS }, (_, n) => queueItem({ opportunityId: `opp-${n}`, chatId: "100", userId })),
          t0,
        )
        const [written] = yield* transaction(Effect.gen(function* () {
          yield* queue.claim({ owner: "w", limit: ROWS, nowMs: t0 + 1_000, leaseMs: 10_000 })
          return yield* sql<{ readonly updated: number; readonly within: number }>`
            select n_tup_upd::integer as updated, n_tup_hot_upd::integer as within from pg_stat_xact_user_tables
            where relname = 'opportunity_distribution_queue'`
        }))
        assert.strictEqual(written?.updated, ROWS)
        // A claimed row is a few bytes longer: the last of a page may not fit any more.
        assert.isAtLeast(written?.within ?? 0, 0.9 * ROWS)
        const [row] = yield* sql<
          { readonly at: number }
        >`select (extract(epoch from max(updated_at)) * 1000)::float8 as at
          from opportunity_distribution_queue`
        assert.strictEqual(row?.at, t0)
      }))
  })
})
