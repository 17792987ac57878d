/**
 * Changes of the bot's own standing in a chat.
 *
 * In: my_chat_member updates and migrations of groups. Out: users marked reachable or not, sessions ended. Promises: a
 * block ends the session too, so that unblocking alone consents to nothing: only /start does.
 */
import { Clock, Effect } from "effect"
import { Users } from "../../layers/Users.ts"
import { SessionClient } from "../../actors/Session.ts"
import type { Visit } from "./Visit.ts"

const GONE: ReadonlySet<string> = new Set(["kicked", "left"])

/** `status` is the bot's new one. Somebody we never met stays unknown. */
export const changed = Effect.fn("Standing.changed")(function* (visit: Visit, title: string | null, status: string) {
  const users = yield* Users
  const { chatId, isPrivate, nowMs } = visit
  if (GONE.has(status)) {
    yield* users.deactivate(chatId, nowMs)
    if (isPrivate) yield* Effect.flatMap(SessionClient, (sessions) => sessions.end(chatId))
    return
  }
  yield* users.contact({
    telegramId: chatId,
    username: isPrivate ? visit.username : null,
    firstName: isPrivate ? visit.firstName : title,
    lastName: null,
    isGroup: !isPrivate,
    nowMs,
  })
})

/** A group became a supergroup. */
export const migrated = Effect.fn("Standing.migrated")(function* (from: string, to: string) {
  const users = yield* Users
  yield* users.migrateChat(from, to, yield* Clock.currentTimeMillis)
})
