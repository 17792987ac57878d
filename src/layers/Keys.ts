/**
 * The Keys port: exchange keys that users entrusted, table `user_api_keys`.
 *
 * In: secrets as they were typed, findings of checks. Out: keys without their secrets; a secret only to whoever names
 * its user and record. Promises: a secret is stored sealed by the Vault, bound to user, venue and record, and is gone
 * with a refused or removed key; a change is told on the channel `audience` in the same transaction; nobody reaches
 * another user's key by its id.
 */
import { Context, type Effect, type Option, type Redacted, Schema } from "effect"
import type { ApiKey, KeyFinding } from "../domain/ApiKey.ts"
import type { StoreError } from "./Store.ts"
import type { VaultError } from "./Vault.ts"

/** What a venue's API is used with. */
export interface KeySecret {
  readonly apiKey: Redacted.Redacted
  readonly secret: Redacted.Redacted
  /** Of venues that want a third part. */
  readonly passphrase: Redacted.Redacted | null
}

/** None is worth a retry: `too_many`, `label_taken`, `too_long` (no venue's is), `gone` (no such key, or refused). */
export const KeysReason = Schema.Literals(["too_many", "label_taken", "too_long", "gone"])
export type KeysReason = typeof KeysReason.Type

export class KeysError extends Schema.TaggedError<KeysError>()("KeysError", {
  reason: KeysReason,
  detail: Schema.String,
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${this.reason} (${this.detail})`
  }
}

export class Keys extends Context.Service<Keys, {
  readonly add: (key: {
    readonly userId: string
    readonly venue: string
    /** Null: the next number that is free. */
    readonly label: string | null
    readonly secret: KeySecret
    readonly nowMs: number
  }) => Effect.Effect<ApiKey, StoreError | VaultError | KeysError>
  /** By venue, then the oldest first. */
  readonly list: (userId: string) => Effect.Effect<ReadonlyArray<ApiKey>, StoreError>
  readonly byId: (userId: string, keyId: string) => Effect.Effect<Option.Option<ApiKey>, StoreError>
  readonly secretOf: (
    userId: string,
    keyId: string,
  ) => Effect.Effect<KeySecret, StoreError | VaultError | KeysError>
  /** Takes down what a check found. None: the key is gone. */
  readonly settle: (check: {
    readonly userId: string
    readonly keyId: string
    readonly finding: KeyFinding
    readonly nowMs: number
  }) => Effect.Effect<Option.Option<ApiKey>, StoreError>
  /** False: there was none. */
  readonly remove: (userId: string, keyId: string) => Effect.Effect<boolean, StoreError>
  /** Venues of which the user has a usable key, by name. */
  readonly usableVenues: (userId: string) => Effect.Effect<ReadonlyArray<string>, StoreError>
}>()("arbedge/Keys") {}
