/**
 * The language, changed later on.
 *
 * In: a member.
 * Out: a button a language; then the settings, in it.
 */
import { Effect } from "effect"
import { language as page } from "../onboarding/pages/Language.ts"
import { settingsWay } from "../onboarding/SettingsWay.ts"
import { back } from "./Choosing.ts"
import type { Menu } from "./Menu.ts"

export const language: Menu = {
  id: "language",
  permission: "preferences",
  draw: (member, param) =>
    Effect.map(page(member, settingsWay(member, "language", param)), ({ html, rows }) => ({
      html,
      rows: [...rows, [back(member.preferences.language, "settings")]],
    })),
}
