/**
 * The stretch of every week in which the user is not to be disturbed.
 *
 * In: a member. Out: what is set, and buttons that step it by half an hour. Promises: an end not after the begin is the
 * next day's, and the menu says so; it has a day at least while it is on.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import type { WeeklyWindow } from "../../../domain/Preferences.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { dayButtons } from "./ActiveHours.ts"
import { back, clock, save, saying, setting, WEEKDAYS, weekdays } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const FIRST: WeeklyWindow = { days: WEEKDAYS, from: 22 * 60, to: 7 * 60 }
const STEP = 30
const DAY = 1_440

const stepped = (member: Member, window: WeeklyWindow, key: "from" | "to", by: number): Item =>
  setting(member, `${by < 0 ? "−" : "+"}${STEP} ${CARD_TEXTS[member.preferences.language].units.min}`, {
    doNotDisturbWindow: { ...window, [key]: (window[key] + by + DAY) % DAY },
  })

const rowsOf = (member: Member, window: WeeklyWindow): ReadonlyArray<ReadonlyArray<Item>> => {
  const { language } = member.preferences
  const about = plain(language, "notifications-weekly-about")
  const days = dayButtons(member, window.days, (day) =>
    Effect.as(
      save(member, (stored) => {
        const { doNotDisturbWindow: now } = stored
        if (now === null) return stored
        const left = WEEKDAYS.filter((each) => now.days.includes(each) !== (each === day))
        return left.length === 0 ? stored : { ...stored, doNotDisturbWindow: { ...now, days: left } }
      }),
      {},
    ))
  const edge = (key: "from" | "to", shown: string) => [
    stepped(member, window, key, -STEP),
    saying(shown, about),
    stepped(member, window, key, STEP),
  ]
  return [
    edge("from", plain(language, "notifications-from", { at: clock(window.from) })),
    edge("to", plain(language, "notifications-to", { at: clock(window.to) })),
    days.slice(0, 4),
    days.slice(4),
  ]
}

export const weeklyQuiet: Menu = {
  id: "push-week",
  permission: "notifications",
  draw: (member) => {
    const { doNotDisturbWindow: window, language, timeZone } = member.preferences
    const turn = window === null
      ? setting(member, plain(language, "notifications-weekly-on"), { doNotDisturbWindow: FIRST })
      : setting(member, plain(language, "notifications-weekly-off"), { doNotDisturbWindow: null })
    return Effect.succeed({
      html: window === null
        ? html(language, "notifications-weekly.none")
        : html(language, window.from < window.to ? "notifications-weekly" : "notifications-weekly.over", {
          days: weekdays(language, window.days),
          from: clock(window.from),
          to: clock(window.to),
          zone: timeZone,
        }),
      state: JSON.stringify([window, timeZone]),
      rows: [...window === null ? [] : rowsOf(member, window), [turn, back(language, "push-dnd")]],
    })
  },
}
