/**
 * The Store on a Postgres server, version 15 or newer.
 *
 * In: a connection URL (kept redacted). Out: the Store and the SqlClient it uses (the cluster's runner storage wants
 * one). Promises: the server is reached and its version checked before the layer is ready, and each failure says in its
 * reason whether to try again; connections lost later are opened again by the next statement, which alone fails.
 */
import { Clock, Context, Duration, Effect, Layer, Redacted, Schema } from "effect"
import * as SqlClient from "effect/sql/SqlClient"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { makeStore, Store, StoreError, storeError } from "../Store.ts"
import { makeListener } from "../StoreListener.ts"

const oldestServer = 150_000

export interface PostgresOptions {
  /** postgres://user:password@host:port/database, with libpq's query parameters. */
  readonly url: Redacted.Redacted
  /** Connections at most; one more is opened for listening. 10 by default. */
  readonly maxConnections?: number
  /** How long one attempt to connect may take. 5 seconds by default. */
  readonly connectTimeout?: Duration.Duration
}

/** Where the server is, without the credentials the URL may hold. */
const whereOf = (url: Redacted.Redacted): string => {
  const parsed = URL.parse(Redacted.value(url))
  return parsed === null ? "an unreadable URL" : `${parsed.hostname}:${parsed.port || "5432"}${parsed.pathname}`
}

const VersionRow = Schema.Struct({ version: Schema.FiniteFromString, name: Schema.String })

const checkVersion = Effect.fnUntraced(function* (sql: PgClient.PgClient, where: string) {
  const rows = yield* sql`select current_setting('server_version_num') as version,
    current_setting('server_version') as name`.pipe(
    Effect.flatMap(Schema.decodeUnknownEffect(Schema.Tuple([VersionRow]))),
    Effect.mapError(storeError(`Postgres.connect ${where}`)),
  )
  const [{ version, name }] = rows
  if (version < oldestServer) {
    return yield* new StoreError({
      operation: `Postgres.connect ${where}`,
      reason: "unsupported",
      detail: `Postgres ${name} is too old: 15 or newer is needed`,
    })
  }
})

const make = Effect.fn("Postgres.make")(function* (options: PostgresOptions) {
  const where = whereOf(options.url)
  const connection: PgConnection.Config = {
    url: options.url,
    applicationName: "arbedge",
    connectTimeout: options.connectTimeout ?? Duration.seconds(5),
    keepAlive: Duration.seconds(30),
  }
  const sql = yield* PgClient.make({ ...connection, maxConnections: options.maxConnections ?? 10 }).pipe(
    Effect.mapError(storeError(`Postgres.connect ${where}`)),
    // Idle connections are closed by the wall's time, whatever clock the program runs on.
    Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
  )
  yield* checkVersion(sql, where)
  const listen = yield* makeListener(PgConnection.make(connection))
  return { sql, store: makeStore({ sql, listen, kind: "postgres", where }) }
})

/** Fails with `unreachable`, `unauthorized` or `unsupported`, naming host and database, never the password. */
export const layer = (options: PostgresOptions): Layer.Layer<Store | SqlClient.SqlClient, StoreError> =>
  Layer.effectContext(
    Effect.map(
      make(options),
      ({ sql, store }) => Context.make(Store, store).pipe(Context.add(SqlClient.SqlClient, sql)),
    ),
  ).pipe(Layer.provide(Reactivity.layer))
