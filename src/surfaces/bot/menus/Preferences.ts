/**
 * /preferences: which opportunities the user wants.
 *
 * In: a member. Out: what is chosen, and buttons that change it. Promises: what the plan does not include is said and
 * shown locked; figures are stepped by buttons or typed, and never leave their bounds.
 */
import { Effect } from "effect"
import { CARD_TEXTS } from "../../../domain/card/CardTexts.ts"
import { OPPORTUNITY_TYPES } from "../../../domain/Opportunity.ts"
import type { RiskTolerance } from "../../../domain/Preferences.ts"
import { limitsOf } from "../../../domain/Tier.ts"
import { askMinimum, inBounds } from "../dialogues/MinimumNet.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { chosen, close, save, setting, ticked } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const STEPS = [-10, -1, 1, 10] as const
const RISKS: ReadonlyArray<RiskTolerance> = ["low", "medium", "high"]

const LISTED = 10

/** The first few of several names, and how many more. */
const some = (names: ReadonlyArray<string>, all: string): string =>
  names.length === 0
    ? all
    : names.slice(0, LISTED).join(", ") + (names.length > LISTED ? ` +${names.length - LISTED}` : "")

const text = ({ preferences, user }: Member): string => {
  const { language, minNetBps, mutedPairs, opportunityTypes, pairs, riskTolerance, venues } = preferences
  const included = limitsOf(user.tier, user.role).types
  const types = OPPORTUNITY_TYPES.filter((type) =>
    included.includes(type) && (opportunityTypes.length === 0 || opportunityTypes.includes(type))
  )
  const all = plain(language, "preferences-all")
  return [
    html(language, "preferences-title"),
    html(language, types.length === 0 ? "preferences-types.none" : "preferences-types", {
      types: types.map((type) => CARD_TEXTS[language].types[type]).join(", "),
    }),
    html(language, minNetBps === 0 ? "preferences-net.any" : "preferences-net", { bps: `${minNetBps}` }),
    html(language, `preferences-risk.${riskTolerance}`),
    ...preferences.highPriorityOnly ? [html(language, "preferences-urgent")] : [],
    html(language, "preferences-venues", { venues: some(venues, all) }),
    html(language, "preferences-pairs", { pairs: some(pairs, all) }),
    ...mutedPairs.length === 0 ? [] : [html(language, "preferences-muted", { pairs: some(mutedPairs, "") })],
  ].join("\n")
}

const step = (member: Member, by: number): Item => ({
  text: by < 0 ? `−${-by}` : `+${by}`,
  press: Effect.gen(function* () {
    const { language, minNetBps: before } = member.preferences
    const after = inBounds(before + by)
    if (after === before) return { answer: plain(language, "preferences-net-bound", { bps: `${before}` }) }
    yield* save(member, (stored) => ({ ...stored, minNetBps: after }))
    return {}
  }),
})

export const preferences: Menu = {
  id: "prefs",
  permission: "preferences",
  draw: (member) => {
    const { highPriorityOnly, language, minNetBps, riskTolerance } = member.preferences
    const typed: Item = {
      text: plain(language, "preferences-net-button", { bps: `${minNetBps}` }),
      press: Effect.succeed({ then: askMinimum(member) }),
    }
    const steps = STEPS.map((by) => step(member, by))
    return Effect.succeed({
      html: text(member),
      rows: [
        [
          { text: plain(language, "preferences-types-button"), to: { menu: "prefs-types" } },
          { text: plain(language, "preferences-venues-button"), to: { menu: "prefs-venues" } },
          { text: plain(language, "preferences-pairs-button"), to: { menu: "prefs-pairs" } },
        ],
        [...steps.slice(0, 2), typed, ...steps.slice(2)],
        RISKS.map((risk) =>
          setting(member, chosen(risk === riskTolerance, plain(language, `preferences-risk-button.${risk}`)), {
            riskTolerance: risk,
          })
        ),
        [setting(member, ticked(highPriorityOnly, plain(language, "preferences-urgent-button")), {
          highPriorityOnly: !highPriorityOnly,
        })],
        [{ text: plain(language, "preferences-to-notifications"), to: { menu: "push" } }, close(language)],
      ],
    })
  },
}
