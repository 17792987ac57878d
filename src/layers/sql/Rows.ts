/**
 * How repositories talk SQL: times and 64-bit integers in and out of the wire's types, and rows through their Schema.
 *
 * In: statements. Out: decoded rows, or a StoreError naming the operation. Promises: no row leaves undecoded, and a
 * time goes in and comes out as the same integer millisecond.
 */
import * as PgTypes from "@effect/sql-pg/PgTypes"
import { Effect, Option, Schema, SchemaGetter } from "effect"
import type { SqlError } from "effect/sql/SqlError"
import { Fenced, StoreError, storeError } from "../Store.ts"

/** A timestamptz column as integer milliseconds. */
export const EpochMs = Schema.Date.pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transform((date: Date) => date.getTime()),
    encode: SchemaGetter.transform((ms: number) => new Date(ms)),
  }),
)

/** A bigint column as a number; one beyond 2^53 does not decode. */
export const Int8 = Schema.BigInt.pipe(
  Schema.decodeTo(Schema.Int, {
    decode: SchemaGetter.transform((value: bigint) => Number(value)),
    encode: SchemaGetter.transform((value: number) => BigInt(value)),
  }),
)

/** Milliseconds as a timestamptz parameter. */
export const at = (ms: number): PgTypes.Parameter => PgTypes.timestamptz(ms)

/** Ids as a bigint[] parameter. */
export const int8s = (ids: ReadonlyArray<number>): ReadonlyArray<bigint> => ids.map(BigInt)

/** Milliseconds as the text of a timestamptz inside a JSON parameter. */
export const isoOf = (ms: number): string => new Date(ms).toISOString()

type Statement = Effect.Effect<ReadonlyArray<unknown>, SqlError>

/** Runs a statement for its rows. */
export const all = <A, I>(operation: string, row: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownEffect(Schema.Array(row))
  return (statement: Statement): Effect.Effect<ReadonlyArray<A>, StoreError> =>
    statement.pipe(Effect.flatMap(decode), Effect.mapError(storeError(operation)))
}

/** Runs a statement for its first row, if any. */
export const first = <A, I>(operation: string, row: Schema.Codec<A, I>) => {
  const rows = all(operation, row)
  return (statement: Statement): Effect.Effect<Option.Option<A>, StoreError> =>
    Effect.map(rows(statement), (found) => Option.fromNullishOr(found[0]))
}

/** Runs a statement that always answers one row. */
export const one = <A, I>(operation: string, row: Schema.Codec<A, I>) => {
  const row0 = first(operation, row)
  return (statement: Statement): Effect.Effect<A, StoreError> =>
    Effect.flatMap(
      row0(statement),
      Option.match({
        onNone: () => Effect.fail(new StoreError({ operation, reason: "row_invalid", detail: "no row came back" })),
        onSome: Effect.succeed,
      }),
    )
}

/** Runs a fenced write: no row means that `key` has a newer owner. */
export const fenced = <A, I>(operation: string, row: Schema.Codec<A, I>) => {
  const row0 = first(operation, row)
  return (key: string, statement: Statement): Effect.Effect<A, StoreError | Fenced> =>
    Effect.flatMap(
      row0(statement),
      Option.match({
        onNone: () => Effect.fail(new Fenced({ operation, key })),
        onSome: Effect.succeed,
      }),
    )
}

/** Runs a statement for its effect. */
export const run = (operation: string) => (statement: Statement): Effect.Effect<void, StoreError> =>
  Effect.asVoid(Effect.mapError(statement, storeError(operation)))

/** Runs a statement that answers `count`. */
export const count = (operation: string) => {
  const answer = one(operation, Schema.Struct({ count: Int8 }))
  return (statement: Statement): Effect.Effect<number, StoreError> => Effect.map(answer(statement), (row) => row.count)
}
