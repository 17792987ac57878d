/**
 * The operator's rules of eligibility, for whoever asks: distribution, `/why` and `arbedge explain` go by the same.
 *
 * In: settings. Out: a reference, with the product's rules where nothing is set. Promises: a setting that says nothing we
 * can use is told by its name, and nothing starts with it.
 */
import { Context, Schema } from "effect"
import { DEFAULT_RULES, type EligibilityRules, Requirement } from "../domain/Eligibility.ts"
import { OpportunityType } from "../domain/Opportunity.ts"
import { blockedRegions } from "../domain/RegionTable.ts"
import type { Settings } from "../domain/Settings.ts"
import { Tier } from "../domain/Tier.ts"

export const EligibilityPolicy = Context.Reference<EligibilityRules>("arbedge/EligibilityPolicy", {
  defaultValue: () => DEFAULT_RULES,
})

const isTier = Schema.is(Tier)
const isRequirement = Schema.is(Requirement)
const isType = Schema.is(OpportunityType)

type Chosen = Pick<Settings, "betaTypes" | "eligibilityLabels" | "aiBudgetTiers" | "blockedRegions">

/** `free:no_key`: what it asks of whom is only shown. */
const labelsOf = (texts: ReadonlyArray<string>) => {
  const labels: Partial<Record<Tier, ReadonlyArray<Requirement>>> = {}, unreadable: Array<string> = []
  for (const text of texts) {
    const [tier = "", requirement = ""] = text.split(":")
    if (isTier(tier) && isRequirement(requirement)) labels[tier] = [...labels[tier] ?? [], requirement]
    else unreadable.push(text)
  }
  return { labels, unreadable }
}

/** The rules, and what of the settings cannot be used. */
export const rulesOf = (
  chosen: Chosen,
): { readonly rules: EligibilityRules; readonly unreadable: ReadonlyArray<string> } => {
  const { regions, unreadable: odd } = blockedRegions(chosen.blockedRegions)
  const { labels, unreadable } = labelsOf(chosen.eligibilityLabels)
  const named = (variable: string, texts: ReadonlyArray<string>) => texts.map((text) => `${variable}: "${text}"`)
  return {
    rules: {
      ...DEFAULT_RULES,
      regions,
      labels,
      betaTypes: chosen.betaTypes.filter(isType),
      aiBudgetTiers: chosen.aiBudgetTiers.filter(isTier),
    },
    unreadable: [
      ...named("ARBEDGE_BLOCKED_REGIONS", odd),
      ...named("ARBEDGE_ELIGIBILITY_LABELS", unreadable),
      ...named("ARBEDGE_BETA_TYPES", chosen.betaTypes.filter((type) => !isType(type))),
      ...named("ARBEDGE_AI_BUDGET_TIERS", chosen.aiBudgetTiers.filter((tier) => !isTier(tier))),
    ],
  }
}
