/**
 * /start, and the button that stands for it: opens or renews the session.
 *
 * In: a visitor. Out: a session, and what it means: until when, what will be sent, how to stop it; for a newcomer the
 * guided setup, from where they left it. Promises: of many starts at once one makes the session; a renewed one finds its
 * settings as they were, and nobody is asked again what they have answered or skipped.
 */
import { Effect, Option } from "effect"
import { escape } from "../../../domain/card/Html.ts"
import { Users } from "../../../layers/Users.ts"
import type { Command } from "../Command.ts"
import * as Menus from "../menus/Menus.ts"
import { shown } from "../onboarding/Course.ts"
import { say } from "../Replies.ts"
import { SessionClient } from "../../../actors/Session.ts"
import { instant, sent } from "../Shown.ts"
import { html } from "../texts/Fluent.ts"
import type { Member, Reaction, Visit } from "../Visit.ts"

const NAME_LENGTH = 40

/** Opens the session, or extends the one that is. */
export const open = Effect.fn("Start.open")(function* (visit: Visit) {
  const sessions = yield* SessionClient
  const users = yield* Users
  const { chatId, firstName, languageCode, telegramId, username } = visit
  const { outcome, session } = yield* sessions.start({ telegramId, chatId, username, firstName, languageCode })
  const preferences = yield* users.preferences(session.userId)
  return { outcome, session, preferences, current: yield* users.current(telegramId) }
})

type Opened = Effect.Success<ReturnType<typeof open>>

/** The setup, where it has not ended: the step that they have come to, under the greeting. */
const goOn = Effect.fnUntraced(function* (member: Member, greeting: string) {
  yield* shown(member)
  yield* Menus.open(member, { menu: "onboarding" }, greeting)
})

/** Says what a start has led to. */
export const greet = (visit: Visit, { current, outcome, preferences, session }: Opened): Reaction => {
  const { language } = preferences
  const name = escape(visit.firstName ?? "", NAME_LENGTH)
  const called = { name: { html: name === "" ? "" : `, ${name}` } }
  const greeting = outcome === "created"
    ? html(language, "start-welcome", called)
    : outcome === "renewed"
    ? html(language, "start-welcome-back", called)
    : html(language, "start-active")
  const until = html(language, "start-until", { until: instant(session.expiresAt, preferences.timeZone) })
  if (visit.isPrivate && !session.onboardingCompleted && Option.isSome(current)) {
    const lines = outcome === "created"
      ? [greeting, html(language, "start-consent")]
      : outcome === "renewed"
      ? [greeting, until, html(language, "start-consent")]
      : [greeting, until]
    const { user, version } = current.value
    return goOn({ visit, session, preferences, user, version }, lines.join("\n"))
  }
  const rest = outcome === "already_active" ? [] : ["", sent(preferences), "", html(language, "start-consent")]
  return say(visit.chatId, [greeting, until, ...rest, "", html(language, "start-next")].join("\n"))
}

export const start: Command = {
  name: "start",
  run: (visit) => Effect.flatMap(open(visit), (opened) => greet(visit, opened)),
}
