/**
 * Methods that write in a chat: send, edit, delete, and "typing".
 * Comes in: the world, a call's parameters, the time. Goes out: the message as Telegram answers it, or a refusal.
 * Promises: a call is checked in full, then takes its place in the limits, and only then changes the chat; edits count
 * as sends. Lengths are UTF-16 units after entity parsing, the strictest reading of "4096 characters".
 */
import { Result } from "effect"
import {
  append,
  type ChatState,
  checkReach,
  findChat,
  isGroup,
  replace,
  type StoredMessage,
  wireMessage,
} from "./Chats.ts"
import { type Entity, type FormattedText, parse, trim } from "./HtmlEntities.ts"
import { readMarkup } from "./Keyboards.ts"
import { admit } from "./Limits.ts"
import { type Answer, badRequest, tooManyRequests } from "./Outcome.ts"
import { file, flag, integer, isRecord, json, type Params, text } from "./Params.ts"
import type { World } from "./World.ts"

export type Method = (world: World, params: Params, nowMs: number) => Answer

const maxTextLength = 4_096
/** A bot may delete its own messages for so long. */
const deletableMs = 48 * 60 * 60 * 1_000

const readEntities = (params: Params): Answer<ReadonlyArray<Entity>> =>
  Result.gen(function* () {
    const complaint = "can't parse entities: can't parse entities JSON object"
    const list = yield* json(params, "entities", complaint)
    if (list === null) return []
    if (!Array.isArray(list)) return yield* badRequest(complaint)
    const entities: Array<Entity> = []
    for (const each of list) {
      if (!isRecord(each)) return yield* badRequest("can't parse entities: expected an Object as MessageEntity")
      const { type, offset, length } = each
      if (typeof type !== "string" || typeof offset !== "number" || typeof length !== "number") {
        return yield* badRequest("can't parse entities: MessageEntity needs type, offset and length")
      }
      entities.push({ ...each, type, offset, length })
    }
    return entities
  })

const readText = (params: Params): Answer<FormattedText> =>
  Result.gen(function* () {
    const source = text(params, "text")
    if (!source.isWellFormed()) return yield* badRequest("strings must be encoded in UTF-8")
    const parseMode = text(params, "parse_mode").toLowerCase()
    if (parseMode !== "" && parseMode !== "none" && parseMode !== "html") {
      return yield* badRequest("unsupported parse_mode")
    }
    const formatted = parseMode === "html"
      ? yield* parse(source)
      : trim({ text: source, entities: yield* readEntities(params) })
    if (formatted.text === "") return yield* badRequest("message text is empty")
    if (formatted.text.length > maxTextLength) return yield* badRequest("message is too long")
    return formatted
  })

/** The chat, if the bot may write there at all. */
const writable = (world: World, params: Params): Answer<ChatState> =>
  Result.gen(function* () {
    const chat = yield* checkReach(yield* findChat(world.chats, params))
    const status = chat.members.get(world.bot.id)?.status
    if (chat.type === "channel" && status !== "administrator" && status !== "creator") {
      return yield* badRequest("need administrator rights in the channel chat")
    }
    if (status === "restricted") return yield* badRequest("not enough rights to send text messages to the chat")
    return chat
  })

const takeTurn = (world: World, chat: ChatState, nowMs: number): Answer<void> => {
  const retryAfter = admit(world.limiter, chat.id, isGroup(chat), nowMs)
  return retryAfter === 0 ? Result.succeed(undefined) : Result.fail(tooManyRequests(retryAfter))
}

const readReply = (chat: ChatState, params: Params): Answer<number | null> =>
  Result.gen(function* () {
    const reply = yield* json(params, "reply_parameters", "can't parse reply parameters JSON object")
    const options = isRecord(reply) ? reply : {
      message_id: params["reply_to_message_id"],
      allow_sending_without_reply: params["allow_sending_without_reply"],
    }
    const messageId = integer(options, "message_id")
    if (messageId === null || chat.messages.has(messageId)) return messageId
    return flag(options, "allow_sending_without_reply") ? null : yield* badRequest("message to be replied not found")
  })

export const sendMessage: Method = (world, params, nowMs) =>
  Result.gen(function* () {
    const formatted = yield* readText(params)
    const markup = yield* readMarkup(params)
    const chat = yield* writable(world, params)
    const replyToMessageId = yield* readReply(chat, params)
    const threadId = integer(params, "message_thread_id")
    if (threadId !== null && !chat.topics.has(threadId)) return yield* badRequest("message thread not found")
    yield* takeTurn(world, chat, nowMs)
    const stored = append(chat, {
      ...formatted,
      from: chat.type === "channel" ? null : world.bot,
      dateMs: nowMs,
      editedMs: null,
      keyboard: markup?.inline ?? null,
      replyToMessageId,
      threadId,
      service: null,
    }, world.options.wordsKeptMs)
    return wireMessage(chat, stored)
  })

const maxCaptionLength = 1_024

/** Only uploads: there are no files here that an id could name. */
export const sendDocument: Method = (world, params, nowMs) =>
  Result.gen(function* () {
    const document = file(params, "document")
    if (document === null) return yield* badRequest("there is no document in the request")
    const source = text(params, "caption")
    const caption = text(params, "parse_mode").toLowerCase() === "html"
      ? yield* parse(source)
      : trim({ text: source, entities: [] })
    if (caption.text.length > maxCaptionLength) return yield* badRequest("message caption is too long")
    const chat = yield* writable(world, params)
    yield* takeTurn(world, chat, nowMs)
    const stored = append(chat, {
      ...caption,
      from: chat.type === "channel" ? null : world.bot,
      dateMs: nowMs,
      editedMs: null,
      keyboard: null,
      replyToMessageId: null,
      threadId: null,
      document,
      service: null,
    }, world.options.wordsKeptMs)
    return wireMessage(chat, stored)
  })

/** The bot's own message that an edit names. */
const editable = (world: World, chat: ChatState, params: Params): Answer<StoredMessage> => {
  const messageId = integer(params, "message_id")
  if (messageId === null) return badRequest("message identifier is not specified")
  const message = chat.messages.get(messageId)
  if (message === undefined) return badRequest("message to edit not found")
  const own = message.from === null || message.from.id === world.bot.id
  return own && message.service === null ? Result.succeed(message) : badRequest("message can't be edited")
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

const edit = (world: World, params: Params, nowMs: number, formatted: FormattedText | null): Answer =>
  Result.gen(function* () {
    const markup = yield* readMarkup(params)
    const chat = yield* writable(world, params)
    const message = yield* editable(world, chat, params)
    const edited: StoredMessage = {
      ...message,
      ...(formatted ?? {}),
      // An edit without a markup takes the buttons away.
      keyboard: markup?.inline ?? null,
      editedMs: nowMs,
    }
    if (
      edited.text === message.text && same(edited.entities, message.entities) && same(edited.keyboard, message.keyboard)
    ) {
      return yield* badRequest(
        "message is not modified: specified new message content and reply markup are exactly the same as a current " +
          "content and reply markup of the message",
      )
    }
    yield* takeTurn(world, chat, nowMs)
    replace(chat, edited)
    return wireMessage(chat, edited)
  })

export const editMessageText: Method = (world, params, nowMs) =>
  Result.flatMap(readText(params), (formatted) => edit(world, params, nowMs, formatted))

export const editMessageReplyMarkup: Method = (world, params, nowMs) => edit(world, params, nowMs, null)

export const deleteMessage: Method = (world, params, nowMs) =>
  Result.gen(function* () {
    const chat = yield* checkReach(yield* findChat(world.chats, params))
    const messageId = integer(params, "message_id")
    if (messageId === null) return yield* badRequest("message identifier is not specified")
    const message = chat.messages.get(messageId)
    if (message === undefined) return yield* badRequest("message to delete not found")
    const own = message.from === null || message.from.id === world.bot.id
    const administrator = chat.members.get(world.bot.id)?.status === "administrator"
    if (!own && chat.type !== "private" && !administrator) return yield* badRequest("message can't be deleted")
    if (nowMs - message.dateMs > deletableMs && !administrator) {
      return yield* badRequest("message can't be deleted for everyone")
    }
    chat.messages.delete(messageId)
    return true
  })

const actions = [
  "typing",
  "upload_photo",
  "record_video",
  "upload_video",
  "record_voice",
  "upload_voice",
  "upload_document",
  "choose_sticker",
  "find_location",
  "record_video_note",
  "upload_video_note",
]

export const sendChatAction: Method = (world, params) =>
  Result.gen(function* () {
    yield* writable(world, params)
    const action = text(params, "action").toLowerCase()
    return actions.includes(action) ? true : yield* badRequest("wrong parameter action in request")
  })
