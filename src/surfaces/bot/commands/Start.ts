/**
 * /start, and the button that stands for it: opens or renews the session.
 *
 * In: a visitor. Out: a session, and what it means: until when, what will be sent, how to stop it. Promises: of many
 * starts at once one makes the session; a renewed one finds its settings as they were.
 */
import { Effect } from "effect"
import { escape } from "../../../domain/card/Html.ts"
import { Users } from "../../../layers/Users.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { SessionClient } from "../../../actors/Session.ts"
import { instant, sent } from "../Shown.ts"
import { html } from "../texts/Fluent.ts"
import type { Visit } from "../Visit.ts"

const NAME_LENGTH = 40

/** Opens the session, or extends the one that is. */
export const open = Effect.fn("Start.open")(function* (visit: Visit) {
  const sessions = yield* SessionClient
  const users = yield* Users
  const { chatId, firstName, languageCode, telegramId, username } = visit
  const { outcome, session } = yield* sessions.start({ telegramId, chatId, username, firstName, languageCode })
  return { outcome, session, preferences: yield* users.preferences(session.userId) }
})

type Opened = Effect.Success<ReturnType<typeof open>>

/** Says what a start has led to. */
export const greet = (visit: Visit, { outcome, preferences, session }: Opened) => {
  const { language } = preferences
  const name = escape(visit.firstName ?? "", NAME_LENGTH)
  const called = { name: { html: name === "" ? "" : `, ${name}` } }
  const greeting = outcome === "created"
    ? html(language, "start-welcome", called)
    : outcome === "renewed"
    ? html(language, "start-welcome-back", called)
    : html(language, "start-active")
  const until = html(language, "start-until", { until: instant(session.expiresAt, preferences.timeZone) })
  const rest = outcome === "already_active" ? [] : ["", sent(preferences), "", html(language, "start-consent")]
  return say(visit.chatId, [greeting, until, ...rest, "", html(language, "start-next")].join("\n"))
}

export const start: Command = {
  name: "start",
  run: (visit) => Effect.flatMap(open(visit), (opened) => greet(visit, opened)),
}
