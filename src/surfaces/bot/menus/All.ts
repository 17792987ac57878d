/**
 * Every menu, by its id.
 *
 * In: nothing.
 * Out: the list that `Menus.ts` finds them in.
 */
import type { Menu } from "./Menu.ts"
import { alertsMenu } from "./Alerts.ts"
import { activeHoursMenu } from "./ActiveHours.ts"
import { country } from "./Country.ts"
import { doNotDisturb } from "./DoNotDisturb.ts"
import { keyGuide } from "./KeyGuide.ts"
import { key, keyRemoval, keys, keyVenues } from "./Keys.ts"
import { language } from "./Language.ts"
import { onboarding } from "./Onboarding.ts"
import { settings } from "./Settings.ts"
import { setup } from "./Setup.ts"
import { channelsMenu } from "./Channels.ts"
import { channelConsent } from "./ChannelConsent.ts"
import { forgetMenu } from "./Forget.ts"
import { groupMenu } from "./Group.ts"
import { groupFigures } from "./GroupFigures.ts"
import { groupHours } from "./GroupHours.ts"
import { groupLimits } from "./GroupLimits.ts"
import { groupTypes } from "./GroupTypes.ts"
import { myGroups } from "./MyGroups.ts"
import { notifications } from "./Notifications.ts"
import { preferences } from "./Preferences.ts"
import { preferredPairs } from "./PreferredPairs.ts"
import { preferredTypes } from "./PreferredTypes.ts"
import { preferredVenues } from "./PreferredVenues.ts"
import { timeZone } from "./TimeZone.ts"
import { userMenu } from "./User.ts"
import { weeklyQuiet } from "./WeeklyQuiet.ts"

export const MENUS: ReadonlyArray<Menu> = [
  onboarding,
  setup,
  settings,
  language,
  country,
  keyGuide,
  preferences,
  preferredTypes,
  preferredVenues,
  preferredPairs,
  notifications,
  activeHoursMenu,
  doNotDisturb,
  weeklyQuiet,
  timeZone,
  alertsMenu,
  keys,
  key,
  keyRemoval,
  keyVenues,
  forgetMenu,
  userMenu,
  groupMenu,
  groupTypes,
  groupLimits,
  groupHours,
  groupFigures,
  channelsMenu,
  channelConsent,
  myGroups,
]
