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
import type { ShownPreferences } from "./texts/Texts.ts"

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

export const shownPreferences = (preferences: Preferences): ShownPreferences => {
  const { types } = CARD_TEXTS[preferences.language]
  const chosen = preferences.opportunityTypes.length === 0 ? OPPORTUNITY_TYPES : preferences.opportunityTypes
  return {
    pushEnabled: preferences.pushEnabled,
    doNotDisturb: preferences.doNotDisturb,
    types: chosen.map((type) => types[type]).join(", "),
    minNetBps: preferences.minNetBps,
    venues: list(preferences.venues),
    pairs: list(preferences.pairs),
    muted: list(preferences.mutedPairs),
    perHour: preferences.maxPerHour,
    perDay: preferences.maxPerDay,
    fromHour: preferences.activeHoursStart,
    toHour: preferences.activeHoursEnd,
    timeZone: preferences.timeZone,
    highPriorityOnly: preferences.highPriorityOnly,
  }
}
