/**
 * The Store inside this process: Postgres compiled to WebAssembly, in memory or in a folder.
 *
 * In: a folder, or none for memory (volatile: the end of the process loses everything). Out: the Store and the SqlClient
 * it uses. Promises: a folder has one opener at a time (`folder_taken` tells the second who holds it) and survives
 * kill -9. One backend serves all sessions, so a long transaction makes everybody wait.
 */
import { PGlite } from "@electric-sql/pglite"
import * as PgClient from "@effect/sql-pg/PgClient"
import * as PgConnection from "@effect/sql-pg/PgConnection"
import { Clock, Context, Deferred, Duration, Effect, Layer, Option, type Scope } from "effect"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as SqlClient from "effect/sql/SqlClient"
import { join } from "node:path"
import { makeStore, Store, StoreError, storeError } from "../Store.ts"
import { makeListener } from "../StoreListener.ts"
import { holdFolder } from "./FolderLock.ts"
import { protocolStream } from "./ProtocolStream.ts"

export interface PgliteOptions {
  /** The folder that holds the lock file and, in `pg`, the database. None: in memory. */
  readonly dataDir: Option.Option<string>
}

/** Fewer than two deadlock (a statement outside a transaction while one is open); more bring nothing: one backend. */
const sessions = 4

const openBackend = (
  dataDir: Option.Option<string>,
): Effect.Effect<PGlite, StoreError, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => Option.isSome(dataDir) ? PGlite.create(join(dataDir.value, "pg")) : PGlite.create(),
      catch: (cause) => new StoreError({ operation: "Pglite.open", reason: "rejected", detail: String(cause) }),
    }),
    (db) => Effect.promise(async () => db.closed || await db.close()).pipe(Effect.ignore),
  )

const make = Effect.fn("Pglite.make")(function* ({ dataDir }: PgliteOptions) {
  const lost = yield* Deferred.make<void>()
  if (Option.isSome(dataDir)) yield* holdFolder(dataDir.value, lost)
  const backend = yield* openBackend(dataDir)
  yield* Effect.forkScoped(Effect.andThen(Deferred.await(lost), Effect.promise(() => backend.close())))
  const connection: PgConnection.Config = {
    stream: protocolStream(backend),
    username: "postgres",
    database: "postgres",
  }
  const sql = yield* PgClient.make({
    ...connection,
    minConnections: sessions,
    maxConnections: sessions,
    idleTimeout: Duration.infinity,
  }).pipe(
    Effect.mapError(storeError("Pglite.connect")),
    Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
  )
  const listen = yield* makeListener(PgConnection.make(connection))
  return { sql, store: makeStore({ sql, listen, kind: "pglite", where: Option.getOrElse(dataDir, () => "memory") }) }
})

/** Fails with `folder_taken` (try again once the holder is gone) or `rejected` (the folder or its data are unusable). */
export const layer = (options: PgliteOptions): Layer.Layer<Store | SqlClient.SqlClient, StoreError> =>
  Layer.effectContext(
    Effect.map(
      make(options),
      ({ sql, store }) => Context.make(Store, store).pipe(Context.add(SqlClient.SqlClient, sql)),
    ),
  ).pipe(Layer.provide(Reactivity.layer))
