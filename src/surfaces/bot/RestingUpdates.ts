/**
 * How updates rest in the table until they have been handled: what people type in private is sealed there.
 *
 * In: updates. Out: what is stored, and the update again. Promises: a typed text may be a part of a key, so it never
 * rests in the clear where a master key is set (without one no keys are asked for); commands and taps stay readable; an
 * envelope that cannot be opened any more is passed over and told, without what is in it.
 */
import { Effect, Option, Redacted, Schema } from "effect"
import type { Update } from "grammy/types"
import { type About, Vault } from "../../layers/Vault.ts"
import { read } from "./Incoming.ts"
import { calledIn } from "./Router.ts"

const Resting = Schema.Struct({ chat: Schema.String, sealed: Schema.String })
const decodeResting = Schema.decodeUnknownOption(Resting)
const Json = Schema.fromJsonString(Schema.Unknown)
const encodeJson = Schema.encodeUnknownEffect(Json)
const decodeJson = Schema.decodeUnknownEffect(Json)

/** The chat whose typed words these are; null: nobody types secrets so. */
const typedIn = ({ edited_message, message }: Update): string | null => {
  const said = message ?? edited_message
  if (said === undefined || said.chat.id <= 0) return null
  return said.text !== undefined && calledIn(said.text) !== null ? null : `${said.chat.id}`
}

const aboutOf = (chat: string, updateId: number): About => ({ user: chat, purpose: "update", record: `${updateId}` })

export const make = Effect.gen(function* () {
  const vault = yield* Vault

  /** What is stored of it. */
  const resting = (update: Update): Effect.Effect<unknown> => {
    const chat = typedIn(update)
    if (chat === null) return Effect.succeed(update)
    return encodeJson(update).pipe(
      Effect.flatMap((json) => vault.seal(Redacted.make(json), aboutOf(chat, update.update_id))),
      Effect.match({ onFailure: (): unknown => update, onSuccess: (sealed): unknown => ({ chat, sealed }) }),
    )
  }

  /** The update of what was stored; none: it cannot be read. */
  const awake = Effect.fnUntraced(function* (updateId: number, payload: unknown) {
    const found = decodeResting(payload)
    if (Option.isNone(found)) return read(payload)
    const { chat, sealed } = found.value
    return yield* vault.open(sealed, aboutOf(chat, updateId)).pipe(
      Effect.tapError((error) =>
        Effect.logError(`update ${updateId} cannot be opened and is passed over: ${error.reason}`)
      ),
      Effect.flatMap((plain) => decodeJson(Redacted.value(plain))),
      Effect.match({ onFailure: () => Option.none<Update>(), onSuccess: read }),
    )
  })

  return { resting, awake }
})
