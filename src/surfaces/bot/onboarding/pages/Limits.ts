/**
 * How often the bot writes, beside what each plan includes, and how one gets a higher one.
 *
 * In: a member. Out: the table of plans in force, and a button for each of three measures. Promises: no measure is above
 * the plan's own limits; two that come to the same are one.
 */
import { Effect } from "effect"
import { OPPORTUNITY_TYPES } from "../../../../domain/Opportunity.ts"
import { limitsOf, Tier, type TierLimits, tiersInForce } from "../../../../domain/Tier.ts"
import { chosen, save, saying } from "../../menus/Choosing.ts"
import type { Item } from "../../menus/Menu.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Language } from "../../../../domain/Preferences.ts"
import type { Page } from "../Page.ts"

type Measure = readonly [name: "few" | "some" | "all", perHour: number, perDay: number]

/** From the product's own caps down and up, within the plan. */
const measuresOf = ({ perDay, perHour }: TierLimits): ReadonlyArray<Measure> => {
  const wanted: ReadonlyArray<Measure> = [["few", 1, 5], ["some", 3, 20], ["all", perHour, perDay]]
  const within = wanted.map(([name, hour, day]): Measure => [name, Math.min(hour, perHour), Math.min(day, perDay)])
  return within.filter(([, hour, day], at) =>
    within.findIndex(([, otherHour, otherDay]) => otherHour === hour && otherDay === day) === at
  )
}

const WIDTHS = { plan: 10, hour: 4, day: 6, kinds: 6 }

/** The plans line by line, in columns. */
const plans = (language: Language, own: Tier): string => {
  const head = (part: "plan" | "hour" | "day" | "kinds" | "yours") => plain(language, `onboarding-plans-head.${part}`)
  const line = (plan: string, hour: string, day: string, kinds: string) =>
    [
      plan.padEnd(WIDTHS.plan),
      hour.padStart(WIDTHS.hour),
      day.padStart(WIDTHS.day),
      kinds.padStart(WIDTHS.kinds),
    ].join("")
  const { tiers } = tiersInForce()
  const rows = Tier.literals.map((tier) => {
    const { perDay, perHour, types } = tiers[tier]
    const kinds = `${types.length}/${OPPORTUNITY_TYPES.length}`
    return line(tier, `${perHour}`, `${perDay}`, kinds) + (tier === own ? ` ${head("yours")}` : "")
  })
  return `<pre>${[line(head("plan"), head("hour"), head("day"), head("kinds")), ...rows].join("\n")}</pre>`
}

export const limits: Page = (member, way) => {
  const { preferences: { language, maxPerDay, maxPerHour }, user: { role, telegramId, tier } } = member
  const measures = measuresOf(limitsOf(tier, role)).map(([name, perHour, perDay]): Item => ({
    text: chosen(
      perHour === maxPerHour && perDay === maxPerDay,
      plain(language, `onboarding-limits-button.${name}`, { perHour, perDay }),
    ),
    press: way.chosen(save(member, (stored) => ({ ...stored, maxPerHour: perHour, maxPerDay: perDay }))),
  }))
  const how = { text: plain(language, "onboarding-upgrade-how", { id: telegramId }), alert: true }
  const upgrade: ReadonlyArray<Item> = role !== "user" || tier === "enterprise"
    ? []
    : [{ ...saying(plain(language, "onboarding-upgrade"), ""), press: Effect.succeed({ answer: how }) }]
  return Effect.succeed({
    html: `${html(language, "onboarding-limits", { tier })}\n${plans(language, tier)}`,
    rows: [...measures.map((each) => [each]), upgrade],
  })
}
