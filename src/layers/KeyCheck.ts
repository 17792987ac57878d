/**
 * The KeyCheck port: what a venue says of a key that a user entrusted.
 *
 * Implementations: `ccxt/CcxtKeyCheck.ts` (real venues), and `absent` where there is nothing to ask. In: a venue and a
 * key's parts. Out: a finding. Promises: it only reads; what the venue does not tell is `unknown`; no part of the key is
 * in a finding, an error, a log or a trace, also where the venue repeats it.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { KeyFinding } from "../domain/ApiKey.ts"
import type { KeySecret } from "./Keys.ts"

/** None is worth a retry: `unknown_venue`, `unsupported` (it wants more than key, secret and passphrase). */
export const KeyCheckReason = Schema.Literals(["unknown_venue", "unsupported"])
export type KeyCheckReason = typeof KeyCheckReason.Type

export class KeyCheckError extends Schema.TaggedError<KeyCheckError>()("KeyCheckError", {
  reason: KeyCheckReason,
  venue: Schema.String,
  detail: Schema.String,
}) {
  readonly retryable: boolean = false

  override get message(): string {
    return `${this.venue}: ${this.reason} (${this.detail})`
  }
}

/** What a venue's API wants beside key and secret. */
export interface KeyNeeds {
  readonly passphrase: boolean
}

export class KeyCheck extends Context.Service<KeyCheck, {
  readonly needs: (venue: string) => Effect.Effect<KeyNeeds, KeyCheckError>
  readonly check: (venue: string, secret: KeySecret) => Effect.Effect<KeyFinding, KeyCheckError>
}>()("arbedge/KeyCheck") {
  /** There is nobody to ask; `why` is found of every key. */
  static readonly absent = (why: string): Layer.Layer<KeyCheck> =>
    Layer.succeed(KeyCheck, {
      needs: () => Effect.succeed({ passphrase: false }),
      check: () => Effect.succeed({ _tag: "Unanswered", detail: why }),
    })
}
