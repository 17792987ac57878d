/**
 * Master keys: what wraps the data keys of all envelopes.
 *
 * In: `id:base64` lines (several; the first is current), from a setting, a file, or made here. Out: keys by their id.
 * Promises: a key file that is made here is whole or not there, readable by its owner alone, and never replaced; no
 * error holds a key.
 */
import { Effect, Predicate, Redacted } from "effect"
import * as Aead from "effect/crypto/Aead"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Base64 from "effect/encoding/Base64"
import * as fs from "node:fs/promises"
import { dirname } from "node:path"
import { VaultError } from "../Vault.ts"

export type MasterKey = Aead.Key<typeof Aead.aes256Gcm>

export interface MasterKeys {
  readonly currentId: string
  readonly byId: ReadonlyMap<string, MasterKey>
  /** For people. */
  readonly source: string
}

export type KeySource =
  | { readonly _tag: "Setting"; readonly text: Redacted.Redacted }
  /** `make`: where there is none, one is made, with a new key. */
  | { readonly _tag: "File"; readonly path: string; readonly make: boolean }
  /** Made at the start, and gone with the process. */
  | { readonly _tag: "Ephemeral" }

const OWNER_ONLY = 0o600
const FORM = /^([A-Za-z0-9_-]{1,32}):([A-Za-z0-9+/]{43}=)$/

const bad = (detail: string) => new VaultError({ reason: "bad_key", detail })
const hasCode = (cause: unknown, code: string): boolean => Predicate.hasProperty(cause, "code") && cause.code === code
const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && typeof cause.code === "string" ? cause.code : "it failed"

/** A new key as it is written in settings and files. */
export const newLine: Effect.Effect<Redacted.Redacted> = Effect.sync(() => {
  const id = Array.from(SecureRandom.randomBytesUnsafe(4), (byte) => byte.toString(16).padStart(2, "0")).join("")
  return Redacted.make(`k${id}:${Base64.encode(SecureRandom.randomBytesUnsafe(32))}`)
})

/** `# ...` is a remark; parts are separated by lines or commas. */
export const parse = Effect.fnUntraced(function* (text: Redacted.Redacted, source: string) {
  const parts = Redacted.value(text).split("\n").flatMap((line) => line.replace(/#.*/, "").split(","))
    .map((part) => part.trim()).filter((part) => part !== "")
  const byId = new Map<string, MasterKey>()
  let currentId: string | undefined
  for (const [at, part] of parts.entries()) {
    const [, id, encoded] = FORM.exec(part) ?? []
    if (id === undefined || encoded === undefined) {
      return yield* bad(`key ${at + 1} of ${source} is not "id:base64 of 32 bytes": make one by \`arbedge keys new\``)
    }
    if (byId.has(id)) return yield* bad(`${source} names the key ${id} twice`)
    const bytes = yield* Effect.mapError(
      Effect.fromResult(Base64.decode(encoded)),
      () => bad(`key ${id} of ${source} is not base64`),
    )
    byId.set(id, yield* Effect.mapError(Aead.key(Aead.aes256Gcm, bytes), () => bad(`key ${id} cannot be used`)))
    currentId ??= id
  }
  if (currentId === undefined) return yield* bad(`${source} names no key`)
  return { currentId, byId, source } satisfies MasterKeys
})

const io = <A>(what: string, start: () => Promise<A>): Effect.Effect<A, VaultError> =>
  Effect.tryPromise({ try: start, catch: (cause) => bad(`${what}: ${codeOf(cause)}`) })

/** Whole or not at all, and never over one that is there: a link fails where the name is taken. */
const makeFile = Effect.fnUntraced(function* (path: string) {
  const line = Redacted.value(yield* newLine)
  const partial = `${path}.${line.split(":")[0]}.partial`
  const text =
    `# ArbEdge's master keys, the current one first. Without this file sealed keys cannot be opened.\n${line}\n`
  yield* io(`${path} cannot be made`, async () => {
    await fs.mkdir(dirname(path), { recursive: true })
    await fs.writeFile(partial, text, { flag: "wx", mode: OWNER_ONLY })
    await fs.link(partial, path).catch((cause) => hasCode(cause, "EEXIST") ? undefined : Promise.reject(cause))
      .finally(() => fs.unlink(partial))
  })
})

const exists = (path: string) =>
  io(`${path} cannot be read`, () =>
    fs.stat(path).then(
      () => true,
      (cause) => hasCode(cause, "ENOENT") ? false : Promise.reject(cause),
    ))

const readFile = Effect.fnUntraced(function* (path: string) {
  const { mode, text } = yield* io(`${path} cannot be read`, async () => ({
    mode: (await fs.stat(path)).mode & 0o777,
    text: await fs.readFile(path, "utf8"),
  }))
  if ((mode & 0o077) !== 0) {
    yield* Effect.logWarning(`${path} can be read by others than its owner (mode ${mode.toString(8)}): chmod 600 it`)
  }
  return yield* parse(Redacted.make(text), path)
})

export const read = Effect.fn("MasterKeys.read")(function* (source: KeySource) {
  switch (source._tag) {
    case "Setting":
      return yield* parse(source.text, "ARBEDGE_MASTER_KEYS")
    case "Ephemeral":
      return yield* parse(yield* newLine, "this process's memory")
    case "File": {
      if (source.make && !(yield* exists(source.path))) {
        yield* makeFile(source.path)
        yield* Effect.logWarning(
          `made ${source.path}, which opens the exchange keys that users give: keep a copy apart from the data, or set ` +
            "ARBEDGE_MASTER_KEYS",
        )
      }
      return yield* readFile(source.path)
    }
  }
})
