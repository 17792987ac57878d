/**
 * Changes of the bot's own standing in a chat.
 *
 *   private: blocked --> unreachable, session ended     unblocked --> reachable; only /start consents
 *   group:   added by an admin with a session --> registered    by anybody else --> asks for one
 *   channel: may post --> whoever added the bot is asked privately, if they have a session
 *   group or channel: removed, or muted --> ended, and its registrar is told
 *
 * In: my_chat_member updates and migrations of groups. Out: users marked reachable or not, sessions ended, groups
 * registered and ended. Promises: a block ends the session too, so that unblocking alone consents to nothing; nothing is
 * sent to a group that nobody registered but how to register it.
 */
import { Clock, Effect, Option } from "effect"
import { Groups } from "../../layers/Groups.ts"
import { Users } from "../../layers/Users.ts"
import { SessionClient } from "../../actors/Session.ts"
import { admit, languageOf, privateButton } from "./Gate.ts"
import { tellAll } from "./groups/Registrars.ts"
import { register } from "./groups/Registration.ts"
import { mayDecide } from "./groups/Rights.ts"
import * as Menus from "./menus/Menus.ts"
import { say } from "./Replies.ts"
import { html } from "./texts/Fluent.ts"
import type { Member, Visit } from "./Visit.ts"

const GONE: ReadonlySet<string> = new Set(["kicked", "left"])

/** The bot's standing as it was and is. */
export interface Change {
  readonly title: string | null
  readonly isChannel: boolean
  /** Null: Telegram did not say. */
  readonly before: string | null
  readonly status: string
  /** Of a channel: whether the bot may post. */
  readonly canPost: boolean
}

const removed = Effect.fn("Standing.removed")(function* ({ chatId, isPrivate, nowMs }: Visit) {
  const users = yield* Users
  yield* users.deactivate(chatId, nowMs)
  if (isPrivate) return yield* Effect.flatMap(SessionClient, (sessions) => sessions.end(chatId))
  yield* Effect.flatMap(Groups, (groups) => groups.remove(chatId, nowMs))
  yield* tellAll
})

/** The bot is there and may not speak. */
const muted = Effect.fn("Standing.muted")(function* ({ chatId, nowMs }: Visit) {
  yield* Effect.flatMap(Groups, (groups) => groups.pause(chatId, "bot_rights", nowMs))
  yield* tellAll
})

/** The same member, in their private chat. */
const inPrivate = (member: Member): Member => ({
  ...member,
  visit: { ...member.visit, chatId: member.visit.telegramId, isPrivate: true },
})

const added = Effect.fn("Standing.added")(function* (visit: Visit, { isChannel, title }: Change) {
  const admission = yield* admit(visit, null, isChannel ? "channel:added" : "group:added")
  const may = admission._tag === "Member" && (yield* mayDecide(visit.chatId, visit.telegramId))
  if (admission._tag === "Member" && may) {
    const { member } = admission
    if (isChannel) return yield* Menus.open(inPrivate(member), { menu: "channel-yes", param: visit.chatId })
    yield* register(member, { chatId: visit.chatId, kind: "group", title, threadId: null })
    yield* say(visit.chatId, html(member.preferences.language, "group-registered", { title: title ?? "" }))
    return yield* Menus.open(member, { menu: "group", param: "" })
  }
  if (isChannel) return
  const language = yield* languageOf(visit)
  yield* say(visit.chatId, html(language, "group-hello"), privateButton(visit, language, "group"))
})

/** Somebody we never met stays unknown. */
export const changed = Effect.fn("Standing.changed")(function* (visit: Visit, change: Change) {
  const users = yield* Users
  const { chatId, isPrivate, nowMs } = visit
  const { before, canPost, isChannel, status, title } = change
  if (GONE.has(status)) return yield* removed(visit)
  if (!isPrivate && (status === "restricted" || (isChannel && !canPost))) return yield* muted(visit)
  yield* users.contact({
    telegramId: chatId,
    username: isPrivate ? visit.username : null,
    firstName: isPrivate ? visit.firstName : title,
    lastName: null,
    isGroup: !isPrivate,
    nowMs,
  })
  if (isPrivate) return
  const group = yield* Effect.flatMap(Groups, (groups) => groups.get(chatId))
  const isNew = before === null || GONE.has(before) || (isChannel && before !== "administrator")
  const ended = Option.isNone(group) || group.value.state === "removed" || group.value.reason === "bot_rights"
  if (isNew && ended) yield* added(visit, change)
})

/** A group became a supergroup. */
export const migrated = Effect.fn("Standing.migrated")(function* (from: string, to: string) {
  const users = yield* Users
  yield* users.migrateChat(from, to, yield* Clock.currentTimeMillis)
})
