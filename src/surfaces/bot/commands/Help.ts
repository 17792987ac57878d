/**
 * /help: what there is.
 *
 * In: a visitor, with or without a session.
 * Out: the commands, each in a line.
 */
import { Effect } from "effect"
import type { Command, CommandName } from "../Command.ts"
import { languageOf } from "../Gate.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"

const LISTED: ReadonlyArray<CommandName> = ["start", "opportunities", "session", "logout", "help"]

export const help: Command = {
  name: "help",
  run: (visit) =>
    Effect.flatMap(languageOf(visit), (language) => {
      const lines = LISTED.map((name) => `/${name} — ${html(language, `command-${name}`)}`)
      return say(
        visit.chatId,
        [html(language, "help-intro"), "", ...lines, "", html(language, "help-session")].join("\n"),
      )
    }),
}
