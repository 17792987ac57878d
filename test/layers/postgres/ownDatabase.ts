/**
 * A database that exists for one test scope.
 *
 * In: the Postgres of this run (a user with CREATEDB). Out: the URL of a new, empty database with a random name.
 * Promises: it is dropped when the scope closes, whoever is still connected.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import { Clock, Effect, Redacted } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import { randomBytes } from "node:crypto"
import { postgres } from "../../support/available.ts"

export const ownDatabase = Effect.gen(function* () {
  const name = `arbedge_test_${randomBytes(6).toString("hex")}`
  const admin = yield* PgClient.make({ url: Redacted.make(postgres.url), maxConnections: 1 })
  yield* Effect.acquireRelease(
    admin.unsafe(`create database ${name}`).unprepared,
    () => Effect.orDie(admin.unsafe(`drop database if exists ${name} with (force)`).unprepared),
  )
  const url = new URL(postgres.url)
  url.pathname = `/${name}`
  return Redacted.make(url.href)
}).pipe(
  Effect.provide(Reactivity.layer),
  Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
  Effect.orDie,
)

/** Names of the server's databases that begin so. */
export const databasesOf = (prefix: string) =>
  Effect.gen(function* () {
    const admin = yield* PgClient.make({ url: Redacted.make(postgres.url), maxConnections: 1 })
    const rows = yield* admin<{ readonly name: string }>`select datname as name from pg_database`
    return rows.map(({ name }) => name).filter((name) => name.startsWith(prefix))
  }).pipe(Effect.scoped, Effect.provide(Reactivity.layer), Effect.orDie)
