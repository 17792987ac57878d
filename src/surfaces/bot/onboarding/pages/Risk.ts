/**
 * How much risk a person takes.
 *
 * In: a member.
 * Out: what each tolerance admits, and a button for it.
 */
import { Effect } from "effect"
import { RiskTolerance } from "../../../../domain/Preferences.ts"
import { chosen, save } from "../../menus/Choosing.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Page } from "../Page.ts"

export const risk: Page = (member, way) => {
  const { language, riskTolerance } = member.preferences
  return Effect.succeed({
    html: html(language, "onboarding-risk"),
    rows: [
      RiskTolerance.literals.map((each) => ({
        text: chosen(each === riskTolerance, plain(language, `onboarding-risk-button.${each}`)),
        press: way.chosen(save(member, (stored) => ({ ...stored, riskTolerance: each }))),
      })),
    ],
  })
}
