/**
 * /session: what the user has agreed to.
 *
 * In: a member.
 * Out: the session's state, its end in the user's time zone, and what is sent.
 */
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { duration } from "../../../domain/card/Figures.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { instant, sent } from "../Shown.ts"
import { html } from "../texts/Fluent.ts"

export const session: Command = {
  name: "session",
  run: ({ preferences, session, visit }) => {
    const { language, timeZone } = preferences
    const state = html(language, "session-state", {
      started: instant(session.startedAt, timeZone),
      until: instant(session.expiresAt, timeZone),
      left: duration(session.expiresAt - visit.nowMs, CARD_TEXTS[language].units),
    })
    return say(visit.chatId, [state, "", sent(preferences)].join("\n"))
  },
}
