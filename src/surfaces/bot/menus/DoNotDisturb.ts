/**
 * Do not disturb: for a while, until morning, until the user says, and every week.
 *
 * In: a member. Out: what holds now, and buttons that set or end it. Promises: what was queued waits for the end, or is
 * dropped if it does not live that long; morning is when the active hours begin, else 8:00, by the user's clocks.
 */
import { Effect } from "effect"
import type { Preferences } from "../../../domain/Preferences.ts"
import { nextLocalMinute } from "../../../domain/QuietTime.ts"
import { instant } from "../Shown.ts"
import { html, plain } from "../texts/Fluent.ts"
import { back, setting } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"
import { disturbance } from "./Notifications.ts"

const HOUR_MS = 3_600_000
const MORNING = 8

const morningAfter = ({ activeHoursEnd, activeHoursStart, timeZone }: Preferences, nowMs: number): number =>
  nextLocalMinute(timeZone, (activeHoursStart === activeHoursEnd ? MORNING : activeHoursStart % 24) * 60, nowMs)

export const doNotDisturb: Menu = {
  id: "push-dnd",
  permission: "notifications",
  draw: (member) => {
    const { preferences, visit: { nowMs } } = member
    const { doNotDisturb, doNotDisturbUntil, doNotDisturbWindow, language, timeZone } = preferences
    const until = (text: string, untilMs: number): Item =>
      setting(member, text, { doNotDisturb: false, doNotDisturbUntil: untilMs })
    const hours = (count: number) =>
      until(plain(language, "notifications-dnd-hours", { count }), nowMs + count * HOUR_MS)
    const morning = morningAfter(preferences, nowMs)
    const [, time = ""] = instant(morning, timeZone).split(" ")
    const isOn = doNotDisturb || (doNotDisturbUntil !== null && doNotDisturbUntil > nowMs)
    const holding = disturbance(preferences, nowMs)
    return Effect.succeed({
      html: [
        html(language, "notifications-dnd-title"),
        ...holding.length === 0 ? [html(language, "notifications-dnd.off")] : holding,
        html(language, "notifications-dnd-about"),
      ].join("\n"),
      state: JSON.stringify([doNotDisturb, doNotDisturbUntil, doNotDisturbWindow, timeZone]),
      rows: [
        isOn
          ? [
            setting(member, plain(language, "notifications-dnd-end"), { doNotDisturb: false, doNotDisturbUntil: null }),
          ]
          : [hours(1), hours(8)],
        isOn ? [] : [
          until(plain(language, "notifications-dnd-morning", { at: time }), morning),
          setting(member, plain(language, "notifications-dnd-forever"), {
            doNotDisturb: true,
            doNotDisturbUntil: null,
          }),
        ],
        [{ text: plain(language, "notifications-to-weekly"), to: { menu: "push-week" } }, back(language, "push")],
      ],
    })
  },
}
