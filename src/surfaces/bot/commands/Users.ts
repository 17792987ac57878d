/**
 * /users [@name | id]: one user, and what an admin may change of them; without a name, who was seen last.
 *
 * In: an admin.
 * Out: the user's page with its buttons, or a list.
 */
import { Effect, Option } from "effect"
import { escape } from "../../../domain/card/Html.ts"
import { Directory } from "../../../layers/Directory.ts"
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"

const LISTED = 10

export const users: Command = {
  name: "users",
  run: Effect.fn("Command.users")(function* (member) {
    const { preferences: { language }, visit: { argument, chatId, nowMs } } = member
    const directory = yield* Directory
    if (argument !== "") {
      const found = yield* directory.find(argument, nowMs)
      return Option.isNone(found)
        ? yield* say(chatId, html(language, "users-unknown", { who: argument }))
        : yield* open(member, { menu: "user", param: found.value.telegramId })
    }
    const all = yield* directory.users({ role: null, tier: null, limit: LISTED }, nowMs)
    const lines = all.map(({ firstName, role, telegramId, tier, username }) =>
      html(language, "users-line", {
        id: telegramId,
        name: { html: escape(username === null ? firstName ?? "" : `@${username}`, 40) },
        tier,
        role,
      })
    )
    yield* say(chatId, [html(language, "users-title", { count: all.length }), ...lines].join("\n"))
  }),
}
