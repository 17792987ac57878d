/**
 * Dialogues over SQL.
 *
 * In: the Dialogues port's calls. Out: `user_sessions.metadata`, which is `{}` or holds one envelope. Promises: as the
 * port's; whoever ends a session sets its metadata to `{}`.
 */
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { Dialogue } from "../../domain/Dialogue.ts"
import { Dialogues } from "../Dialogues.ts"
import { Store, StoreError } from "../Store.ts"
import { type About, Vault, type VaultError } from "../Vault.ts"
import { at, fenced, first } from "./Rows.ts"

const Row = Schema.Struct({ sessionId: Schema.String, userId: Schema.String, sealed: Schema.NullOr(Schema.String) })
const Written = Schema.Struct({ sessionId: Schema.String })

const Sealed = Schema.fromJsonString(Dialogue)
const encode = Schema.encodeSync(Sealed)
const decode = Schema.decodeUnknownEffect(Sealed)

const aboutOf = ({ sessionId, userId }: { readonly sessionId: string; readonly userId: string }): About => ({
  user: userId,
  purpose: "session",
  record: sessionId,
})

const unsealable = (error: VaultError): StoreError =>
  new StoreError({ operation: "Dialogues.set", reason: "rejected", detail: error.message })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const vault = yield* Vault

  const opened = Effect.fnUntraced(function* ({ sealed, ...row }: typeof Row.Type) {
    if (sealed === null) return Option.none()
    return yield* vault.open(sealed, aboutOf(row)).pipe(
      // What a schema says of a value shows it, and here it may be a secret.
      Effect.flatMap((plain) => Effect.mapError(decode(Redacted.value(plain)), () => ({ message: "of another form" }))),
      Effect.tapError(({ message }) =>
        Effect.logWarning(`a session's question cannot be read and is dropped: ${message}`)
      ),
      Effect.option,
    )
  })

  const of: Dialogues["Service"]["of"] = Effect.fn("Dialogues.of")(function* (telegramId, nowMs) {
    const row = yield* sql`select session_id as "sessionId", user_id as "userId", metadata->>'sealed' as sealed
      from user_sessions
      where telegram_id = ${telegramId} and session_state = 'active' and expires_at > ${at(nowMs)}`.pipe(
      first("Dialogues.of", Row),
    )
    return Option.isNone(row) ? Option.none() : yield* opened(row.value)
  })

  const set: Dialogues["Service"]["set"] = Effect.fn("Dialogues.set")(function* ({ dialogue, nowMs, session }) {
    const metadata = Option.isNone(dialogue) ? {} : {
      sealed: yield* vault.seal(Redacted.make(encode(dialogue.value)), aboutOf(session)).pipe(
        Effect.mapError(unsealable),
      ),
    }
    yield* fenced("Dialogues.set", Written)(
      `session ${session.sessionId}`,
      sql`update user_sessions set metadata = ${sql.json(metadata)}, updated_at = ${at(nowMs)}
        where session_id = ${session.sessionId} and epoch = ${session.epoch} and session_state = 'active'
        returning session_id as "sessionId"`,
    )
  })

  return { of, set }
})

export const layer: Layer.Layer<Dialogues, never, Store | Vault> = Layer.effect(Dialogues, make)
