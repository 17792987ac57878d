/**
 * Which kinds of opportunity a group wants.
 *
 * In: an admin of it. Out: one button a kind. Promises: only kinds of the registrar's plan are offered; the last cannot
 * be taken away, since no kind means all.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import type { OpportunityType } from "../../../domain/Opportunity.ts"
import { html, plain } from "../texts/Fluent.ts"
import { saying, ticked, toggled } from "./Choosing.ts"
import { drawing, type GroupView, guard } from "./GroupContext.ts"
import type { Item, Menu } from "./Menu.ts"

const kind = ({ language, save, settings: { opportunityTypes }, types }: GroupView, type: OpportunityType): Item => {
  const wanted = opportunityTypes.filter((each) => types.includes(each))
  const on = opportunityTypes.length === 0 || wanted.includes(type)
  const text = ticked(on, CARD_TEXTS[language].types[type])
  if (on && wanted.length === 1) return saying(text, plain(language, "preferences-types-last"))
  return {
    text,
    press: Effect.as(save((stored) => ({ ...stored, opportunityTypes: toggled(types, wanted, type) })), {}),
  }
}

export const groupTypes: Menu = {
  id: "group-types",
  permission: "settings",
  guard,
  draw: drawing((view) =>
    Effect.succeed({
      html: html(view.language, "group-types-text", { title: view.title }),
      state: `${view.types.join(" ")} / ${view.settings.opportunityTypes.join(" ")}`,
      rows: [...view.types.map((type) => [kind(view, type)]), [view.to(plain(view.language, "menu-back"), "group")]],
    })
  ),
}
