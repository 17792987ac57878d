/**
 * /group, in a group: registers it, and shows its settings.
 *
 * In: a member, in a group. Out: the group's menu; who is no admin there is told so. Promises: an admin's word registers
 * a group that is not, or that ended; one that an admin paused stays paused until somebody resumes it. Said in a topic of a
 * forum by whoever registers it, messages go to that topic.
 */
import { Effect, Option } from "effect"
import { Groups } from "../../../layers/Groups.ts"
import { Users } from "../../../layers/Users.ts"
import type { Command } from "../Command.ts"
import { register } from "../groups/Registration.ts"
import { mayDecide } from "../groups/Rights.ts"
import * as Menus from "../menus/Menus.ts"
import { say, Topic } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"

export const group: Command = {
  name: "group",
  run: Effect.fn("Group.run")(function* (member) {
    const { preferences: { language }, visit: { chatId, nowMs, telegramId } } = member
    if (!(yield* mayDecide(chatId, telegramId))) return yield* say(chatId, html(language, "group-admins-only-text"))
    const groups = yield* Groups, users = yield* Users
    const topic = yield* Topic
    const threadId = topic?.chatId === chatId ? topic.threadId : null
    const known = yield* groups.get(chatId)
    const stands = Option.isSome(known) && (known.value.state === "active" || known.value.reason === "by_admin")
    if (!stands) {
      const contact = yield* users.byTelegramId(chatId)
      const title = Option.match(contact, { onNone: () => null, onSome: ({ firstName }) => firstName })
      yield* register(member, { chatId, kind: "group", title, threadId })
      yield* say(chatId, html(language, "group-registered", { title: title ?? "" }))
    } else if (threadId !== null) yield* groups.setThread(chatId, threadId, nowMs)
    yield* Menus.open(member, { menu: "group" })
  }),
}
