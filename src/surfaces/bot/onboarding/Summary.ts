/**
 * What a member has set, in a few lines.
 *
 * In: a member.
 * Out: HTML, the same at the end of the setup and in the settings.
 */
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { OPPORTUNITY_TYPES } from "../../../domain/Opportunity.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { countryName, zoneLabel } from "../Places.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { LANGUAGES } from "./pages/Language.ts"

const LISTED = 6

const some = (names: ReadonlyArray<string>, all: string): string =>
  names.length === 0
    ? all
    : names.slice(0, LISTED).join(", ") + (names.length > LISTED ? ` +${names.length - LISTED}` : "")

export const summary = ({ preferences, user, visit }: Member): string => {
  const { language, opportunityTypes, riskTolerance, timeZone, venues } = preferences
  const included = limitsOf(user.tier, user.role).types
  const types = OPPORTUNITY_TYPES.filter((type) =>
    included.includes(type) && (opportunityTypes.length === 0 || opportunityTypes.includes(type))
  )
  return html(language, "onboarding-summary", {
    language: LANGUAGES.find(([code]) => code === language)?.[1] ?? language,
    country: user.country === null
      ? plain(language, "onboarding-unknown-country")
      : countryName(language, user.country),
    zone: zoneLabel(language, timeZone, visit.nowMs),
    types: types.map((type) => CARD_TEXTS[language].types[type]).join(", "),
    risk: plain(language, `onboarding-risk-name.${riskTolerance}`),
    venues: some(venues, plain(language, "onboarding-all")),
    perHour: preferences.maxPerHour,
    perDay: preferences.maxPerDay,
  })
}
