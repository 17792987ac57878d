/**
 * The Telegram port: the Bot API methods that the product uses, and why one of them did not do what was asked.
 *
 * In: messages, edits, answers, and where updates are to come from. Out: what Telegram said. Implementation:
 * `telegram/` (grammY). Promises: one call makes at most one request (nothing is retried here: the queue reschedules);
 * `Unknown` is said only when the request may have been carried out; no error text holds the bot token.
 */
import { Context, type Effect, type Redacted, Schema } from "effect"
import type { Language } from "../domain/Preferences.ts"

const detail = { detail: Schema.String }

/** Retry after the time; this chat only, unless the call named none. */
export class RateLimited extends Schema.TaggedError<RateLimited>()("RateLimited", { afterMs: Schema.Int }) {}
/** Blocked, kicked, deactivated, not found, or no right to write there. Not retried before the chat's next contact. */
export class ChatGone extends Schema.TaggedError<ChatGone>()("ChatGone", detail) {}
/** The group lives on under a new id: retry there. */
export class Migrated extends Schema.TaggedError<Migrated>()("Migrated", { toChatId: Schema.String }) {}
/** An edit that changes nothing. Not retried: the message is as wanted. */
export class NotModified extends Schema.TaggedError<NotModified>()("NotModified", {}) {}
/** Never accepted as it is. Not retried. */
export class Refused extends Schema.TaggedError<Refused>()("Refused", { status: Schema.Int, ...detail }) {}
/** Surely not carried out: no connection, 5xx, a wrong token, another poller. Worth a retry. */
export class Unavailable extends Schema.TaggedError<Unavailable>()("Unavailable", detail) {}
/** Sent, and nobody knows what became of it. The caller decides whether twice is better than never. */
export class Unknown extends Schema.TaggedError<Unknown>()("Unknown", detail) {}

export const TelegramReason = Schema.Union([
  RateLimited,
  ChatGone,
  Migrated,
  NotModified,
  Refused,
  Unavailable,
  Unknown,
])
export type TelegramReason = typeof TelegramReason.Type

export class TelegramError extends Schema.TaggedError<TelegramError>()("TelegramError", {
  /** The Bot API's name of what was called. */
  method: Schema.String,
  reason: TelegramReason,
}) {
  get retryable(): boolean {
    const { _tag } = this.reason
    return _tag === "RateLimited" || _tag === "Migrated" || _tag === "Unavailable"
  }

  override get message(): string {
    const { reason } = this
    return `${this.method}: ${reason._tag}${"detail" in reason ? ` (${reason.detail})` : ""}`
  }
}

/** `callback_data` comes back with a tap; `url` opens. */
export type Button =
  | { readonly text: string; readonly callback_data: string }
  | { readonly text: string; readonly url: string }

export type Buttons = ReadonlyArray<ReadonlyArray<Button>>

/**
 * What takes the place of the person's own keyboard, in private chats: a button that sends where they are and one that
 * says no, or (null) their keyboard again. A message has this or buttons, never both.
 */
export type ReplyKeyboard = { readonly location: string; readonly refusal: string } | null

/** A standing in a group or channel, as Telegram names it. */
export const MemberStatus = Schema.Literals(["creator", "administrator", "member", "restricted", "left", "kicked"])

export interface ChatMember {
  readonly status: typeof MemberStatus.Type
  /** Of a channel: whether they may post; the owner always may. */
  readonly canPost: boolean
}

/** Whether they may decide for the chat. */
export const isAdmin = ({ status }: ChatMember): boolean => status === "creator" || status === "administrator"

/** Where a menu of commands holds; Telegram shows the narrowest one. */
export type MenuScope =
  | { readonly type: "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" }
  | { readonly type: "chat"; readonly chatId: string }

/** An update as it came, whatever it holds. */
export interface RawUpdate {
  readonly updateId: number
  readonly payload: unknown
}

type Call<A = void> = Effect.Effect<A, TelegramError>

export class Telegram extends Context.Service<Telegram, {
  /** Out: the message's id. Links show no preview. */
  readonly send: (message: {
    readonly chatId: string
    /** The topic of a forum; left out or null: the general one. */
    readonly threadId?: number | null
    readonly html: string
    readonly buttons: Buttons
    /** Instead of buttons; left out: it stays as it is. */
    readonly keyboard?: ReplyKeyboard
  }) => Call<number>
  /** A file of text with an HTML caption (at most 1,024 characters). Out: the message's id. */
  readonly sendFile: (message: {
    readonly chatId: string
    readonly fileName: string
    readonly content: string
    readonly caption: string
  }) => Call<number>
  readonly edit: (message: {
    readonly chatId: string
    readonly messageId: number
    readonly html: string
    readonly buttons: Buttons
  }) => Call
  /** Other buttons under the same text. */
  readonly editButtons: (message: {
    readonly chatId: string
    readonly messageId: number
    readonly buttons: Buttons
  }) => Call
  /** Takes a message away for both sides: one's own, or in a private chat anybody's of the last 48 hours. */
  readonly erase: (message: { readonly chatId: string; readonly messageId: number }) => Call
  /** Answers a tap: at most 200 characters, as a passing line or (`alert`) a window. */
  readonly answerTap: (answer: { readonly queryId: string; readonly text: string; readonly alert: boolean }) => Call
  /** Somebody's standing in a group or channel. Who is not there, or whom Telegram does not know, has left. */
  readonly memberOf: (member: { readonly chatId: string; readonly userId: string }) => Call<ChatMember>
  /** Who this bot is. */
  readonly me: Call<{ readonly id: number; readonly firstName: string; readonly username: string }>
  /** The menu of commands where `scope` says, for apps in one language, or (null) for all that have none of their own. */
  readonly setMenu: (menu: {
    readonly scope: MenuScope
    readonly language: Language | null
    readonly commands: ReadonlyArray<{ readonly command: string; readonly description: string }>
  }) => Call
  /** Takes a menu away: the chat goes by the next wider one. */
  readonly deleteMenu: (menu: { readonly scope: MenuScope; readonly language: Language | null }) => Call
  /** Updates from an offset on, which confirms all before it. Held back for `holdSeconds` while there are none. */
  readonly updates: (poll: {
    readonly offset: number
    readonly holdSeconds: number
    readonly kinds: ReadonlyArray<UpdateKind>
  }) => Call<ReadonlyArray<RawUpdate>>
  /** From now on updates are posted to the address, with the secret in a header. */
  readonly setWebhook: (webhook: {
    readonly url: string
    readonly secret: Redacted.Redacted
    readonly kinds: ReadonlyArray<UpdateKind>
  }) => Call
  /** From now on updates are polled. */
  readonly deleteWebhook: Call
}>()("arbedge/Telegram") {}

export type UpdateKind = "message" | "callback_query" | "my_chat_member" | "chat_member"
