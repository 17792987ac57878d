/**
 * The change of master keys: everything that is sealed goes under the current one, while the service works.
 *
 * In: the Vault's keys, read anew; a place in the walk. Out: what each key holds; one batch rewrapped at a time, by
 * whoever asks for it. Promises: nothing is kept between two batches but the caller's place, so a caller that dies loses
 * nothing: the next begins from the start and finds little left.
 */
import { Effect, Option, Schema } from "effect"
import { SealedBatch, SealedCount, type SealedCursor, SealedRecords } from "../layers/SealedRecords.ts"
import { Vault } from "../layers/Vault.ts"
import { newLine } from "../layers/vault/MasterKeys.ts"

/** Ids and numbers; never a key. */
export const MasterKeyState = Schema.Struct({
  /** Null: none is set. */
  current: Schema.NullOr(Schema.String),
  known: Schema.Array(Schema.String),
  source: Schema.String,
  sealed: Schema.Array(SealedCount),
})
export type MasterKeyState = typeof MasterKeyState.Type

export const RotationBatch = SealedBatch

/** As it is written in settings and key files. */
export const newMasterKey = newLine

/** Rows rewrapped by one call: some milliseconds each. */
export const BATCH = 200

/** `anew`: the key file is read again first. */
export const masterKeyState = Effect.fn("KeyRotation.state")(function* (anew: boolean) {
  const vault = yield* Vault, records = yield* SealedRecords
  const { current, known, source } = yield* anew ? vault.reload : vault.keys
  return { current: Option.getOrNull(current), known, source, sealed: yield* records.counts } satisfies MasterKeyState
})

export const rewrapBatch = Effect.fn("KeyRotation.batch")((cursor: SealedCursor) =>
  SealedRecords.use((records) => records.rewrap(cursor, BATCH))
)

/** Envelopes that are not under the current key. */
export const left = ({ current, sealed }: MasterKeyState): number =>
  sealed.reduce((sum, { masterKeyId, records }) => masterKeyId === current ? sum : sum + records, 0)

/** Envelopes under keys that are not there. */
export const lost = ({ known, sealed }: MasterKeyState): ReadonlyArray<SealedCount> =>
  sealed.filter(({ masterKeyId }) => !known.includes(masterKeyId))

/** Keys that hold nothing any more and are not the current one. */
export const idle = ({ current, known, sealed }: MasterKeyState): ReadonlyArray<string> =>
  known.filter((id) => id !== current && !sealed.some(({ masterKeyId }) => masterKeyId === id))
