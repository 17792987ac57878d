/**
 * New credentials for users of a NATS server.
 *
 * In: nothing. Out: a secret, to be shown once to whom it is for, and what the server keeps to recognise it. Promises:
 * secrets come from the runtime's secure randomness and are redacted; a hash is `$2a$` of cost 11, which every server
 * from 2.9 takes.
 */
import { createUser } from "@nats-io/nkeys"
import bcrypt from "bcryptjs"
import { Effect, Redacted } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"

const COST = 11
const SALT_BYTES = 16
const PASSWORD_BYTES = 32

export interface NewPassword {
  readonly password: Redacted.Redacted
  readonly bcrypt: string
}

export const newPassword: Effect.Effect<NewPassword> = Effect.gen(function* () {
  const password = Base64Url.encode(SecureRandom.randomBytesUnsafe(PASSWORD_BYTES))
  const salt = bcrypt.encodeBase64(SecureRandom.randomBytesUnsafe(SALT_BYTES), SALT_BYTES)
  const hash = yield* Effect.promise(() => bcrypt.hash(password, `$2a$${COST}$${salt}`))
  return { password: Redacted.make(password), bcrypt: hash }
})

export interface NewNkey {
  readonly seed: Redacted.Redacted
  readonly publicKey: string
}

export const newNkey: Effect.Effect<NewNkey> = Effect.sync(() => {
  const pair = createUser()
  const seed = new TextDecoder().decode(pair.getSeed())
  return { seed: Redacted.make(seed), publicKey: pair.getPublicKey() }
})
