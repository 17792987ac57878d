/**
 * Whether opportunities shall be posted in a broadcast channel that the bot was added to.
 *
 * In: who added it, in private. Out: the channel registered, or nothing. Promises: who taps is an admin of the channel,
 * and the bot may post there, both at that moment.
 */
import { Effect, Option } from "effect"
import { Users } from "../../../layers/Users.ts"
import { register } from "../groups/Registration.ts"
import { mayPost } from "../groups/Rights.ts"
import { html, plain } from "../texts/Fluent.ts"
import { chatOf, guard } from "./GroupContext.ts"
import type { Menu } from "./Menu.ts"

export const channelConsent: Menu = {
  id: "channel-yes",
  permission: "settings",
  guard,
  draw: (member, param) =>
    Effect.gen(function* () {
      const { language } = member.preferences
      const chatId = chatOf(member, param)
      const channel = yield* Effect.flatMap(Users, (users) => users.byTelegramId(chatId))
      const title = Option.match(channel, { onNone: () => null, onSome: ({ firstName }) => firstName })
      return {
        html: html(language, "group-channel-ask", { title: title ?? chatId }),
        rows: [[{
          text: plain(language, "group-channel-yes"),
          press: Effect.gen(function* () {
            if (!(yield* mayPost(chatId))) {
              return { answer: { text: plain(language, "group-channel-cannot"), alert: true } }
            }
            yield* register(member, { chatId, kind: "channel", title, threadId: null })
            return { answer: plain(language, "group-channel-done"), to: { menu: "group", param: chatId } }
          }),
        }, {
          text: plain(language, "group-channel-no"),
          press: Effect.succeed({ to: null }),
        }]],
      }
    }),
}
