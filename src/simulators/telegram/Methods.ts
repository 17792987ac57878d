/**
 * The methods of the Bot API this emulator has, by name, and those that only look or administrate.
 * Comes in: the world, parameters, the time. Goes out: what Telegram would answer.
 * Promises: every method is plain synchronous code on the world; getUpdates, which may wait, is in Api.ts.
 */
import { Result } from "effect"
import { type ChatState, checkReach, findChat, isGroup, seconds, wireChat, wireMember } from "./Chats.ts"
import { deleteMyCommands, getMyCommands, setMyCommands } from "./Commands.ts"
import {
  deleteMessage,
  editMessageReplyMarkup,
  editMessageText,
  type Method,
  sendChatAction,
  sendDocument,
  sendMessage,
} from "./Messages.ts"
import { type Answer, badRequest } from "./Outcome.ts"
import { flag, integer, type Params, text } from "./Params.ts"
import * as Updates from "./Updates.ts"
import type { World } from "./World.ts"

const getMe: Method = (world) =>
  Result.succeed({
    ...world.bot,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
  })

const maxAnswerLength = 200

const answerCallbackQuery: Method = (world, params, nowMs) => {
  const callback = world.callbacks.get(text(params, "callback_query_id"))
  const said = text(params, "text")
  if (said.length > maxAnswerLength) return badRequest("MESSAGE_TOO_LONG")
  if (
    callback === undefined || callback.answer !== null ||
    nowMs - callback.askedMs > world.options.callbackTimeoutMs
  ) {
    return badRequest("query is too old and response timeout expired or query ID is invalid")
  }
  callback.answer = { text: said, showAlert: flag(params, "show_alert") }
  return Result.succeed(true)
}

const getChat: Method = (world, params) =>
  Result.gen(function* () {
    const found = yield* findChat(world.chats, params)
    const chat = isGroup(found) ? yield* checkReach(found) : found
    return {
      ...wireChat(chat),
      accent_color_id: 0,
      max_reaction_count: 11,
      accepted_gift_types: {
        unlimited_gifts: false,
        limited_gifts: false,
        unique_gifts: false,
        premium_subscription: false,
        gifts_from_channels: false,
      },
      ...(isGroup(chat) ? { permissions: { can_send_messages: true, can_invite_users: true } } : {}),
    }
  })

/** The chat, if the bot is in it and may look around. */
const joined = (world: World, params: Params): Answer<ChatState> =>
  Result.flatMap(findChat(world.chats, params), (chat) => isGroup(chat) ? checkReach(chat) : Result.succeed(chat))

const getChatMember: Method = (world, params) =>
  Result.gen(function* () {
    const chat = yield* joined(world, params)
    const userId = integer(params, "user_id")
    if (userId === null || userId <= 0) return yield* badRequest("invalid user_id specified")
    const member = chat.members.get(userId)
    return member === undefined ? yield* badRequest("member not found") : wireMember(chat, member)
  })

const getChatAdministrators: Method = (world, params) =>
  Result.gen(function* () {
    const chat = yield* joined(world, params)
    if (chat.type === "private") return yield* badRequest("there are no administrators in the private chat")
    return [...chat.members.values()]
      .filter(({ status }) => status === "creator" || status === "administrator")
      .map((member) => wireMember(chat, member))
  })

const getChatMemberCount: Method = (world, params) =>
  Result.map(
    joined(world, params),
    (chat) => [...chat.members.values()].filter(({ status }) => status !== "left" && status !== "kicked").length,
  )

/** Telegram wants HTTPS; plain HTTP is taken only for this machine, so that a test needs no certificate. */
const webhookRefusal = (url: string): string | null => {
  if (!URL.canParse(url)) return "bad webhook: invalid webhook URL specified"
  const { protocol, hostname } = new URL(url)
  const local = ["127.0.0.1", "localhost", "[::1]"].includes(hostname)
  return protocol === "https:" || (protocol === "http:" && local)
    ? null
    : "bad webhook: An HTTPS URL must be provided for webhook"
}

const removeWebhook = (world: World, params: Params): void => {
  if (flag(params, "drop_pending_updates")) Updates.clear(world.updates)
  world.webhook = null
  world.updates.changed.notify()
}

const setWebhook: Method = (world, params) =>
  Result.gen(function* () {
    const url = text(params, "url")
    const secretToken = text(params, "secret_token")
    if (url !== "") {
      const why = webhookRefusal(url)
      if (why !== null) return yield* badRequest(why)
    }
    if (secretToken.length > 256) return yield* badRequest("secret token is too long")
    if (!/^[A-Za-z0-9_-]*$/.test(secretToken)) {
      return yield* badRequest("secret token contains unallowed characters")
    }
    yield* Updates.allow(world.updates, params)
    removeWebhook(world, params)
    if (url !== "") {
      const maxConnections = Math.min(100, Math.max(1, integer(params, "max_connections") ?? 40))
      world.webhook = { url, secretToken, maxConnections, lastErrorMs: null, lastErrorMessage: "" }
      world.updates.poll++
      world.updates.changed.notify()
    }
    return true
  })

const deleteWebhook: Method = (world, params) => {
  removeWebhook(world, params)
  return Result.succeed(true)
}

const getWebhookInfo: Method = (world) => {
  const { webhook, updates } = world
  return Result.succeed({
    url: webhook?.url ?? "",
    has_custom_certificate: false,
    pending_update_count: updates.pending.length,
    ...(webhook === null ? {} : { max_connections: webhook.maxConnections, ip_address: "127.0.0.1" }),
    ...(webhook === null || webhook.lastErrorMs === null
      ? {}
      : { last_error_date: seconds(webhook.lastErrorMs), last_error_message: webhook.lastErrorMessage }),
    ...(updates.allowed === null ? {} : { allowed_updates: [...updates.allowed] }),
  })
}

const methods: ReadonlyMap<string, Method> = new Map(
  Object.entries({
    getMe,
    setWebhook,
    deleteWebhook,
    getWebhookInfo,
    sendMessage,
    sendDocument,
    editMessageText,
    editMessageReplyMarkup,
    deleteMessage,
    sendChatAction,
    answerCallbackQuery,
    getChat,
    getChatMember,
    getChatAdministrators,
    getChatMemberCount,
    setMyCommands,
    getMyCommands,
    deleteMyCommands,
  }).map(([name, method]) => [name.toLowerCase(), method]),
)

/** Method names are case-insensitive, as Telegram's are. */
export const find = (name: string): Method | undefined => methods.get(name.toLowerCase())
