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
import { instant, shownPreferences } from "../Shown.ts"
import { TEXTS } from "../texts/All.ts"
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
  const texts = TEXTS[preferences.language]
  const name = escape(visit.firstName ?? "", NAME_LENGTH)
  const greeting = outcome === "created"
    ? texts.welcome(name)
    : outcome === "renewed"
    ? texts.welcomeBack(name)
    : texts.alreadyActive
  const until = texts.sessionUntil(instant(session.expiresAt, preferences.timeZone))
  const rest = outcome === "already_active" ? [] : ["", texts.sent(shownPreferences(preferences)), "", texts.consent]
  return say(visit.chatId, [greeting, until, ...rest, "", texts.nextSteps].join("\n"))
}

export const start: Command = {
  name: "start",
  run: (visit) => Effect.flatMap(open(visit), (opened) => greet(visit, opened)),
}
