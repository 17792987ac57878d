/**
 * Validate, level 1 (market): may this candidate be taken for real right now?
 *
 * In: candidates. Out: the same, turned `below` with a reason where the market says no. Promises: pure; each verdict
 * names one reason of the closed list; what is not known (volatility) never rejects.
 */
import * as Decimal from "../domain/Decimal.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { OpportunityType, RejectionReason } from "../domain/Opportunity.ts"
import type { Candidate, Plan } from "./detectors/Candidate.ts"

export interface MarketRules {
  /** Net basis points that a type must exceed; a type not named here passes by the detector's own threshold. */
  readonly minNetBps: Readonly<Partial<Record<OpportunityType, number>>>
  /** Each leg's book is at most this old, ms; null switches it off. */
  readonly maxLatencyMs: number | null
  /** Venues that do not answer now. */
  readonly down: ReadonlySet<string>
}

export const rulesOf = (config: DetectConfig): MarketRules => ({
  minNetBps: { cross_exchange: config.minNetBps },
  maxLatencyMs: config.staleness === null ? null : config.staleness.maxAgeMs,
  down: new Set(),
})

/** The first rule that fails; null: all hold. */
export const verdict = (candidate: Candidate, plan: Plan, rules: MarketRules): RejectionReason | null => {
  const least = rules.minNetBps[candidate.route.type]
  if (plan.legs.some((leg) => rules.down.has(leg.venue))) return "venue_down"
  // A signal names no size; whoever does must have the depth for it.
  const sized = plan.details.type !== "technical"
  if (sized && plan.legs.some((leg) => leg.levels.length === 0 || leg.size === "0")) return "insufficient_depth"
  const { maxLatencyMs } = rules
  if (maxLatencyMs !== null && plan.legs.some((leg) => leg.bookAgeMs > maxLatencyMs)) return "stale_book"
  const tooLittle = least !== undefined && candidate.level === "above" && plan.netBps !== null &&
    Decimal.isLess(plan.netBps, Decimal.fromChecked(String(least)))
  return tooLittle ? "below_threshold" : null
}

export const validate = (
  candidates: ReadonlyArray<Candidate>,
  rules: MarketRules,
  rejected: (reason: RejectionReason) => void,
): ReadonlyArray<Candidate> =>
  candidates.map((candidate) => {
    if (candidate.plan === null) return candidate
    const reason = verdict(candidate, candidate.plan, rules)
    if (reason === null) return candidate
    rejected(reason)
    return { ...candidate, level: "below", plan: null, rejection: reason }
  })
