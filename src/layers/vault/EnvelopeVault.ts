/**
 * The Vault port by AES-256-GCM: a fresh data key for each envelope, wrapped by the current master key.
 *
 * In: master keys. Out: envelopes `v1.<key id>.<wrapped data key>.<sealed secret>`, the last two base64url of nonce and
 * ciphertext. Promises: both layers are bound to user, purpose and record, and the wrapping to its key id; a data key
 * seals one secret, so no nonce is ever used twice under it; runs on WebCrypto, the same on Deno and Node.
 */
import { Effect, Layer, Option, Redacted, Ref } from "effect"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64Url from "effect/encoding/Base64Url"
import { type About, Vault, VaultError, type VaultKeys } from "../Vault.ts"
import { type KeySource, type MasterKeys, read } from "./MasterKeys.ts"

const NONCE_BYTES = Aead.aes256Gcm.nonceLength
const VERSION = "v1"

const encoder = new TextEncoder(), decoder = new TextDecoder()

/** JSON keeps the parts apart whatever is in them. */
const binding = ({ purpose, record, user }: About, ...more: ReadonlyArray<string>): Uint8Array =>
  encoder.encode(JSON.stringify(["arbedge", VERSION, user, purpose, record, ...more]))

const tampered = (detail: string) => new VaultError({ reason: "tampered", detail })

interface Envelope {
  readonly keyId: string
  readonly wrapped: string
  readonly body: string
}

const parts = (sealed: string): Effect.Effect<Envelope, VaultError> => {
  const [version, keyId, wrapped, body, ...more] = sealed.split(".")
  return version !== VERSION || keyId === undefined || wrapped === undefined || body === undefined || more.length > 0
    ? Effect.fail(tampered("this is no envelope"))
    : Effect.succeed({ keyId, wrapped, body })
}

const joined = ({ body, keyId, wrapped }: Envelope): string => [VERSION, keyId, wrapped, body].join(".")

const stateOf = ({ byId, currentId, source }: MasterKeys): VaultKeys => ({
  current: Option.some(currentId),
  known: [...byId.keys()],
  source,
})

const make = Effect.fnUntraced(function* (source: KeySource) {
  const aead = yield* Aead.Aead, random = yield* SecureRandom.SecureRandom
  const held = yield* Ref.make(yield* read(source))

  const encrypt = Effect.fnUntraced(function* (key: Aead.Key, plain: Uint8Array, aad: Uint8Array) {
    const nonce = yield* random.randomBytes(NONCE_BYTES)
    const ciphertext = yield* Effect.orDie(aead.encrypt(key, plain, { nonce, aad }))
    const all = new Uint8Array(NONCE_BYTES + ciphertext.length)
    all.set(nonce)
    all.set(ciphertext, NONCE_BYTES)
    return Base64Url.encode(all)
  })

  const decrypt = (key: Aead.Key, text: string, aad: Uint8Array): Effect.Effect<Uint8Array, VaultError> =>
    Effect.fromResult(Base64Url.decode(text)).pipe(
      Effect.flatMap((bytes) =>
        aead.decrypt(key, bytes.subarray(NONCE_BYTES), { nonce: bytes.subarray(0, NONCE_BYTES), aad })
      ),
      Effect.mapError(() => tampered("it was changed, or sealed about something else")),
    )

  /** The data key of an envelope, and the master keys it was found by. */
  const unwrap = Effect.fnUntraced(function* ({ keyId, wrapped }: Envelope, about: About) {
    const keys = yield* Ref.get(held)
    const master = keys.byId.get(keyId)
    if (master === undefined) {
      const detail = `sealed under ${keyId}, which is not among the keys of ${keys.source}: add it there again`
      return yield* new VaultError({ reason: "unknown_key_id", detail })
    }
    return { keys, bytes: yield* decrypt(master, wrapped, binding(about, keyId)) }
  })

  const wrap = Effect.fnUntraced(function* ({ byId, currentId }: MasterKeys, bytes: Uint8Array, about: About) {
    const master = byId.get(currentId)
    if (master === undefined) return yield* new VaultError({ reason: "no_key", detail: "there is no current key" })
    return { keyId: currentId, wrapped: yield* encrypt(master, bytes, binding(about, currentId)) }
  })

  const dataKey = (bytes: Uint8Array) =>
    Effect.mapError(Aead.key(Aead.aes256Gcm, bytes), () => tampered("its data key is none"))

  const seal = Effect.fn("Vault.seal")(function* (plain: Redacted.Redacted, about: About) {
    const bytes = yield* random.randomBytes(Aead.aes256Gcm.keyLength)
    const body = yield* encrypt(yield* dataKey(bytes), encoder.encode(Redacted.value(plain)), binding(about))
    return joined({ ...yield* wrap(yield* Ref.get(held), bytes, about), body })
  })

  const open = Effect.fn("Vault.open")(function* (sealed: string, about: About) {
    const envelope = yield* parts(sealed)
    const { bytes } = yield* unwrap(envelope, about)
    const plain = yield* decrypt(yield* dataKey(bytes), envelope.body, binding(about))
    return Redacted.make(decoder.decode(plain))
  })

  const rewrap = Effect.fn("Vault.rewrap")(function* (sealed: string, about: About) {
    const envelope = yield* parts(sealed)
    const { bytes, keys } = yield* unwrap(envelope, about)
    return envelope.keyId === keys.currentId ? sealed : joined({ ...envelope, ...yield* wrap(keys, bytes, about) })
  })

  const reload = Effect.gen(function* () {
    // One in memory cannot be read again.
    if (source._tag === "File") yield* Ref.set(held, yield* read({ ...source, make: false }))
    return stateOf(yield* Ref.get(held))
  })

  return Vault.of({ seal, open, rewrap, keys: Effect.map(Ref.get(held), stateOf), reload })
})

const crypto = Aead.layerWebCrypto.pipe(Layer.provideMerge(SecureRandom.layerWebCrypto))

export const layer = (source: KeySource): Layer.Layer<Vault, VaultError> =>
  Layer.effect(Vault, make(source)).pipe(Layer.provide(crypto))

export const ephemeral: Layer.Layer<Vault> = Layer.orDie(layer({ _tag: "Ephemeral" }))
