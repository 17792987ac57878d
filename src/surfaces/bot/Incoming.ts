/**
 * Updates as they come in, by webhook, poll or replay.
 *
 * In: anything. Out: grammY's `Update`, once the parts that the bot reads have been checked. Promises: what passes here
 * cannot make the router fail; kinds and fields the bot does not read are left alone, since Telegram adds new ones.
 */
import { Schema } from "effect"
import type { Update } from "grammy/types"
import type { UpdateKind } from "../../layers/Telegram.ts"

/** The kinds asked of Telegram. */
export const KINDS: ReadonlyArray<UpdateKind> = ["message", "callback_query", "my_chat_member"]

const Party = Schema.Struct({ id: Schema.Int })
const MessageShape = Schema.Struct({
  message_id: Schema.Int,
  chat: Party,
  from: Schema.optionalKey(Party),
  text: Schema.optionalKey(Schema.String),
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
    new_chat_member: Schema.Struct({ status: Schema.String }),
  })),
})

const fits = Schema.is(UpdateShape)

/** Whether the bot may read it. */
export const isUpdate = (value: unknown): value is Update => fits(value)

/** What has to be handled in order: the chat, or for kinds without one a lane of their own. */
export const laneOf = (update: Update): string => {
  const chat = update.message?.chat ?? update.edited_message?.chat ?? update.callback_query?.message?.chat ??
    update.my_chat_member?.chat ?? update.callback_query?.from
  return chat === undefined ? "no chat" : `${chat.id}`
}
