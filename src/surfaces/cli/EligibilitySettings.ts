/**
 * The operator's rules of eligibility, for commands.
 *
 * In: the settings. Out: the rules, or a failure that names what cannot be used. Promises: a name that nobody knows is
 * refused, never passed over.
 */
import { Effect } from "effect"
import type { EligibilityRules } from "../../domain/Eligibility.ts"
import type { Settings } from "../../domain/Settings.ts"
import { rulesOf } from "../../layers/EligibilityPolicy.ts"
import { type Failure, usage } from "./Failure.ts"

export const eligibilityRules = (settings: Settings): Effect.Effect<EligibilityRules, Failure> => {
  const { rules, unreadable } = rulesOf(settings)
  return unreadable.length === 0
    ? Effect.succeed(rules)
    : Effect.fail(usage(`no rule can be made of ${unreadable.join(", ")}`, "see docs/guides/settings.md"))
}
