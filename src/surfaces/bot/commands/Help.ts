/**
 * /help: what the asker may use here.
 *
 * In: a visitor, with or without a session. Out: the commands, each in a line. Promises: the table of permissions decides:
 * what one's role, plan, beta access or the place denies is not listed.
 */
import { Effect, Option } from "effect"
import { isOffered } from "../../../domain/Permission.ts"
import { isBetaAt } from "../../../domain/User.ts"
import { Users } from "../../../layers/Users.ts"
import type { Command, CommandName } from "../Command.ts"
import { languageOf, placeOf } from "../Gate.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"

/** `commands`: all there are, in the order in which they are listed. */
export const helpOf = (commands: () => ReadonlyArray<CommandName>): Command => ({
  name: "help",
  run: Effect.fn("Command.help")(function* (visit) {
    const users = yield* Users
    const language = yield* languageOf(visit)
    const user = Option.getOrNull(yield* users.byTelegramId(visit.telegramId))
    const asker = {
      role: user?.role ?? "user",
      tier: user?.tier ?? "free",
      place: placeOf(visit),
      isBeta: user !== null && isBetaAt(user, visit.nowMs),
    } as const
    const lines = commands().filter((name) => isOffered(name, asker))
      .map((name) => `/${name} — ${html(language, `command-${name}`)}`)
    yield* say(
      visit.chatId,
      [html(language, "help-intro"), "", ...lines, "", html(language, "help-session")].join("\n"),
    )
  }),
})
