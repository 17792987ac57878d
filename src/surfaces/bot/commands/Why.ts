/**
 * /why ID: why the user was, or was not, told of an opportunity.
 *
 * In: a member, an id or how it begins. Out: what became of the notification, and every check of eligibility as of now
 * with the values compared. Promises: in a group it is the group's own trace, so that nobody's wishes are shown to
 * others; several that begin so are not guessed at.
 */
import { Effect, Option } from "effect"
import { Opportunities } from "../../../layers/Opportunities.ts"
import { Users } from "../../../layers/Users.ts"
import { traceUser } from "../../../programs/UserTraces.ts"
import type { Command } from "../Command.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import { traceHtml } from "../Trace.ts"
import type { Member } from "../Visit.ts"

/** Fewer digits than these name nothing. */
const PREFIX = /^[0-9a-f]{6,32}$/

/** Whom the chat stands for. */
export const tracedUser = Effect.fnUntraced(function* ({ user, visit: { chatId, isPrivate } }: Member) {
  if (isPrivate) return user
  const users = yield* Users
  return Option.getOrElse(yield* users.byTelegramId(chatId), () => user)
})

export const why: Command = {
  name: "why",
  run: Effect.fn("Command.why")(function* (member) {
    const { preferences, visit: { argument, chatId } } = member
    const { language } = preferences
    const wanted = argument.toLowerCase()
    if (!PREFIX.test(wanted)) return yield* say(chatId, html(language, "why-usage"))
    const [found, another] = yield* Effect.flatMap(Opportunities, (store) => store.beginningWith(wanted, 2))
    if (found === undefined) return yield* say(chatId, html(language, "opportunity-unknown", { id: wanted }))
    if (another !== undefined) return yield* say(chatId, html(language, "opportunity-several", { id: wanted }))
    yield* say(chatId, traceHtml(yield* traceUser(yield* tracedUser(member), found), preferences))
  }),
}
