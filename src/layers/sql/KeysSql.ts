/**
 * Users' exchange keys over SQL.
 *
 * In: the Keys port's calls. Out: rows of `user_api_keys`. Promises: a secret meets SQL only sealed; whoever changes a
 * user's keys holds that user's row, so neither the count nor a number is given twice; every statement names the user.
 */
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { ApiKey, judge, MAX_KEYS, MAX_LABEL_LENGTH, MAX_SECRET_LENGTH } from "../../domain/ApiKey.ts"
import { Keys, type KeySecret, KeysError } from "../Keys.ts"
import { Channel, Store } from "../Store.ts"
import { type About, Vault, VaultError } from "../Vault.ts"
import { all, at, EpochMs, first, one, run } from "./Rows.ts"

const KeyRow = Schema.Struct({
  ...ApiKey.fields,
  checkedAt: Schema.NullOr(EpochMs),
  createdAt: EpochMs,
  updatedAt: EpochMs,
})
const SealedRow = Schema.Struct({ venue: Schema.String, sealed: Schema.NullOr(Schema.String) })
const VenueRow = Schema.Struct({ venue: Schema.String })
const TelegramIdRow = Schema.Struct({ telegramId: Schema.String })

/** What is in an envelope. */
const Parts = Schema.fromJsonString(Schema.Struct({
  apiKey: Schema.String,
  secret: Schema.String,
  passphrase: Schema.NullOr(Schema.String),
}))
const encodeParts = Schema.encodeEffect(Parts)
const decodeParts = Schema.decodeEffect(Parts)

const aboutOf = (user: string, venue: string, record: string): About => ({ user, purpose: `venue:${venue}`, record })

const partsOf = ({ apiKey, passphrase, secret }: KeySecret) => ({
  apiKey: Redacted.value(apiKey),
  secret: Redacted.value(secret),
  passphrase: passphrase === null ? null : Redacted.value(passphrase),
})

const fits = (parts: ReturnType<typeof partsOf>): boolean =>
  [parts.apiKey, parts.secret, parts.passphrase ?? ""].every((part) => part.length <= MAX_SECRET_LENGTH)

const refused = (reason: KeysError["reason"], detail: string) => new KeysError({ reason, detail })

const nextLabel = (taken: ReadonlySet<string>): string => {
  for (let number = 1;; number++) {
    const label = `#${number}`
    if (!taken.has(label)) return label
  }
}

const make = Effect.gen(function* () {
  const { notify, sql, transaction } = yield* Store
  const vault = yield* Vault
  const columns = sql.literal(`key_id as "keyId", user_id as "userId", venue, label, state, rights,
    checked_at as "checkedAt", last_error as "lastError", created_at as "createdAt", updated_at as "updatedAt"`)

  /** Others who change this user's keys wait. Out: who the audience hears of. */
  const lockUser = (userId: string) =>
    sql`select telegram_id as "telegramId" from users where user_id = ${userId} for no key update`.pipe(
      one("Keys.lockUser", TelegramIdRow),
    )

  const list = Effect.fn("Keys.list")((userId: string) =>
    sql`select ${columns} from user_api_keys where user_id = ${userId} order by venue, created_at, key_id`.pipe(
      all("Keys.list", KeyRow),
    )
  )

  const labelFor = (existing: ReadonlyArray<ApiKey>, venue: string, wanted: string | null) => {
    const taken = new Set(existing.flatMap((key) => key.venue === venue ? [key.label] : []))
    const label = wanted ?? nextLabel(taken)
    if (existing.length >= MAX_KEYS) return refused("too_many", `${MAX_KEYS} keys a user at most`)
    if (taken.has(label)) return refused("label_taken", `there is a key ${label} of ${venue}`)
    return label.length > MAX_LABEL_LENGTH
      ? refused("too_long", `a label has ${MAX_LABEL_LENGTH} letters at most`)
      : label
  }

  const add: Keys["Service"]["add"] = Effect.fn("Keys.add")(
    function* ({ label: wanted, nowMs, secret, userId, venue }) {
      const parts = partsOf(secret)
      if (!fits(parts)) return yield* refused("too_long", `each part has ${MAX_SECRET_LENGTH} characters at most`)
      const keyId = yield* Effect.sync(() => SecureRandom.uuidV4Unsafe())
      const plain = Redacted.make(yield* Effect.orDie(encodeParts(parts)))
      const sealed = yield* vault.seal(plain, aboutOf(userId, venue, keyId))
      return yield* transaction(Effect.gen(function* () {
        const { telegramId } = yield* lockUser(userId)
        const label = labelFor(yield* list(userId), venue, wanted)
        if (typeof label !== "string") return yield* label
        const now = at(nowMs)
        const added =
          yield* sql`insert into user_api_keys (key_id, user_id, venue, label, sealed, created_at, updated_at)
        values (${keyId}, ${userId}, ${venue}, ${label}, ${sealed}, ${now}, ${now}) returning ${columns}`.pipe(
            one("Keys.add", KeyRow),
          )
        yield* notify(Channel.audience, telegramId)
        return added
      }))
    },
  )

  const byId = Effect.fn("Keys.byId")((userId: string, keyId: string) =>
    sql`select ${columns} from user_api_keys where user_id = ${userId} and key_id = ${keyId}`.pipe(
      first("Keys.byId", KeyRow),
    )
  )

  const secretOf = Effect.fn("Keys.secretOf")(function* (userId: string, keyId: string) {
    const row = yield* sql`select venue, sealed from user_api_keys
      where user_id = ${userId} and key_id = ${keyId}`.pipe(first("Keys.secretOf", SealedRow))
    if (Option.isNone(row) || row.value.sealed === null) return yield* refused("gone", "there is no such key any more")
    const plain = yield* vault.open(row.value.sealed, aboutOf(userId, row.value.venue, keyId))
    const { apiKey, passphrase, secret } = yield* decodeParts(Redacted.value(plain)).pipe(
      // The schema's error would show what it was given.
      Effect.mapError(() => new VaultError({ reason: "tampered", detail: "it holds no key" })),
    )
    return {
      apiKey: Redacted.make(apiKey),
      secret: Redacted.make(secret),
      passphrase: passphrase === null ? null : Redacted.make(passphrase),
    }
  })

  const settle: Keys["Service"]["settle"] = Effect.fn("Keys.settle")(
    function* ({ finding, keyId, nowMs, userId }) {
      const { telegramId } = yield* lockUser(userId)
      const before = yield* byId(userId, keyId)
      // A refused key has no secret: a check that was under way when it was refused says nothing more.
      if (Option.isNone(before) || before.value.state === "refused") return before
      const { lastError, rights, state } = judge(before.value, finding)
      const now = at(nowMs)
      const after = yield* sql`update user_api_keys
        set state = ${state}, rights = ${rights === null ? null : sql.json(rights)}, last_error = ${lastError},
          sealed = case when ${state === "refused"} then null else sealed end,
          checked_at = case when ${finding._tag === "Unanswered"} then checked_at else ${now} end, updated_at = ${now}
        where user_id = ${userId} and key_id = ${keyId} returning ${columns}`.pipe(first("Keys.settle", KeyRow))
      yield* notify(Channel.audience, telegramId)
      return after
    },
    (settled) => transaction(settled),
  )

  const remove = Effect.fn("Keys.remove")(
    function* (userId: string, keyId: string) {
      const { telegramId } = yield* lockUser(userId)
      const before = yield* byId(userId, keyId)
      yield* sql`delete from user_api_keys where user_id = ${userId} and key_id = ${keyId}`.pipe(run("Keys.remove"))
      yield* notify(Channel.audience, telegramId)
      return Option.isSome(before)
    },
    (removed) => transaction(removed),
  )

  const usableVenues = Effect.fn("Keys.usableVenues")((userId: string) =>
    sql`select distinct venue from user_api_keys where user_id = ${userId} and state = 'usable' order by venue`.pipe(
      all("Keys.usableVenues", VenueRow),
      Effect.map((rows) => rows.map(({ venue }) => venue)),
    )
  )

  return { add, list, byId, secretOf, settle, remove, usableVenues }
})

export const layer: Layer.Layer<Keys, never, Store | Vault> = Layer.effect(Keys, make)
