/**
 * The groups and channels that a member registered, in private.
 *
 * In: a member, in private. Out: one button each, to its settings, and one that adds the bot to another. Promises: what
 * they may do in a group is asked again there, at each tap.
 */
import { Effect } from "effect"
import { Groups } from "../../../layers/Groups.ts"
import { titleOf } from "../groups/Registrars.ts"
import { html, plain } from "../texts/Fluent.ts"
import { close } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const SHOWN = 20
const MARKS = { active: "🟢", paused: "⏸", removed: "⚪️" } as const

export const myGroups: Menu = {
  id: "groups",
  permission: "settings",
  draw: ({ preferences: { language }, visit }) =>
    Effect.gen(function* () {
      const groups = yield* Effect.flatMap(Groups, (groups) => groups.ofRegistrar(visit.telegramId))
      const add: Item = {
        text: plain(language, "group-add-button"),
        url: `https://t.me/${visit.botName}?startgroup=add`,
      }
      return {
        html: html(language, groups.length === 0 ? "group-list.none" : "group-list"),
        state: groups.map(({ chatId, state }) => `${chatId} ${state}`).join("\n"),
        rows: [
          ...groups.slice(0, SHOWN).map((group) => [{
            text: `${MARKS[group.state]} ${titleOf(group)}`,
            to: { menu: "group", param: group.chatId },
          }]),
          [add],
          [close(language)],
        ],
      }
    }),
}
