/**
 * The chats of the simulated Telegram and what stands in them.
 * Comes in: people, groups and messages. Goes out: Telegram-shaped users, chats and messages, and whether a bot may
 * write there. Promises: message ids rise by one in each chat; a chat remembers its last `historyLimit` messages, and
 * what they say for as long as it is asked to.
 */
import { Result } from "effect"
import type { Entity, FormattedText } from "./HtmlEntities.ts"
import type { InlineKeyboard } from "./Keyboards.ts"
import { type Answer, badRequest, forbidden } from "./Outcome.ts"
import { type Params, text, type UploadedFile } from "./Params.ts"

export interface User {
  readonly id: number
  readonly is_bot: boolean
  readonly first_name: string
  readonly last_name?: string
  readonly username?: string
  readonly language_code?: string
}

export type ChatType = "private" | "group" | "supergroup" | "channel"
export type MemberStatus = "creator" | "administrator" | "member" | "restricted" | "left" | "kicked"

export interface Member {
  readonly user: User
  readonly status: MemberStatus
}

export interface StoredMessage extends FormattedText {
  readonly messageId: number
  /** null in a channel, where the chat itself speaks. */
  readonly from: User | null
  readonly dateMs: number
  readonly editedMs: number | null
  readonly keyboard: InlineKeyboard | null
  readonly replyToMessageId: number | null
  /** The topic it stands in; null: none, or the general one. */
  readonly threadId: number | null
  /** A file sent with it: then `text` is its caption. */
  readonly document?: UploadedFile
  /** Fields of a service message, such as migrate_to_chat_id. */
  readonly service: Readonly<Record<string, unknown>> | null
}

export interface ChatState {
  readonly id: number
  readonly type: ChatType
  /** `first_name` or `title`, and `username`: what every Chat object shows. */
  readonly names: Readonly<Record<string, string>>
  readonly members: Map<number, Member>
  readonly messages: Map<number, StoredMessage>
  /** Open topics of a forum. */
  readonly topics: ReadonlySet<number>
  nextMessageId: number
  /** What messages before this one say is forgotten. */
  oldestWorded: number
  /** Whether the bot may write here: a person blocks it or has not started it, a group removes it. */
  reach: "open" | "blocked" | "not_started" | "kicked"
  migratedTo: number | null
}

/** Messages a chat remembers; older ones are forgotten and can no longer be edited. */
export const historyLimit = 10_000

export const makeChat = (
  chat: Pick<ChatState, "id" | "type" | "names"> & {
    readonly members: ReadonlyArray<Member>
    readonly topics?: ReadonlyArray<number>
  },
): ChatState => ({
  ...chat,
  members: new Map(chat.members.map((member) => [member.user.id, member])),
  topics: new Set(chat.topics),
  messages: new Map(),
  nextMessageId: 1,
  oldestWorded: 1,
  reach: "open",
  migratedTo: null,
})

export const isGroup = (chat: ChatState): boolean => chat.type === "group" || chat.type === "supergroup"

export const wireChat = (chat: ChatState): Readonly<Record<string, unknown>> => ({
  id: chat.id,
  ...chat.names,
  type: chat.type,
  ...(chat.topics.size === 0 ? {} : { is_forum: true }),
})

/** A member with the rights of its standing; in a channel an admin may post. */
export const wireMember = (chat: ChatState, { status, user }: Member): Readonly<Record<string, unknown>> => {
  switch (status) {
    case "creator":
      return { user, status, is_anonymous: false }
    case "administrator":
      return {
        user,
        status,
        can_be_edited: false,
        is_anonymous: false,
        can_manage_chat: true,
        can_delete_messages: true,
        ...(chat.type === "channel" ? { can_post_messages: true, can_edit_messages: true } : {}),
      }
    case "restricted":
      return { user, status, is_member: true, can_send_messages: false, until_date: 0 }
    case "kicked":
      return { user, status, until_date: 0 }
    default:
      return { user, status }
  }
}

export const seconds = (ms: number): number => Math.floor(ms / 1_000)

/** The Message object of the Bot API. */
const worded = ({ document, text }: StoredMessage): Readonly<Record<string, unknown>> =>
  document === undefined ? { text } : {
    document: { file_id: `file-${document.fileName}`, file_name: document.fileName },
    ...(text === "" ? {} : { caption: text }),
  }

export const wireMessage = (chat: ChatState, message: StoredMessage): Readonly<Record<string, unknown>> => {
  const repliedTo = message.replyToMessageId === null ? undefined : chat.messages.get(message.replyToMessageId)
  return {
    message_id: message.messageId,
    ...(message.from === null ? { sender_chat: wireChat(chat) } : { from: message.from }),
    chat: wireChat(chat),
    date: seconds(message.dateMs),
    ...(message.threadId === null ? {} : { message_thread_id: message.threadId, is_topic_message: true }),
    ...(message.editedMs === null ? {} : { edit_date: seconds(message.editedMs) }),
    ...(repliedTo === undefined
      ? {}
      : { reply_to_message: wireMessage(chat, { ...repliedTo, replyToMessageId: null }) }),
    ...(message.service ?? worded(message)),
    ...(message.entities.length === 0 ? {} : { entities: message.entities }),
    ...(message.keyboard === null ? {} : { reply_markup: message.keyboard }),
  }
}

/** Still a message that can be edited, deleted and replied to. */
const wordless = ({ document: _, ...message }: StoredMessage): StoredMessage => ({
  ...message,
  text: "",
  entities: [],
  keyboard: null,
})

const forgetWords = (chat: ChatState, beforeMs: number): void => {
  for (; chat.oldestWorded < chat.nextMessageId; chat.oldestWorded++) {
    const message = chat.messages.get(chat.oldestWorded)
    if (message === undefined) continue
    if ((message.editedMs ?? message.dateMs) >= beforeMs) return
    chat.messages.set(message.messageId, wordless(message))
  }
}

/** Adds a message to a chat and gives it the next id. What others say that nobody touched for `wordsKeptMs` is forgotten. */
export const append = (
  chat: ChatState,
  message: Omit<StoredMessage, "messageId">,
  wordsKeptMs: number,
): StoredMessage => {
  forgetWords(chat, message.dateMs - wordsKeptMs)
  const stored = { ...message, messageId: chat.nextMessageId++ }
  chat.messages.set(stored.messageId, stored)
  if (chat.messages.size > historyLimit) {
    const oldest = chat.messages.keys().next()
    if (oldest.done !== true) chat.messages.delete(oldest.value)
  }
  return stored
}

/** Puts an edited message in its place. */
export const replace = (chat: ChatState, message: StoredMessage): void => {
  chat.messages.set(message.messageId, message)
  chat.oldestWorded = Math.min(chat.oldestWorded, message.messageId)
}

/** Commands at the places where Telegram marks them. */
export const commandEntities = (said: string): ReadonlyArray<Entity> =>
  [...said.matchAll(/(^|\s)(\/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?)(?![\w/])/g)].map((match) => ({
    type: "bot_command",
    offset: match.index + (match[1] ?? "").length,
    length: (match[2] ?? "").length,
  }))

/** The chat a call names, by id or by @username. */
export const findChat = (chats: ReadonlyMap<number, ChatState>, params: Params): Answer<ChatState> => {
  const named = text(params, "chat_id")
  if (named === "") return badRequest("chat_id is empty")
  const chat = named.startsWith("@")
    ? [...chats.values()].find((each) => each.type !== "private" && each.names["username"] === named.slice(1))
    : chats.get(Number(named))
  return chat === undefined ? badRequest("chat not found") : Result.succeed(chat)
}

/** Whether the bot may write to the chat, in Telegram's words where it may not. */
export const checkReach = (chat: ChatState): Answer<ChatState> => {
  if (chat.migratedTo !== null) {
    return badRequest("group chat was upgraded to a supergroup chat", { migrate_to_chat_id: chat.migratedTo })
  }
  switch (chat.reach) {
    case "open":
      return Result.succeed(chat)
    case "blocked":
      return forbidden("bot was blocked by the user")
    case "not_started":
      return forbidden("bot can't initiate conversation with a user")
    case "kicked":
      return forbidden(`bot was kicked from the ${chat.type === "private" ? "group" : chat.type} chat`)
  }
}
