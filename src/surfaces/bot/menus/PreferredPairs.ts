/**
 * Which assets and pairs the user wants, and which they muted.
 *
 * In: a member, a page. Out: a button to take away each, and one to write more. Promises: as many as are stored are
 * shown, twelve a page; nothing is lost by a name that is no longer followed.
 */
import { Effect } from "effect"
import { askPairs } from "../dialogues/WantedPairs.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, inRows, pageOf, save, setting, turning } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const A_PAGE = 12
const SHOWN = 24

const without = (member: Member, key: "pairs" | "mutedPairs", name: string): Item => ({
  text: `${key === "pairs" ? "✖" : "🔇✖"} ${name.slice(0, SHOWN)}`,
  press: Effect.as(
    save(member, (stored) => ({ ...stored, [key]: stored[key].filter((each) => each !== name) })),
    {},
  ),
})

export const preferredPairs: Menu = {
  id: "prefs-pairs",
  permission: "preferences",
  draw: (member, param) => {
    const { language, mutedPairs, pairs } = member.preferences
    const named = [
      ...pairs.map((name) => without(member, "pairs", name)),
      ...mutedPairs.map((name) => without(member, "mutedPairs", name)),
    ]
    const pages = Math.max(1, Math.ceil(named.length / A_PAGE)), page = pageOf(param, pages)
    const write: Item = {
      text: plain(language, "preferences-pairs-write"),
      press: Effect.succeed({ then: askPairs(member) }),
    }
    return Effect.succeed({
      html: html(language, "preferences-pairs-text", { wanted: pairs.length, muted: mutedPairs.length }),
      state: [...pairs, "", ...mutedPairs].join(" "),
      rows: [
        [write],
        ...inRows(named.slice(page * A_PAGE, (page + 1) * A_PAGE), 2),
        turning("prefs-pairs", page, pages),
        [
          ...pairs.length === 0 ? [] : [setting(member, plain(language, "preferences-pairs-all"), { pairs: [] })],
          back(language, "prefs"),
        ],
      ],
    })
  },
}
