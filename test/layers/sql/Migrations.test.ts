/**
 * Migrations: what is applied is reported, and a history that fails midway leaves nothing of itself.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { Store } from "../../../src/layers/Store.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"

const inMemory = <A, E>(self: Effect.Effect<A, E, Store>) =>
  Effect.provide(self, Pglite.layer({ dataDir: Option.none() }), { local: true })

const tables = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql<{ readonly tablename: string }>`select tablename from pg_tables
    where schemaname = 'public' order by tablename`
  return rows.map((row) => row.tablename)
})

describe("migrations", () => {
  it.live("report what they applied, once, also when several run at once", () =>
    Effect.gen(function* () {
      const runs = yield* Effect.all([Migrations.migrate, Migrations.migrate, Migrations.migrate], {
        concurrency: "unbounded",
      })
      const names = ["1_users", "2_opportunities", "3_distribution", "4_pipeline"]
      assert.deepStrictEqual(runs.flat().slice(0, 4), names)
      assert.strictEqual(new Set(runs.flat()).size, runs.flat().length)
      assert.includeMembers([...(yield* tables)], [
        "audit_log",
        "distribution_analytics",
        "global_opportunities",
        "leases",
        "opportunity_distribution_queue",
        "opportunity_validation_log",
        "outbox",
        "pipeline_checkpoints",
        "rate_limits",
        "system_configuration",
        "telegram_updates",
        "user_notification_preferences",
        "user_sessions",
        "users",
      ])
    }).pipe(inMemory))

  it.live("leave nothing when one of them fails, and say which", () =>
    Effect.gen(function* () {
      const { sql } = yield* Store
      yield* sql`create table leases (somebody text)`
      const error = yield* Effect.flip(Migrations.migrate)
      assert.strictEqual(error.reason, "rejected")
      assert.include(error.detail, "4_pipeline")
      assert.deepStrictEqual((yield* tables).filter((name) => name !== "schema_migrations"), ["leases"])
    }).pipe(inMemory))
})
