/**
 * The Vault port: secrets sealed for the rows that hold them.
 *
 * Implementation: `vault/EnvelopeVault.ts` (AES-256-GCM); `absent` where no master key is set. In: a secret and what it
 * is about. Out: an envelope in text, and the secret again for exactly that user, purpose and record. Promises: each
 * envelope has a data key of its own, wrapped by a master key whose id it names, so that a master key is changed without
 * touching what is sealed; no error holds a secret or a part of one.
 */
import { Context, Effect, Layer, Option, type Redacted, Schema } from "effect"

/**
 * None is worth a retry: `no_key` (none is set), `bad_key` (one is set and cannot be used), `unknown_key_id` (sealed
 * under a master key that this process does not have), `tampered` (changed, or sealed about something else).
 */
export const VaultReason = Schema.Literals(["no_key", "bad_key", "unknown_key_id", "tampered"])
export type VaultReason = typeof VaultReason.Type

export class VaultError extends Schema.TaggedError<VaultError>()("VaultError", {
  reason: VaultReason,
  detail: Schema.String,
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${this.reason} (${this.detail})`
  }
}

/** What an envelope is bound to: opened about anything else, it is `tampered`. */
export interface About {
  /** Its owner's user id. */
  readonly user: string
  /** What it is for: `session`, or `venue:<id>`. */
  readonly purpose: string
  /** The row that holds it. */
  readonly record: string
}

export interface VaultKeys {
  /** What is sealed now is sealed under it; none: nothing can be sealed. */
  readonly current: Option.Option<string>
  /** Ids of all that can be opened. */
  readonly known: ReadonlyArray<string>
  /** Where they come from, for people. */
  readonly source: string
}

export class Vault extends Context.Service<Vault, {
  readonly seal: (plain: Redacted.Redacted, about: About) => Effect.Effect<string, VaultError>
  readonly open: (sealed: string, about: About) => Effect.Effect<Redacted.Redacted, VaultError>
  /** The same envelope under the current master key; as it was when that is what it is under. */
  readonly rewrap: (sealed: string, about: About) => Effect.Effect<string, VaultError>
  readonly keys: Effect.Effect<VaultKeys>
  /** Reads the master keys anew where they come from a file; what cannot be read leaves those there are. */
  readonly reload: Effect.Effect<VaultKeys, VaultError>
}>()("arbedge/Vault") {
  /** There is no master key; `why` says what to do. */
  static readonly absent = (why: string): Layer.Layer<Vault> => {
    const refused = Effect.fail(new VaultError({ reason: "no_key", detail: why }))
    const keys: VaultKeys = { current: Option.none(), known: [], source: "none is set" }
    return Layer.succeed(Vault, {
      seal: () => refused,
      open: () => refused,
      rewrap: () => refused,
      keys: Effect.succeed(keys),
      reload: Effect.succeed(keys),
    })
  }
}

/** The second part of an envelope. Not an envelope: null. */
export const keyIdOf = (sealed: string): string | null => /^v1\.([\w-]+)\./.exec(sealed)?.[1] ?? null
