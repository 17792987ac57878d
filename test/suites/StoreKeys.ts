/**
 * The Keys and SealedRecords ports: keys that users entrusted, sealed in their rows, and the change of master keys
 * beneath them.
 *
 * In: made-up secrets. Out: keys without them, secrets for whoever owns them, rewrapped rows, notices.
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Layer, Option, Queue, Redacted } from "effect"
import { type KeyFinding, type KeyRights, MAX_KEYS } from "../../src/domain/ApiKey.ts"
import { Dialogues } from "../../src/layers/Dialogues.ts"
import { Keys, type KeySecret } from "../../src/layers/Keys.ts"
import { SEALED_START, type SealedBatch, type SealedCursor, SealedRecords } from "../../src/layers/SealedRecords.ts"
import { Sessions } from "../../src/layers/Sessions.ts"
import * as DialoguesSql from "../../src/layers/sql/DialoguesSql.ts"
import * as KeysSql from "../../src/layers/sql/KeysSql.ts"
import * as SealedRecordsSql from "../../src/layers/sql/SealedRecordsSql.ts"
import { Channel, Store } from "../../src/layers/Store.ts"
import { type About, Vault } from "../../src/layers/Vault.ts"
import * as EnvelopeVault from "../../src/layers/vault/EnvelopeVault.ts"
import { newLine } from "../../src/layers/vault/MasterKeys.ts"
import { day, empty, listenAnew, someUser, type Suite, t0 } from "./StoreWorld.ts"

export const secretOf = (text: string, passphrase: string | null = null): KeySecret => ({
  apiKey: Redacted.make(`key-${text}`),
  secret: Redacted.make(`secret-${text}`),
  passphrase: passphrase === null ? null : Redacted.make(passphrase),
})

const shown = ({ apiKey, passphrase, secret }: KeySecret) =>
  [apiKey, secret, passphrase].map((part) => part === null ? null : Redacted.value(part))

const rights: KeyRights = { read: "yes", trade: "yes", withdraw: "no", ipBound: "no" }
const told = (changes: Partial<KeyRights> = {}): KeyFinding => ({ _tag: "Told", rights: { ...rights, ...changes } })

const ofAda = Effect.fnUntraced(function* (venue: string, text = "canary") {
  const { userId } = yield* someUser("100")
  const keys = yield* Keys
  const key = yield* keys.add({ userId, venue, label: null, secret: secretOf(text, "phrase"), nowMs: t0 })
  return { userId, keys, key }
})

/** All text of all rows. */
const everything = Effect.gen(function* () {
  const { sql } = yield* Store
  const rows = yield* sql`select k::text as text from user_api_keys k`
  return JSON.stringify(rows)
})

/** Both ports as a process with these master keys has them. */
export const processWith = (...lines: ReadonlyArray<Redacted.Redacted>) => {
  const vault = EnvelopeVault.layer({ _tag: "Setting", text: Redacted.make(lines.map(Redacted.value).join(",")) })
  return Effect.provide(
    Effect.all({ dialogues: Dialogues, keys: Keys, sealed: SealedRecords, vault: Vault }),
    Layer.fresh(
      Layer.mergeAll(DialoguesSql.layer, KeysSql.layer, SealedRecordsSql.layer).pipe(Layer.provideMerge(vault)),
    ),
    { local: true },
  )
}

const walk = Effect.fnUntraced(function* (sealed: SealedRecords["Service"], limit: number) {
  const batches: Array<SealedBatch> = []
  let cursor: SealedCursor | null = SEALED_START
  while (cursor !== null) {
    const batch: SealedBatch = yield* sealed.rewrap(cursor, limit)
    batches.push(batch)
    cursor = batch.next
  }
  const sum = (of: (batch: SealedBatch) => number) => batches.reduce((all, batch) => all + of(batch), 0)
  return {
    rewrapped: sum(({ rewrapped }) => rewrapped),
    overtaken: sum(({ overtaken }) => overtaken),
    unknownKey: sum(({ unknownKey }) => unknownKey),
    tampered: sum(({ tampered }) => tampered),
  }
})

export const storeKeys: Suite = (it) => {
  it.effect("are kept sealed, and opened for their owner alone", () =>
    Effect.gen(function* () {
      yield* empty
      const { key, keys, userId } = yield* ofAda("okx")
      const { userId: other } = yield* someUser("200")
      assert.deepInclude(key, { venue: "okx", label: "#1", state: "unchecked", rights: null, checkedAt: null })
      assert.deepStrictEqual(shown(yield* keys.secretOf(userId, key.keyId)), ["key-canary", "secret-canary", "phrase"])
      assert.strictEqual((yield* Effect.flip(keys.secretOf(other, key.keyId))).reason, "gone")
      assert.isTrue(Option.isNone(yield* keys.byId(other, key.keyId)))
      assert.isFalse(yield* keys.remove(other, key.keyId))
      assert.isTrue(
        Option.isNone(yield* keys.settle({ userId: other, keyId: key.keyId, finding: told(), nowMs: t0 })),
      )
      assert.notMatch(yield* everything, /canary|phrase/)
      assert.deepStrictEqual(yield* keys.list(userId), [key])
    }))

  it.effect("do not open once moved to another user, venue or row by hand", () =>
    Effect.gen(function* () {
      yield* empty
      const { key, keys, userId } = yield* ofAda("okx")
      const { sql } = yield* Store
      const second = yield* keys.add({ userId, venue: "okx", label: "b", secret: secretOf("b"), nowMs: t0 })
      const { userId: thief } = yield* someUser("200")
      yield* sql`update user_api_keys set sealed = (select sealed from user_api_keys where key_id = ${key.keyId})
        where key_id = ${second.keyId}`
      assert.strictEqual((yield* Effect.flip(keys.secretOf(userId, second.keyId))).reason, "tampered")
      yield* sql`update user_api_keys set venue = 'bybit' where key_id = ${key.keyId}`
      assert.strictEqual((yield* Effect.flip(keys.secretOf(userId, key.keyId))).reason, "tampered")
      yield* sql`update user_api_keys set venue = 'okx', user_id = ${thief}, label = 'mine' where key_id = ${key.keyId}`
      assert.strictEqual((yield* Effect.flip(keys.secretOf(thief, key.keyId))).reason, "tampered")
    }))

  it.effect("are usable once the venue says so, and a refused one keeps no secret", () =>
    Effect.gen(function* () {
      yield* empty
      const { key, keys, userId } = yield* ofAda("okx")
      const { key: second } = yield* ofAda("bybit")
      const settle = (keyId: string, finding: KeyFinding, nowMs = t0 + 1) =>
        Effect.map(keys.settle({ userId, keyId, finding, nowMs }), Option.getOrThrow)
      assert.deepInclude(yield* settle(key.keyId, { _tag: "Unanswered", detail: "no way there" }), {
        state: "unchecked",
        lastError: "no way there",
        checkedAt: null,
      })
      assert.deepStrictEqual(yield* keys.usableVenues(userId), [])
      assert.deepInclude(yield* settle(key.keyId, told()), {
        state: "usable",
        rights,
        lastError: null,
        checkedAt: t0 + 1,
      })
      assert.deepStrictEqual(yield* keys.usableVenues(userId), ["okx"])
      assert.deepInclude(yield* settle(key.keyId, { _tag: "Unanswered", detail: "later" }, t0 + 2), {
        state: "usable",
        checkedAt: t0 + 1,
      })
      assert.deepInclude(yield* settle(key.keyId, { _tag: "Rejected", detail: "expired" }), {
        state: "failing",
        rights,
      })
      assert.deepStrictEqual(yield* keys.usableVenues(userId), [])
      assert.deepInclude(yield* settle(second.keyId, told({ withdraw: "yes" })), {
        state: "refused",
        lastError: "may_withdraw",
      })
      assert.strictEqual((yield* Effect.flip(keys.secretOf(userId, second.keyId))).reason, "gone")
      assert.strictEqual((yield* settle(second.keyId, told())).state, "refused")
      assert.isTrue(yield* keys.remove(userId, second.keyId))
      assert.isFalse(yield* keys.remove(userId, second.keyId))
      assert.strictEqual((yield* keys.list(userId)).length, 1)
    }))

  it.effect("are numbered one by one and limited, however many are added at once", () =>
    Effect.gen(function* () {
      yield* empty
      const { userId } = yield* someUser("100")
      const keys = yield* Keys
      const adding = Array.from(
        { length: MAX_KEYS + 5 },
        (_, at) => Effect.result(keys.add({ userId, venue: "okx", label: null, secret: secretOf(`${at}`), nowMs: t0 })),
      )
      const results = yield* Effect.all(adding, { concurrency: "unbounded" })
      const labels = results.flatMap((result) => result._tag === "Success" ? [result.success.label] : [])
      assert.deepStrictEqual(new Set(labels), new Set(Array.from({ length: MAX_KEYS }, (_, at) => `#${at + 1}`)))
      const refusals = results.flatMap((result) =>
        result._tag === "Failure" && result.failure._tag === "KeysError" ? [result.failure.reason] : []
      )
      assert.deepStrictEqual(refusals, Array.from({ length: 5 }, () => "too_many"))
      const first = (yield* keys.list(userId)).find(({ label }) => label === "#1")
      yield* keys.remove(userId, first?.keyId ?? "")
      const again = { userId, venue: "okx", label: "#7", secret: secretOf("again"), nowMs: t0 }
      assert.include(["label_taken"], (yield* Effect.flip(keys.add(again))).reason)
      const long = { ...again, label: null, secret: secretOf("x".repeat(3_000)) }
      assert.strictEqual((yield* Effect.flip(keys.add(long))).reason, "too_long")
    }))

  it.effect("tell the audience of every change, once it is committed", () =>
    Effect.gen(function* () {
      yield* empty
      const notices = yield* listenAnew(Channel.audience)
      const heard = Effect.map(Queue.take(notices), (notice) => notice._tag === "Notified" ? notice.payload : "resumed")
      const { key, keys, userId } = yield* ofAda("okx")
      assert.strictEqual(yield* heard, "100")
      yield* keys.settle({ userId, keyId: key.keyId, finding: told(), nowMs: t0 })
      assert.strictEqual(yield* heard, "100")
      yield* keys.remove(userId, key.keyId)
      assert.strictEqual(yield* heard, "100")
    }).pipe(Effect.scoped))

  it.effect("are refused where no master key is set, and nothing is stored", () =>
    Effect.gen(function* () {
      yield* empty
      const { userId } = yield* someUser("100")
      const keyless = KeysSql.layer.pipe(Layer.provide(Vault.absent("set ARBEDGE_MASTER_KEYS")))
      const keys = yield* Effect.provide(Keys, Layer.fresh(keyless), { local: true })
      const error = yield* Effect.flip(
        keys.add({ userId, venue: "okx", label: null, secret: secretOf("canary"), nowMs: t0 }),
      )
      assert.strictEqual(error.reason, "no_key")
      assert.deepStrictEqual(yield* keys.list(userId), [])
    }))

  it.effect("go under a new master key while they are read and written, and a run cut short is taken up again", () =>
    Effect.gen(function* () {
      yield* empty
      const old = yield* newLine, next = yield* newLine
      const before = yield* processWith(old)
      const owners = yield* Effect.forEach(Array.from({ length: 6 }, (_, at) => `${100 + at}`), someUser)
      const added = yield* Effect.forEach(
        owners,
        ({ userId }) =>
          Effect.forEach(
            Array.from({ length: 15 }, (_, at) => at),
            (at) =>
              before.keys.add({
                userId,
                venue: "okx",
                label: `k${at}`,
                secret: secretOf(`${userId}-${at}`),
                nowMs: t0,
              }),
          ),
      )
      const all = added.flat()
      const service = yield* processWith(next, old)
      assert.strictEqual((yield* service.sealed.counts).length, 1)

      // Readers and writers of both kinds of processes, until the walks are over.
      let wrong = 0, reads = 0, over = false
      const reading = Effect.gen(function* () {
        for (let at = 0; !over; at = (at + 7) % all.length) {
          const key = all[at]
          if (key === undefined) continue
          const [, secret] = shown(yield* service.keys.secretOf(key.userId, key.keyId))
          if (secret !== `secret-${key.userId}-${key.label.slice(1)}`) wrong++
          reads++
        }
      })
      const writing = Effect.gen(function* () {
        for (let at = 0; !over; at++) {
          const { userId } = owners[at % owners.length] ?? { userId: "" }
          const process = at % 2 === 0 ? service : before
          const secret = secretOf(`later-${at}`)
          const key = yield* process.keys.add({ userId, venue: "bybit", label: `later${at}`, secret, nowMs: t0 })
          yield* process.keys.settle({ userId, keyId: key.keyId, finding: told(), nowMs: t0 })
          if (at % 3 === 0) yield* service.keys.remove(userId, key.keyId)
          else if ((yield* service.keys.list(userId)).length >= MAX_KEYS - 1) {
            yield* service.keys.remove(userId, key.keyId)
          }
        }
      })
      const load = yield* Effect.forkChild(Effect.all([reading, reading, writing], { concurrency: "unbounded" }))

      // The first run dies between two batches.
      const first = yield* service.sealed.rewrap(SEALED_START, 10)
      assert.strictEqual(first.rewrapped, 10)
      assert.isNotNull(first.next)
      const restarted = yield* processWith(next, old)
      const second = yield* walk(restarted.sealed, 10)
      assert.isAtLeast(second.rewrapped, all.length - 10)
      over = true
      yield* Fiber.join(load)
      assert.strictEqual(wrong, 0)
      assert.isAbove(reads, 5)

      // Those written under the old key meanwhile; then the old key can go.
      yield* walk(restarted.sealed, 10)
      const counts = yield* restarted.sealed.counts
      assert.deepStrictEqual(counts.map(({ masterKeyId }) => masterKeyId), [Redacted.value(next).split(":")[0]])
      const after = yield* processWith(next)
      for (const key of all) {
        const [, secret] = shown(yield* after.keys.secretOf(key.userId, key.keyId))
        assert.strictEqual(secret, `secret-${key.userId}-${key.label.slice(1)}`)
      }
    }))

  it.effect("go under a new master key with all else that is sealed: questions of sessions, and updates not yet handled", () =>
    Effect.gen(function* () {
      yield* empty
      const old = yield* newLine, next = yield* newLine
      const { sql } = yield* Store
      const sessions = yield* Sessions
      const { userId } = yield* someUser("100")
      const { session } = yield* sessions.start({ userId, telegramId: "100", nowMs: t0, ttlMs: 7 * day })
      const before = yield* processWith(old)
      const dialogue = { topic: "t", step: "s", data: { answer: "half" }, askedAt: t0 }
      yield* before.dialogues.set({ session, dialogue: Option.some(dialogue), nowMs: t0 })
      const about: About = { user: "100", purpose: "update", record: "77" }
      const sealed = yield* before.vault.seal(Redacted.make("typed"), about)
      yield* sql`insert into telegram_updates (update_id, payload, received_at)
        values (77, ${sql.json({ chat: "100", sealed })}, ${new Date(t0)})`

      const both = yield* processWith(next, old)
      assert.strictEqual((yield* walk(both.sealed, 10)).rewrapped, 2)
      const after = yield* processWith(next)
      assert.deepStrictEqual(yield* after.dialogues.of("100", t0), Option.some(dialogue))
      const rows = yield* sql<{ readonly sealed: string; readonly chat: string }>`select payload->>'sealed' as sealed,
        payload->>'chat' as chat from telegram_updates`
      assert.strictEqual(rows[0]?.chat, "100")
      assert.strictEqual(Redacted.value(yield* after.vault.open(rows[0]?.sealed ?? "", about)), "typed")
    }))

  it.effect("under a master key that is not there any more are counted and left as they are", () =>
    Effect.gen(function* () {
      yield* empty
      const old = yield* newLine, next = yield* newLine
      const { userId } = yield* someUser("100")
      const before = yield* processWith(old)
      const key = yield* before.keys.add({ userId, venue: "okx", label: null, secret: secretOf("a"), nowMs: t0 })
      const spoilt = yield* before.keys.add({ userId, venue: "okx", label: null, secret: secretOf("b"), nowMs: t0 })
      const { sql } = yield* Store
      const late = yield* processWith(next)
      assert.deepInclude(yield* walk(late.sealed, 10), { rewrapped: 0, unknownKey: 2, tampered: 0 })
      yield* sql`update user_api_keys set sealed = left(sealed, 40) || 'AAAA' || substr(sealed, 45)
        where key_id = ${spoilt.keyId}`
      const both = yield* processWith(next, old)
      assert.deepInclude(yield* walk(both.sealed, 10), { rewrapped: 1, unknownKey: 0, tampered: 1 })
      assert.strictEqual(shown(yield* late.keys.secretOf(userId, key.keyId))[1], "secret-a")
    }))
}
