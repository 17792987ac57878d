/**
 * Every command, in the order in which Telegram's menu lists them.
 *
 * In: nothing.
 * Out: the list that the router and the menu are made from.
 */
import type { Command } from "../Command.ts"
import { alerts } from "./Alerts.ts"
import { exportAll } from "./Export.ts"
import { forget } from "./Forget.ts"
import { group } from "./Group.ts"
import { helpOf } from "./Help.ts"
import { keys } from "./Keys.ts"
import { logout } from "./Logout.ts"
import { notifications } from "./Notifications.ts"
import { opportunities } from "./Opportunities.ts"
import { opportunity } from "./Opportunity.ts"
import { preferences } from "./Preferences.ts"
import { market, price } from "./Price.ts"
import { profile } from "./Profile.ts"
import { session } from "./Session.ts"
import { settings } from "./Settings.ts"
import { setup } from "./Setup.ts"
import { start } from "./Start.ts"
import { stats } from "./Stats.ts"
import { users } from "./Users.ts"
import { why } from "./Why.ts"

export const COMMANDS: ReadonlyArray<Command> = [
  start,
  opportunities,
  opportunity,
  why,
  market,
  price,
  alerts,
  setup,
  settings,
  preferences,
  notifications,
  profile,
  keys,
  session,
  logout,
  exportAll,
  forget,
  helpOf(() => COMMANDS.map(({ name }) => name)),
  stats,
  users,
  group,
]
