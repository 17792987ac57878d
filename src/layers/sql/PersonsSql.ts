/**
 * Persons over SQL and WebCrypto.
 *
 * In: the Persons port's calls. Out: reads of `users.data_key`, and text `base64url(nonce, ciphertext)`. Promises: as
 * the port's; the alias is an HMAC under the same key, so that it cannot be told from the user id without it.
 */
import { Effect, Layer, Option, Schema } from "effect"
import * as Aead from "effect/crypto/Aead"
import * as Mac from "effect/crypto/Mac"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import { NOBODY, type PersonDetails } from "../../domain/Person.ts"
import { Persons } from "../Persons.ts"
import { Store } from "../Store.ts"
import { all } from "./Rows.ts"

const KeyRow = Schema.Struct({ userId: Schema.String, dataKey: Schema.Uint8Array })
const Details = Schema.fromJsonString(
  Schema.StructWithRest(Schema.Struct({ userId: Schema.String }), [
    Schema.Record(Schema.String, Schema.NullOr(Schema.Union([Schema.String, Schema.Finite]))),
  ]),
)
const decodeDetails = Schema.decodeUnknownOption(Details)

const encoder = new TextEncoder(), decoder = new TextDecoder()
const ALIAS = encoder.encode("arbedge person alias v1")
const ALIAS_LENGTH = 22
const NONCE_BYTES = Aead.aes256Gcm.nonceLength

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const aead = yield* Aead.Aead, mac = yield* Mac.Mac, random = yield* SecureRandom.SecureRandom

  const keysOf = Effect.fnUntraced(function* (userIds: ReadonlyArray<string>) {
    const rows = yield* sql`select user_id as "userId", data_key as "dataKey" from users
      where user_id = any(${[...new Set(userIds)]})`.pipe(all("Persons.keys", KeyRow))
    return new Map(rows.map(({ dataKey, userId }) => [userId, dataKey]))
  })

  const aliasOf = (dataKey: Uint8Array) =>
    Mac.key(Mac.hmacSha256, dataKey).pipe(
      Effect.flatMap((key) => mac.sign(key, ALIAS)),
      Effect.map((tag) => Base64Url.encode(tag).slice(0, ALIAS_LENGTH)),
    )

  const sealUnder = Effect.fnUntraced(function* (dataKey: Uint8Array, person: PersonDetails) {
    const key = yield* Aead.key(Aead.aes256Gcm, dataKey)
    const nonce = yield* random.randomBytes(NONCE_BYTES)
    const body = yield* aead.encrypt(key, encoder.encode(JSON.stringify(person)), { nonce, aad: ALIAS })
    const all = new Uint8Array(NONCE_BYTES + body.length)
    all.set(nonce)
    all.set(body, NONCE_BYTES)
    return { alias: yield* aliasOf(dataKey), sealed: Base64Url.encode(all) }
  })

  const seal: Persons["Service"]["seal"] = Effect.fn("Persons.seal")(function* (people) {
    if (people.length === 0) return []
    const keys = yield* keysOf(people.map(({ userId }) => userId))
    return yield* Effect.forEach(people, (person) => {
      const dataKey = keys.get(person.userId)
      return dataKey === undefined ? Effect.succeed(NOBODY) : Effect.orDie(sealUnder(dataKey, person))
    })
  })

  const open: Persons["Service"]["open"] = Effect.fn("Persons.open")(function* (userId, { sealed }) {
    const dataKey = (yield* keysOf([userId])).get(userId)
    if (dataKey === undefined || sealed === null) return Option.none()
    const plain = yield* Effect.option(Effect.gen(function* () {
      const bytes = yield* Effect.fromResult(Base64Url.decode(sealed))
      const key = yield* Aead.key(Aead.aes256Gcm, dataKey)
      return yield* aead.decrypt(key, bytes.subarray(NONCE_BYTES), {
        nonce: bytes.subarray(0, NONCE_BYTES),
        aad: ALIAS,
      })
    }))
    return Option.flatMap(plain, (bytes) => decodeDetails(decoder.decode(bytes)))
  })

  return { seal, open }
})

const crypto = Layer.merge(Aead.layerWebCrypto, Mac.layerWebCrypto).pipe(
  Layer.provideMerge(SecureRandom.layerWebCrypto),
)

export const layer: Layer.Layer<Persons, never, Store> = Layer.effect(Persons, make).pipe(Layer.provide(crypto))
