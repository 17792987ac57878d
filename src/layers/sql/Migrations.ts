/**
 * The schema's history, and what brings a store up to it.
 *
 * In: a Store of any age. Out: one at the newest schema, and what was applied. Promises: all pending migrations commit
 * together or none does; concurrent runs wait for each other. A migration that has been released is never changed: a new
 * one follows it.
 */
import { Effect, Layer } from "effect"
import * as Migrator from "effect/sql/Migrator"
import * as SqlClient from "effect/sql/SqlClient"
import { Store, StoreError, storeError } from "../Store.ts"
import { users } from "./migrations/0001_users.ts"
import { opportunities } from "./migrations/0002_opportunities.ts"
import { distribution } from "./migrations/0003_distribution.ts"
import { pipeline } from "./migrations/0004_pipeline.ts"
import { restBudgets } from "./migrations/0005_rest_budgets.ts"
import { creditQuotas } from "./migrations/0006_credit_quotas.ts"
import { referenceData } from "./migrations/0007_reference_data.ts"
import { signals } from "./migrations/0008_signals.ts"
import { trackRecord } from "./migrations/0009_track_record.ts"
import { sessionExpiry } from "./migrations/0010_session_expiry.ts"
import { onboarding } from "./migrations/0011_onboarding.ts"
import { preferences } from "./migrations/0013_preferences.ts"
import { priceAlerts } from "./migrations/0014_price_alerts.ts"
import { audit } from "./migrations/0015_audit.ts"
import { directory } from "./migrations/0016_directory.ts"
import { standings } from "./migrations/0017_standings.ts"
import { userApiKeys } from "./migrations/0018_user_api_keys.ts"
import { sessionActivity } from "./migrations/0019_session_activity.ts"
import { queueFigures } from "./migrations/0020_queue_figures.ts"
import { sharing } from "./migrations/0021_sharing.ts"
import { userChannels } from "./migrations/0022_user_channels.ts"
import { groups } from "./migrations/0023_groups.ts"
import { queueChannels } from "./migrations/0024_queue_channels.ts"
import { receipts } from "./migrations/0025_receipts.ts"
import { messages } from "./migrations/0026_messages.ts"
import { privacy } from "./migrations/0027_privacy.ts"
import { userVersions } from "./migrations/0029_user_versions.ts"
import { partitions } from "./migrations/0031_partitions.ts"
import { adminAlerts } from "./migrations/0033_admin_alerts.ts"
import { analysisResults } from "./migrations/0034_analysis_results.ts"
import { queueClaims } from "./migrations/0035_queue_claims.ts"

const operation = "Migrations.migrate"

const script = (statements: ReadonlyArray<string>) =>
  Effect.flatMap(
    SqlClient.SqlClient,
    (sql) => Effect.forEach(statements, (statement) => sql.unsafe(statement).unprepared, { discard: true }),
  )

const TABLE = "schema_migrations"

/** Keys are "<id>_<name>"; the table keeps both. */
const MIGRATIONS = {
  "0001_users": script(users),
  "0002_opportunities": script(opportunities),
  "0003_distribution": script(distribution),
  "0004_pipeline": script(pipeline),
  "0005_rest_budgets": script(restBudgets),
  "0006_credit_quotas": script(creditQuotas),
  "0007_reference_data": script(referenceData),
  "0008_signals": script(signals),
  "0009_track_record": script(trackRecord),
  "0010_session_expiry": script(sessionExpiry),
  "0011_onboarding": script(onboarding),
  "0013_preferences": script(preferences),
  "0014_price_alerts": script(priceAlerts),
  "0015_audit": script(audit),
  "0016_directory": script(directory),
  "0017_standings": script(standings),
  "0018_user_api_keys": script(userApiKeys),
  "0019_session_activity": script(sessionActivity),
  "0020_queue_figures": script(queueFigures),
  "0021_sharing": script(sharing),
  "0022_user_channels": script(userChannels),
  "0023_groups": script(groups),
  "0024_queue_channels": script(queueChannels),
  "0025_receipts": script(receipts),
  "0026_messages": script(messages),
  "0027_privacy": script(privacy),
  "0029_user_versions": script(userVersions),
  "0031_partitions": script(partitions),
  "0033_admin_alerts": script(adminAlerts),
  "0034_analysis_results": script(analysisResults),
  "0035_queue_claims": script(queueClaims),
}

const run = Migrator.make({})({ table: TABLE, loader: Migrator.fromRecord(MIGRATIONS) })

const migrationFailed = (error: Migrator.MigrationError): StoreError => {
  const failed = `${error.kind}: ${error.message}`
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ""
  return new StoreError({ operation, reason: "rejected", detail: failed + cause })
}

/** Applies what is pending. Out: the names applied, such as "1_users"; empty when the schema was up to date. */
export const migrate: Effect.Effect<ReadonlyArray<string>, StoreError, Store> = Effect.gen(function* () {
  const { sql } = yield* Store
  const applied = yield* Effect.provideService(run, SqlClient.SqlClient, sql)
  return applied.map(([id, name]) => `${id}_${name}`)
}).pipe(
  Effect.catchTag("SqlError", (error) => Effect.fail(storeError(operation)(error))),
  Effect.catchTag("MigrationError", (error) => Effect.fail(migrationFailed(error))),
  Effect.withSpan(operation),
)

/** Migrates when built: for embedded mode and tests. Servers are migrated by `arbedge migrate`. */
export const layer: Layer.Layer<never, StoreError, Store> = Layer.effectDiscard(migrate)

/** What `migrate` would apply, such as "0001_users"; empty when the schema is up to date. */
export const pending: Effect.Effect<ReadonlyArray<string>, StoreError, Store> = Effect.gen(function* () {
  const { sql } = yield* Store
  const tables = yield* sql`select 1 from pg_tables where schemaname = 'public' and tablename = ${TABLE}`
  const applied = tables.length === 0
    ? []
    : yield* sql<{ readonly id: number }>`select migration_id as id from ${sql(TABLE)}`
  const done = new Set(applied.map(({ id }) => Number(id)))
  return Object.keys(MIGRATIONS).filter((key) => !done.has(Number.parseInt(key, 10)))
}).pipe(Effect.catchTag("SqlError", (error) => Effect.fail(storeError("Migrations.pending")(error))))

/** Fails when built on a database whose schema is not up to date: a service never migrates a server by itself. */
export const checked: Layer.Layer<never, StoreError, Store> = Layer.effectDiscard(Effect.gen(function* () {
  const waiting = yield* pending
  if (waiting.length === 0) return
  const detail = `the database lacks ${waiting.join(", ")}: run \`arbedge migrate\``
  return yield* new StoreError({ operation, reason: "rejected", detail })
}))
