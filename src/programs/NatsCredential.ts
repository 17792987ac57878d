/**
 * NatsCredential: what lets somebody onto the NATS server.
 *
 * In: which kind. Out: the secret for its owner, and the line of the operators file that recognises it. Promises: the
 * secret is redacted and nowhere else; from the line nobody gets it back.
 */
import { Effect, type Redacted } from "effect"
import type { Operator } from "../domain/Operator.ts"
import * as Credentials from "../layers/nats/Credentials.ts"

export interface NewCredential {
  readonly kind: "password" | "seed"
  readonly secret: Redacted.Redacted
  readonly credential: Operator["credential"]
}

export const newCredential = (kind: NewCredential["kind"]): Effect.Effect<NewCredential> =>
  kind === "password"
    ? Effect.map(
      Credentials.newPassword,
      ({ bcrypt, password }) => ({ kind, secret: password, credential: { bcrypt } }),
    )
    : Effect.map(
      Credentials.newNkey,
      ({ publicKey, seed }) => ({ kind, secret: seed, credential: { nkey: publicKey } }),
    )
