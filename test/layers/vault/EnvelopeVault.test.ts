/**
 * The Vault by envelopes: what it seals opens for the same user, purpose and record alone, master keys change beneath
 * it, and a key file is made once, for its owner.
 *
 * In: made-up secrets, folders of the test's own. Out: envelopes, errors with their reasons.
 */
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted } from "effect"
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type About, keyIdOf, Vault } from "../../../src/layers/Vault.ts"
import * as EnvelopeVault from "../../../src/layers/vault/EnvelopeVault.ts"
import { type KeySource, newLine } from "../../../src/layers/vault/MasterKeys.ts"

const folder = mkdtempSync(join(tmpdir(), "arbedge-vault-"))
afterAll(() => rmSync(folder, { recursive: true }))

const about: About = { user: "u1", purpose: "venue:okx", record: "r1" }
const secret = Redacted.make("canary-of-the-vault")

const vaultOf = (source: KeySource) => Effect.provide(Vault, Layer.fresh(EnvelopeVault.layer(source)), { local: true })
const withKeys = (...lines: ReadonlyArray<Redacted.Redacted>) =>
  vaultOf({ _tag: "Setting", text: Redacted.make(lines.map(Redacted.value).join(",")) })
const partOf = (line: Redacted.Redacted, at: number) => Redacted.value(line).split(":")[at] ?? ""
const idOf = (line: Redacted.Redacted) => partOf(line, 0)

describe("an envelope", () => {
  it.effect("opens to what was sealed, and shows nothing of it", () =>
    Effect.gen(function* () {
      const vault = yield* vaultOf({ _tag: "Ephemeral" })
      const sealed = yield* vault.seal(secret, about)
      assert.strictEqual(Redacted.value(yield* vault.open(sealed, about)), "canary-of-the-vault")
      assert.notInclude(Buffer.from(sealed.split(".")[3] ?? "", "base64url").toString("latin1"), "canary")
      assert.match(sealed, /^v1\.[\w-]+\.[\w-]+\.[\w-]+$/)
    }))

  it.effect("is another each time, its data key and its nonces too", () =>
    Effect.gen(function* () {
      const vault = yield* vaultOf({ _tag: "Ephemeral" })
      const sealed = yield* Effect.forEach(Array.from({ length: 200 }), () => vault.seal(secret, about))
      for (const part of [2, 3]) {
        assert.strictEqual(new Set(sealed.map((one) => one.split(".")[part]?.slice(0, 16))).size, 200)
      }
    }))

  it.effect("is tampered with about anybody or anything else, and when any character was changed", () =>
    Effect.gen(function* () {
      const vault = yield* vaultOf({ _tag: "Ephemeral" })
      const sealed = yield* vault.seal(secret, about)
      const others: ReadonlyArray<About> = [
        { ...about, user: "u2" },
        { ...about, purpose: "venue:bybit" },
        { ...about, record: "r2" },
        { user: 'u1","venue:okx', purpose: "", record: "r1" },
      ]
      for (const other of others) {
        for (const attempt of [Effect.asVoid(vault.open(sealed, other)), Effect.asVoid(vault.rewrap(sealed, other))]) {
          assert.strictEqual((yield* Effect.flip(attempt)).reason, "tampered")
        }
      }
      const start = sealed.indexOf(".", 3) + 1
      for (let at = start; at < sealed.length; at += 5) {
        const changed = sealed.slice(0, at) + (sealed[at] === "A" ? "B" : "A") + sealed.slice(at + 1)
        const error = yield* Effect.flip(vault.open(changed, about))
        assert.strictEqual(error.reason, "tampered")
        assert.notInclude(error.message, "canary")
      }
      for (const text of ["", "v1", "v1.a.b", "v2.a.b.c", `${sealed}.x`, "v1.a.b.c.d"]) {
        assert.strictEqual((yield* Effect.flip(vault.open(text, about))).reason, "tampered")
      }
    }))

  it.effect("cannot take another's wrapped data key, nor another's body", () =>
    Effect.gen(function* () {
      const vault = yield* vaultOf({ _tag: "Ephemeral" })
      const [v = "", id = "", wrapped = "", body = ""] = (yield* vault.seal(secret, about)).split(".")
      const [, , wrapped2 = "", body2 = ""] = (yield* vault.seal(Redacted.make("other"), about)).split(".")
      for (const mixed of [[v, id, wrapped2, body], [v, id, wrapped, body2]]) {
        assert.strictEqual((yield* Effect.flip(vault.open(mixed.join("."), about))).reason, "tampered")
      }
    }))
})

describe("master keys", () => {
  it.effect("change without the sealed part: old envelopes open, are rewrapped, and then need the new key alone", () =>
    Effect.gen(function* () {
      const old = yield* newLine, next = yield* newLine
      const sealed = yield* Effect.flatMap(withKeys(old), (vault) => vault.seal(secret, about))
      const both = yield* withKeys(next, old)
      assert.strictEqual(Redacted.value(yield* both.open(sealed, about)), "canary-of-the-vault")
      const rewrapped = yield* both.rewrap(sealed, about)
      assert.strictEqual(keyIdOf(rewrapped), idOf(next))
      assert.strictEqual(rewrapped.split(".")[3], sealed.split(".")[3])
      assert.strictEqual(yield* both.rewrap(rewrapped, about), rewrapped)
      const after = yield* withKeys(next)
      assert.strictEqual(Redacted.value(yield* after.open(rewrapped, about)), "canary-of-the-vault")
      const lost = yield* Effect.flip(after.open(sealed, about))
      assert.strictEqual(lost.reason, "unknown_key_id")
      assert.include(lost.message, idOf(old))
    }))

  it.effect("that cannot be used stop the start, and are not in the error", () =>
    Effect.gen(function* () {
      const line = yield* newLine
      const wrong = ["", "nothing", "k1:c2hvcnQ=", `${Redacted.value(line)},${Redacted.value(line)}`, "a b:x"]
      for (const text of wrong) {
        const error = yield* Effect.flip(vaultOf({ _tag: "Setting", text: Redacted.make(text) }))
        assert.strictEqual(error.reason, "bad_key")
        assert.notInclude(error.message, partOf(line, 1))
        assert.notInclude(error.message, "c2hvcnQ")
      }
    }))

  it.effect("are refused with what to do where none is set", () =>
    Effect.gen(function* () {
      const vault = yield* Effect.provide(Vault, Vault.absent("set ARBEDGE_MASTER_KEYS"))
      const error = yield* Effect.flip(vault.seal(secret, about))
      assert.deepStrictEqual([error.reason, error.detail], ["no_key", "set ARBEDGE_MASTER_KEYS"])
      assert.isTrue(Option.isNone((yield* vault.keys).current))
    }))
})

describe("a key file", () => {
  const path = join(folder, "data", "master.keys")
  const own: KeySource = { _tag: "File", path, make: true }

  it.effect("is made once by many who start at once, whole, and readable by its owner alone", () =>
    Effect.gen(function* () {
      const vaults = yield* Effect.all(Array.from({ length: 8 }, () => vaultOf(own)), { concurrency: "unbounded" })
      const ids = yield* Effect.forEach(
        vaults,
        ({ keys }) => Effect.map(keys, ({ current }) => Option.getOrNull(current)),
      )
      assert.strictEqual(new Set(ids).size, 1)
      assert.strictEqual(statSync(path).mode & 0o777, 0o600)
      assert.deepStrictEqual(readdirSync(join(folder, "data")), ["master.keys"])
    }))

  it.effect("is read anew when asked to, and a bad one leaves the keys there are", () =>
    Effect.gen(function* () {
      const vault = yield* vaultOf(own)
      const sealed = yield* vault.seal(secret, about)
      const before = readFileSync(path, "utf8"), line = yield* newLine
      writeFileSync(path, `${Redacted.value(line)}\n${before}`)
      assert.strictEqual(Option.getOrNull((yield* vault.reload).current), idOf(line))
      assert.strictEqual(keyIdOf(yield* vault.rewrap(sealed, about)), idOf(line))
      writeFileSync(path, "rubbish")
      assert.isTrue(Exit.isFailure(yield* Effect.exit(vault.reload)))
      assert.strictEqual(Redacted.value(yield* vault.open(sealed, about)), "canary-of-the-vault")
    }))

  it.effect("that is named and not there is told, not made", () =>
    Effect.gen(function* () {
      const absent = join(folder, "absent.keys")
      const error = yield* Effect.flip(vaultOf({ _tag: "File", path: absent, make: false }))
      assert.strictEqual(error.reason, "bad_key")
      assert.include(error.message, "ENOENT")
      assert.notInclude(readdirSync(folder), "absent.keys")
    }))
})
