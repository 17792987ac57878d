/**
 * /session: what the user has agreed to.
 *
 * In: a member.
 * Out: the session's state, its end in the user's time zone, and what is sent.
 */
import { duration } from "../../../domain/card/Figures.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { instant, shownPreferences } from "../Shown.ts"
import { TEXTS } from "../texts/All.ts"

export const session: Command = {
  name: "session",
  run: ({ preferences, session, visit }) => {
    const texts = TEXTS[preferences.language]
    const state = texts.session(
      instant(session.startedAt, preferences.timeZone),
      instant(session.expiresAt, preferences.timeZone),
      duration(session.expiresAt - visit.nowMs, texts.units),
    )
    return say(visit.chatId, [state, "", texts.sent(shownPreferences(preferences))].join("\n"))
  },
}
