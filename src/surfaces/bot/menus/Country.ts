/**
 * The country, changed later on.
 *
 * In: a member; which countries are shown.
 * Out: buttons of countries; then the settings.
 */
import { Effect } from "effect"
import { country as page } from "../onboarding/pages/Country.ts"
import { settingsWay } from "../onboarding/SettingsWay.ts"
import { back } from "./Choosing.ts"
import type { Menu } from "./Menu.ts"

export const country: Menu = {
  id: "country",
  permission: "preferences",
  draw: (member, param) =>
    Effect.map(page(member, settingsWay(member, "country", param)), ({ html, rows }) => ({
      html,
      rows: param === "" ? [...rows, [back(member.preferences.language, "settings")]] : rows,
      state: `${member.user.country} ${param}`,
    })),
}
