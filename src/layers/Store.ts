/**
 * The Store port: the relational record of what users are owed, whatever serves it.
 *
 * Two implementations pass one conformance suite: `postgres/` (Postgres >= 15) and `pglite/` (in this process, in memory
 * or in a folder). Both speak through the same client, so every repository of `sql/` runs on either.
 * In: statements and channel names. Out: rows and notices. Promises: a failed transaction leaves nothing behind, nested
 * ones are savepoints, a notice sent inside a transaction is heard only if it commits, and no logic reads the server's
 * clock: times are parameters, so that the whole system runs under virtual time.
 */
import { Context, Effect, Predicate, type Queue, Schema, type Scope } from "effect"
import { SqlError } from "effect/sql/SqlError"
import type { PgClient } from "@effect/sql-pg/PgClient"

/**
 * Why a Store operation failed.
 * Worth retrying: `unreachable`, `timeout`, `conflict` (deadlock or serialization: nothing was written), `folder_taken`.
 * Not: `unauthorized`, `unsupported` (server too old), `constraint`, `row_invalid` (a row no schema admits), `rejected`
 * (everything else the server refused).
 */
export const StoreReason = Schema.Literals([
  "unreachable",
  "timeout",
  "conflict",
  "folder_taken",
  "unauthorized",
  "unsupported",
  "constraint",
  "row_invalid",
  "rejected",
])
export type StoreReason = typeof StoreReason.Type

const worthRetrying: Readonly<Record<StoreReason, boolean>> = {
  unreachable: true,
  timeout: true,
  conflict: true,
  folder_taken: true,
  unauthorized: false,
  unsupported: false,
  constraint: false,
  row_invalid: false,
  rejected: false,
}

/** What went wrong in the Store and during which operation. `detail` never holds a secret or a connection string. */
export class StoreError extends Schema.TaggedError<StoreError>()("StoreError", {
  operation: Schema.String,
  reason: StoreReason,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return worthRetrying[this.reason]
  }

  override get message(): string {
    return `${this.operation}: ${this.reason} (${this.detail})`
  }
}

/**
 * The writer's epoch is no longer the newest: somebody else took over `key` and this writer must stop. Never retried
 * with the same epoch.
 */
export class Fenced extends Schema.TaggedError<Fenced>()("Fenced", {
  operation: Schema.String,
  key: Schema.String,
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${this.operation}: fenced, ${this.key} has a newer owner`
  }
}

/**
 * What a listener hears. `Resumed` means that notices may have been missed (the connection was lost and is back, or the
 * listener was too slow): look at the table again. It is also the first notice of every subscription.
 */
export type Notice =
  | { readonly _tag: "Notified"; readonly channel: string; readonly payload: string }
  | { readonly _tag: "Resumed"; readonly channel: string }

/** Which store this is, for people. `where` has no credentials. */
export interface StoreDescription {
  readonly kind: "postgres" | "pglite"
  /** The server's version, such as "15.8". */
  readonly version: string
  /** "host:port/database", a folder, or "memory". */
  readonly where: string
}

export class Store extends Context.Service<Store, {
  /** The client. Statements join the transaction of the fiber that runs them. */
  readonly sql: PgClient
  /** All or nothing; inside another transaction, a savepoint. The error of `self` is kept. */
  readonly transaction: <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>
  /**
   * Hears a channel until the scope closes. All listeners of a store share one connection, which is opened again when
   * it is lost. The queue holds 1,024 notices; when full it is emptied and holds one `Resumed` instead.
   */
  readonly listen: (channel: string) => Effect.Effect<Queue.Dequeue<Notice>, StoreError, Scope.Scope>
  /** Tells every listener of the channel; inside a transaction, once it commits. Payload: 7,999 bytes at most. */
  readonly notify: (channel: string, payload: string) => Effect.Effect<void, StoreError>
  /** Asks the server who it is: also the cheapest proof that it answers. */
  readonly describe: Effect.Effect<StoreDescription, StoreError>
}>()("arbedge/Store") {}

/** Channels that repositories notify on, in one place so that no two mean different things by one name. */
export const Channel = {
  /** A session or preferences changed; payload = telegram id. */
  audience: "audience",
  /** Rows were enqueued; no payload: it is a wake-up. */
  queue: "queue",
  /** Facts were appended; no payload. */
  outbox: "outbox",
  /** Updates were recorded by a process that does not react to them; no payload. */
  updates: "updates",
  /** Somebody's role changed; payload = telegram id. */
  staff: "staff",
  /** A price alert changed; payload = its id. */
  alerts: "alerts",
  /** A price alert fired, or its notice waits anew; no payload. */
  alertNotices: "alert_notices",
} as const

/** Server states that pass by themselves: shutting down or starting up (57P0x) and out of connections or memory (53). */
const passing = (cause: unknown): boolean =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" && /^(57P0|53)/.test(cause.code)

const reasonOf = (error: SqlError): StoreReason => {
  if (passing(error.reason.cause)) return "unreachable"
  switch (error.reason._tag) {
    case "ConnectionError":
      return "unreachable"
    case "LockTimeoutError":
    case "StatementTimeoutError":
      return "timeout"
    case "DeadlockError":
    case "SerializationError":
      return "conflict"
    case "AuthenticationError":
    case "AuthorizationError":
      return "unauthorized"
    case "UniqueViolation":
    case "ConstraintError":
      return "constraint"
    case "SqlSyntaxError":
    case "UnknownError":
      return "rejected"
  }
}

const detailOf = (error: SqlError): string =>
  error.reason.cause instanceof Error ? error.reason.cause.message : error.message

/** Turns what the client or a row's schema says into the Store's own error. */
export const storeError = (operation: string) => (error: SqlError | Schema.SchemaError): StoreError =>
  error instanceof SqlError
    ? new StoreError({ operation, reason: reasonOf(error), detail: detailOf(error) })
    : new StoreError({ operation, reason: "row_invalid", detail: error.message })

/** Builds the service from a client and its listener: the part both implementations share. */
export const makeStore = (options: {
  readonly sql: PgClient
  readonly listen: Store["Service"]["listen"]
  readonly kind: StoreDescription["kind"]
  readonly where: string
}): Store["Service"] => {
  const { sql, kind, where } = options
  return {
    sql,
    transaction: (self) =>
      sql.withTransaction(self).pipe(
        Effect.mapError((error) => error instanceof SqlError ? storeError("Store.transaction")(error) : error),
      ),
    listen: options.listen,
    notify: Effect.fn("Store.notify")((channel: string, payload: string) =>
      sql`select pg_notify(${channel}, ${payload})`.pipe(
        Effect.mapError(storeError("Store.notify")),
        Effect.asVoid,
      )
    ),
    describe: sql<{ readonly version: string }>`select current_setting('server_version') as version`.pipe(
      Effect.map((rows): StoreDescription => ({ kind, version: rows[0]?.version.split(" ")[0] ?? "unknown", where })),
      Effect.mapError(storeError("Store.describe")),
      Effect.withSpan("Store.describe"),
    ),
  }
}
