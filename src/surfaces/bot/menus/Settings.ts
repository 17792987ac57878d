/**
 * /settings: where everything is changed.
 *
 * In: a member. Out: what is set, in a few lines, and buttons to the menus that change it. Promises: a button that one
 * may not use is not drawn.
 */
import { Effect } from "effect"
import type { Permission } from "../../../domain/Permission.ts"
import { deniedTo } from "../Gate.ts"
import { summary } from "../onboarding/Summary.ts"
import { html, plain } from "../texts/Fluent.ts"
import { close, inRows } from "./Choosing.ts"
import type { Menu } from "./Menu.ts"

const PLACES: ReadonlyArray<readonly [name: string, menu: string, permission: Permission]> = [
  ["language", "language", "preferences"],
  ["country", "country", "preferences"],
  ["zone", "push-zone", "notifications"],
  ["preferences", "prefs", "preferences"],
  ["notifications", "push", "notifications"],
  ["keys", "keys", "keys"],
  ["groups", "groups", "settings"],
  ["setup", "setup", "setup"],
]

export const settings: Menu = {
  id: "settings",
  permission: "preferences",
  draw: (member) => {
    const { language } = member.preferences
    const buttons = PLACES.filter(([, , permission]) => deniedTo(member, permission) === null).map(([name, menu]) => ({
      text: plain(language, `settings-button.${name}`),
      to: { menu },
    }))
    return Effect.succeed({
      html: `${html(language, "settings-title")}\n${summary(member)}`,
      rows: [...inRows(buttons, 2), [close(language)]],
    })
  },
}
