/**
 * Every menu, by its id.
 *
 * In: nothing.
 * Out: the list that `Menus.ts` finds them in.
 */
import type { Menu } from "./Menu.ts"
import { activeHoursMenu } from "./ActiveHours.ts"
import { doNotDisturb } from "./DoNotDisturb.ts"
import { key, keyRemoval, keys, keyVenues } from "./Keys.ts"
import { notifications } from "./Notifications.ts"
import { preferences } from "./Preferences.ts"
import { preferredPairs } from "./PreferredPairs.ts"
import { preferredTypes } from "./PreferredTypes.ts"
import { preferredVenues } from "./PreferredVenues.ts"
import { timeZone } from "./TimeZone.ts"
import { userMenu } from "./User.ts"
import { weeklyQuiet } from "./WeeklyQuiet.ts"

export const MENUS: ReadonlyArray<Menu> = [
  preferences,
  preferredTypes,
  preferredVenues,
  preferredPairs,
  notifications,
  activeHoursMenu,
  doNotDisturb,
  weeklyQuiet,
  timeZone,
  keys,
  key,
  keyRemoval,
  keyVenues,
  userMenu,
]
