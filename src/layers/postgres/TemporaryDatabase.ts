/**
 * A database of its own for as long as a run lasts: replays leave nothing behind and meet nothing of others.
 *
 * In: the URL of a Postgres whose user may create databases. Out: a Store on a new, empty database. Promises: it is
 * dropped when the scope closes; its name is random, so runs side by side do not meet.
 */
import { Effect, Layer, Redacted } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type * as SqlClient from "effect/sql/SqlClient"
import { Store, type StoreError, storeError } from "../Store.ts"
import * as Postgres from "./Postgres.ts"

const withDatabase = (url: Redacted.Redacted, database: string): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.pathname = `/${database}`
  return Redacted.make(changed.toString())
}

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")

export const layer = (url: Redacted.Redacted): Layer.Layer<Store | SqlClient.SqlClient, StoreError> =>
  Layer.unwrap(Effect.gen(function* () {
    const { sql } = yield* Store
    const name = `arbedge_replay_${hex(SecureRandom.randomBytesUnsafe(8))}`
    yield* Effect.acquireRelease(
      sql`create database ${sql(name)}`.pipe(Effect.mapError(storeError("TemporaryDatabase.create"))),
      () => sql`drop database if exists ${sql(name)} with (force)`.pipe(Effect.ignore({ log: true })),
    )
    return Postgres.layer({ url: withDatabase(url, name) })
  })).pipe(Layer.provide(Postgres.layer({ url, maxConnections: 2 })))
