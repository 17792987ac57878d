/**
 * `doctor` on the store: which one is it, and can it be used as it is?
 *
 * In: settings. Out: checks of the Postgres server (version, rights, tables, vectors), or of the embedded store's folder.
 * Promises: nothing is migrated, made or opened that somebody else may hold; no check holds a password.
 */
import { Effect, Option, type Redacted } from "effect"
import type { Settings } from "../../domain/Settings.ts"
import * as PgliteFolder from "../../layers/pglite/Inspect.ts"
import * as PostgresServer from "../../layers/postgres/Inspect.ts"
import * as Postgres from "../../layers/postgres/Postgres.ts"
import * as Migrations from "../../layers/sql/Migrations.ts"
import { Store, type StoreError } from "../../layers/Store.ts"
import { dataFolder } from "../Backends.ts"
import { type Check, failing, missing, ok, optional } from "./Check.ts"

const FIX: Partial<Record<StoreError["reason"], string>> = {
  unreachable: "start Postgres, or correct ARBEDGE_POSTGRES_URL, or unset it to use the embedded store",
  timeout: "see why the server is so slow: locks, load, network",
  unauthorized: "correct user and password in ARBEDGE_POSTGRES_URL, and the user's rights",
  unsupported: "use Postgres 15 or newer",
}

const trouble = (error: StoreError): Check =>
  failing("postgres", error.message, FIX[error.reason] ?? "see the message, and correct ARBEDGE_POSTGRES_URL")

const tables = (pending: ReadonlyArray<string>): Check =>
  pending.length === 0
    ? ok("tables", "up to date")
    : missing("tables", `not yet applied: ${pending.join(", ")}`, "run `arbedge migrate`")

const createsDatabases = (may: boolean): Check =>
  may ? ok("createdb", "the user may create databases") : optional(
    "createdb",
    "the user may not create databases: `replay` and the tests need it",
    "alter role ... createdb",
  )

const vectors = (support: typeof PostgresServer.VectorSupport.Type): Check => {
  const name = "pgvector"
  switch (support) {
    case "installed":
      return ok(name, "installed")
    case "available":
      return optional(name, "available, not installed in this database", "create extension vector")
    case "absent":
      return optional(name, "not on this server", "install pgvector, or use the image of docker-compose.yml")
  }
}

const onServer = (url: Redacted.Redacted): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.gen(function* () {
    const { version, where } = yield* Effect.flatMap(Store, (store) => store.describe)
    const { createsDatabases: may, vector } = yield* PostgresServer.inspect
    const pending = yield* Migrations.pending
    return [ok("postgres", `Postgres ${version} at ${where}`), tables(pending), createsDatabases(may), vectors(vector)]
  }).pipe(
    Effect.provide(Postgres.layer({ url, maxConnections: 2 })),
    Effect.catch((error) => Effect.succeed([trouble(error)])),
  )

const inFolder = (folder: string): Effect.Effect<Check> =>
  PgliteFolder.inspect(folder).pipe(
    Effect.map(({ exists, holder, obstacle }) => {
      const name = "store", where = `embedded in ${folder}`
      if (Option.isSome(obstacle)) {
        return failing(
          name,
          `${where}: ${obstacle.value}`,
          "make it writable, or set ARBEDGE_DATA_DIR to another folder",
        )
      }
      if (Option.isSome(holder)) return ok(name, `${where}, held by ${holder.value}`)
      return ok(name, exists ? `${where}, free` : `${where}, made at the first start`)
    }),
    Effect.catch((error) => Effect.succeed(failing("store", error.message, "see the message"))),
  )

export const checkStore = (settings: Settings): Effect.Effect<ReadonlyArray<Check>> =>
  Option.match(settings.postgresUrl, {
    onSome: onServer,
    onNone: () =>
      Option.match(dataFolder(settings), {
        onNone: () => Effect.succeed([ok("store", "embedded in memory; the end of the process loses everything")]),
        onSome: (folder) => Effect.map(inFolder(folder), (check) => [check]),
      }),
  })
