/**
 * /logout: ends the session, and with it all messages.
 *
 * In: a member.
 * Out: no session, nothing owed any more, and a button to start again.
 */
import { Effect } from "effect"
import type { Command } from "../Command.ts"
import { startButton } from "../Gate.ts"
import { say } from "../Replies.ts"
import { SessionClient } from "../../../actors/Session.ts"
import { html } from "../texts/Fluent.ts"

export const logout: Command = {
  name: "logout",
  run: Effect.fn("Command.logout")(function* ({ preferences, visit }) {
    const sessions = yield* SessionClient
    yield* sessions.end(visit.telegramId)
    yield* say(visit.chatId, html(preferences.language, "session-logged-out"), startButton(preferences.language))
  }),
}
