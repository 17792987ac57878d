/**
 * What is stored, as the bot shows it.
 *
 * In: instants, preferences. Out: text. Promises: instants stand in the user's time zone and look the same on every
 * runtime; venues' and pairs' names are escaped and cut to what a message holds.
 */
import { DateTime } from "effect"
import type { Preferences } from "../../domain/Preferences.ts"
import { CARD_TEXTS } from "../../domain/card/CardTexts.ts"
import { escape } from "../../domain/card/Html.ts"
import { OPPORTUNITY_TYPES } from "../../domain/Opportunity.ts"
import { html } from "./texts/Fluent.ts"

/** "2026-11-28 09:00 (Europe/Berlin)". */
export const instant = (atMs: number, timeZone: string): string => {
  const { day, hour, minute, month, year } = DateTime.toParts(DateTime.makeZonedUnsafe(atMs, { timeZone }))
  const two = (value: number) => `${value}`.padStart(2, "0")
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)} (${timeZone})`
}

const LISTED = 10

const list = (names: ReadonlyArray<string>): string =>
  names.slice(0, LISTED).map((name) => escape(name, 40)).join(", ") +
  (names.length > LISTED ? ` +${names.length - LISTED}` : "")

/** What a user is sent, line by line. */
export const sent = (preferences: Preferences): string => {
  const { language } = preferences
  const { types } = CARD_TEXTS[language]
  const chosen = preferences.opportunityTypes.length === 0 ? OPPORTUNITY_TYPES : preferences.opportunityTypes
  const some = (names: ReadonlyArray<string>) => ({
    html: names.length === 0 ? html(language, "session-sent-all") : list(names),
  })
  const pairs = { pairs: some(preferences.pairs), muted: { html: list(preferences.mutedPairs) } }
  const hours = {
    from: preferences.activeHoursStart,
    to: preferences.activeHoursEnd,
    timeZone: preferences.timeZone,
  }
  return [
    html(language, preferences.pushEnabled && !preferences.doNotDisturb ? "session-sent-on" : "session-sent-off"),
    html(language, preferences.highPriorityOnly ? "session-sent-types.urgent" : "session-sent-types", {
      types: chosen.map((type) => types[type]).join(", "),
    }),
    html(language, "session-sent-net", { bps: `${preferences.minNetBps}` }),
    html(language, "session-sent-venues", { venues: some(preferences.venues) }),
    html(language, preferences.mutedPairs.length === 0 ? "session-sent-pairs" : "session-sent-pairs.but", pairs),
    html(language, "session-sent-limits", { perHour: preferences.maxPerHour, perDay: preferences.maxPerDay }),
    html(language, hours.from === hours.to ? "session-sent-hours.always" : "session-sent-hours", hours),
  ].join("\n")
}
