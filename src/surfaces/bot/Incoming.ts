/**
 * Updates as they come in, by webhook, poll or replay.
 *
 * In: anything. Out: grammY's `Update`, once the parts that the bot reads have been checked. Promises: what passes here
 * can be stored and cannot make the router fail; kinds and fields the bot does not read are left alone, since Telegram adds new ones.
 */
import { Option, Schema } from "effect"
import type { Update } from "grammy/types"
import type { UpdateKind } from "../../layers/Telegram.ts"

/** The kinds asked of Telegram. */
export const KINDS: ReadonlyArray<UpdateKind> = ["message", "callback_query", "my_chat_member", "chat_member"]

const Party = Schema.Struct({ id: Schema.Int })
const MessageShape = Schema.Struct({
  message_id: Schema.Int,
  chat: Party,
  from: Schema.optionalKey(Party),
  text: Schema.optionalKey(Schema.String),
  location: Schema.optionalKey(Schema.Struct({ latitude: Schema.Finite, longitude: Schema.Finite })),
})

export const UpdateShape = Schema.Struct({
  update_id: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)),
  message: Schema.optionalKey(MessageShape),
  edited_message: Schema.optionalKey(MessageShape),
  callback_query: Schema.optionalKey(Schema.Struct({
    id: Schema.String,
    from: Party,
    data: Schema.optionalKey(Schema.String),
    message: Schema.optionalKey(Schema.Struct({ message_id: Schema.Int, chat: Party })),
  })),
  my_chat_member: Schema.optionalKey(Schema.Struct({
    chat: Party,
    from: Party,
    old_chat_member: Schema.optionalKey(Schema.Struct({ status: Schema.String })),
    new_chat_member: Schema.Struct({ status: Schema.String }),
  })),
  chat_member: Schema.optionalKey(Schema.Struct({
    chat: Party,
    new_chat_member: Schema.Struct({ status: Schema.String, user: Party }),
  })),
})

const fits = Schema.is(UpdateShape)
const isUpdate = (value: unknown): value is Update => fits(value)

/** Deeper than anything Telegram sends; what lies below is dropped. */
const MAX_DEPTH = 32

/** What no database takes is taken out of texts: NUL and halves of characters. */
const cleanText = (text: string): string => text.replaceAll("\u0000", "").toWellFormed()

const clean = (value: unknown, depth: number): unknown => {
  if (typeof value === "string") return cleanText(value)
  if (typeof value !== "object" || value === null) return value
  if (depth === MAX_DEPTH) return null
  if (Array.isArray(value)) return value.map((each: unknown) => clean(each, depth + 1))
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [cleanText(key), clean(each, depth + 1)]))
}

/** The update, ready to be stored and handled; none if the bot cannot read it. */
export const read = (value: unknown): Option.Option<Update> => {
  const cleaned = clean(value, 0)
  return isUpdate(cleaned) ? Option.some(cleaned) : Option.none()
}

/** What has to be handled in order: the chat, or for kinds without one a lane of their own. */
export const laneOf = (update: Update): string => {
  const chat = update.message?.chat ?? update.edited_message?.chat ?? update.callback_query?.message?.chat ??
    update.my_chat_member?.chat ??
    update.chat_member?.chat ?? update.callback_query?.from
  return chat === undefined ? "no chat" : `${chat.id}`
}
