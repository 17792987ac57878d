/**
 * What the bot looks for: the kinds that the plan includes, to be ticked; the others with the plans that have them.
 *
 * In: a member. Out: a line a kind, a button for each that can be chosen. Promises: the last one cannot be taken away,
 * since no choice means all.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../../domain/card/CardTexts.ts"
import { OPPORTUNITY_TYPES, type OpportunityType } from "../../../../domain/Opportunity.ts"
import { limitsOf, Tier, tiersInForce } from "../../../../domain/Tier.ts"
import { save, saying, ticked, toggled } from "../../menus/Choosing.ts"
import type { Item } from "../../menus/Menu.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Page } from "../Page.ts"

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

export const types: Page = (member, way) => {
  const { preferences: { language, opportunityTypes }, user: { role, tier } } = member
  const included = limitsOf(tier, role).types
  const wanted = opportunityTypes.filter((type) => included.includes(type))
  const isOn = (type: OpportunityType) => wanted.length === 0 || wanted.includes(type)
  const line = (type: OpportunityType): string => {
    const text = html(language, `onboarding-type.${type}`)
    if (included.includes(type)) return `• ${text}`
    const tiers = Tier.literals.filter((each) => tiersInForce().tiers[each].types.includes(type)).join(", ")
    return html(language, "onboarding-type-locked", { type: { html: text }, tiers })
  }
  const button = (type: OpportunityType): Item => {
    const text = ticked(isOn(type), capital(CARD_TEXTS[language].types[type]))
    if (wanted.length === 1 && wanted[0] === type) return saying(text, plain(language, "preferences-types-last"))
    const change = save(member, (stored) => ({ ...stored, opportunityTypes: toggled(included, wanted, type) }))
    return { text, press: Effect.as(change, {}) }
  }
  return Effect.succeed({
    html: [html(language, "onboarding-types", { tier }), ...OPPORTUNITY_TYPES.map(line)].join("\n"),
    rows: [
      ...OPPORTUNITY_TYPES.filter((type) => included.includes(type)).map((type) => [button(type)]),
      [{ text: plain(language, "onboarding-next"), press: way.chosen(Effect.void) }],
    ],
  })
}
