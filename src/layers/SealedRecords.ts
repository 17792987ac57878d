/**
 * The SealedRecords port: every row that holds an envelope of the Vault, for the change of master keys.
 *
 * In: which master key is to hold all. Out: how many envelopes each key holds; batches brought under the new one.
 * Promises: only the wrapping changes; a row that was written meanwhile keeps what was written; a batch commits by
 * itself, so that a kill between two loses nothing and the next run goes on; what cannot be unwrapped stays as it is
 * and is counted.
 */
import { Context, type Effect, Schema } from "effect"
import type { StoreError } from "./Store.ts"

/** How many envelopes are under a master key. */
export const SealedCount = Schema.Struct({ masterKeyId: Schema.String, records: Schema.Int })
export type SealedCount = typeof SealedCount.Type

/** Where a walk over all of them stands; null: it is over. */
export const SealedCursor = Schema.Struct({ place: Schema.Int, after: Schema.String })
export type SealedCursor = typeof SealedCursor.Type

export const SEALED_START: SealedCursor = { place: 0, after: "" }

export const SealedBatch = Schema.Struct({
  next: Schema.NullOr(SealedCursor),
  rewrapped: Schema.Int,
  /** Written by somebody else in between; the next walk sees them again. */
  overtaken: Schema.Int,
  /** Under a master key that is not there. */
  unknownKey: Schema.Int,
  /** Changed, or of another row. */
  tampered: Schema.Int,
})
export type SealedBatch = typeof SealedBatch.Type

export class SealedRecords extends Context.Service<SealedRecords, {
  readonly counts: Effect.Effect<ReadonlyArray<SealedCount>, StoreError>
  /** The next rows that are not under the current master key, `limit` at most. */
  readonly rewrap: (cursor: SealedCursor, limit: number) => Effect.Effect<SealedBatch, StoreError>
}>()("arbedge/SealedRecords") {}
