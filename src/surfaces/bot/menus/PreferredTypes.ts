/**
 * Which kinds of opportunity the user wants.
 *
 * In: a member. Out: one button a kind. Promises: what the plan does not include is shown locked, and its button says
 * which plans do; the last kind cannot be taken away, since no kind means all.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { OPPORTUNITY_TYPES, type OpportunityType } from "../../../domain/Opportunity.ts"
import { limitsOf, Tier } from "../../../domain/Tier.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, save, saying, ticked, toggled } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

const kind = (member: Member, type: OpportunityType): Item => {
  const { preferences: { language, opportunityTypes }, user } = member
  const included = limitsOf(user.tier, user.role).types
  const name = capital(CARD_TEXTS[language].types[type])
  if (!included.includes(type)) {
    const tiers = Tier.literals.filter((tier) => limitsOf(tier, "user").types.includes(type)).join(", ")
    return saying(`🔒 ${name}`, plain(language, "preferences-types-locked", { tiers, tier: user.tier }))
  }
  const wanted = opportunityTypes.filter((each) => included.includes(each))
  const on = opportunityTypes.length === 0 || wanted.includes(type)
  if (on && wanted.length === 1) return saying(ticked(true, name), plain(language, "preferences-types-last"))
  return {
    text: ticked(on, name),
    press: Effect.as(
      save(member, (stored) => ({ ...stored, opportunityTypes: toggled(included, wanted, type) })),
      {},
    ),
  }
}

export const preferredTypes: Menu = {
  id: "prefs-types",
  permission: "preferences",
  draw: (member) => {
    const { preferences: { language, opportunityTypes }, user } = member
    return Effect.succeed({
      html: html(language, "preferences-types-text", { tier: user.tier }),
      state: `${user.tier} ${user.role} ${opportunityTypes.join(" ")}`,
      rows: [...OPPORTUNITY_TYPES.map((type) => [kind(member, type)]), [back(language, "prefs")]],
    })
  },
}
