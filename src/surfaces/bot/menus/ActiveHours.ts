/**
 * The hours and days on which the user may be told.
 *
 * In: a member. Out: what is set, and buttons that step it. Promises: hours run round the day; the last day cannot be
 * taken away, since none means every day.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import type { Weekday } from "../../../domain/Preferences.ts"
import { localTimeAt } from "../../../domain/QuietTime.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member, Reaction } from "../Visit.ts"
import { back, clock, save, saying, setting, ticked, toggled, weekday, WEEKDAYS, weekdays } from "./Choosing.ts"
import type { Item, Menu, Pressed } from "./Menu.ts"
import { activeHours } from "./Notifications.ts"

/** A button a day; `days` empty: all of them. */
export const dayButtons = (
  member: Member,
  days: ReadonlyArray<Weekday>,
  set: (day: Weekday) => Reaction<Pressed>,
): ReadonlyArray<Item> => {
  const { language } = member.preferences
  return WEEKDAYS.map((day) => {
    const on = days.length === 0 || days.includes(day)
    const text = ticked(on, weekday(language, day))
    return on && days.length === 1 ? saying(text, plain(language, "notifications-last-day")) : { text, press: set(day) }
  })
}

export const activeHoursMenu: Menu = {
  id: "push-hours",
  permission: "notifications",
  draw: (member) => {
    const { preferences, visit } = member
    const { activeDays, activeHoursEnd: end, activeHoursStart: start, language, timeZone } = preferences
    const step = (by: number) => `${by < 0 ? "−" : "+"}1 ${CARD_TEXTS[language].units.h}`
    const from = (by: number) => setting(member, step(by), { activeHoursStart: (start + by + 24) % 24 })
    const to = (by: number) => setting(member, step(by), { activeHoursEnd: (end + by + 23) % 24 + 1 })
    const about = plain(language, "notifications-hours-about")
    const days = dayButtons(
      member,
      activeDays,
      (day) =>
        Effect.as(save(member, (stored) => ({ ...stored, activeDays: toggled(WEEKDAYS, stored.activeDays, day) })), {}),
    )
    const now = clock(localTimeAt(timeZone, visit.nowMs).minute)
    return Effect.succeed({
      html: html(language, "notifications-hours-text", {
        hours: activeHours(preferences),
        days: weekdays(language, activeDays),
        zone: timeZone,
        now,
      }),
      state: [start, end, timeZone, ...activeDays].join(" "),
      rows: [
        [from(-1), saying(plain(language, "notifications-from", { at: clock(start % 24 * 60) }), about), from(1)],
        [to(-1), saying(plain(language, "notifications-to", { at: clock(end * 60) }), about), to(1)],
        days.slice(0, 4),
        days.slice(4),
        [
          ...start === end
            ? []
            : [setting(member, plain(language, "notifications-always"), { activeHoursStart: 0, activeHoursEnd: 0 })],
          back(language, "push"),
        ],
      ],
    })
  },
}
