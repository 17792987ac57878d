/**
 * Validate, level 1 (market): may this candidate be taken for real right now?
 *
 * In: candidates, with how strongly their markets move. Out: the same, turned `below` with a reason where the market says
 * no. Promises: pure; each verdict names one reason of the closed list; a volatility that is not known never rejects.
 */
import * as Decimal from "../domain/Decimal.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { OpportunityType, RejectionReason } from "../domain/Opportunity.ts"
import type { VerdictValues } from "../domain/Verdict.ts"
import { ANY_BUT_ABSURD, isWithin, rounded, type VolatilityRange } from "../domain/Volatility.ts"
import type { Candidate, Plan } from "./detectors/Candidate.ts"

export interface MarketRules {
  /** Net basis points that a type must exceed; a type not named here passes by the detector's own threshold. */
  readonly minNetBps: Readonly<Partial<Record<OpportunityType, number>>>
  /** Each leg's book is at most this old, ms; null switches it off. */
  readonly maxLatencyMs: number | null
  /** Venues that do not answer now. */
  readonly down: ReadonlySet<string>
  /** How strongly each leg's market may move. */
  readonly volatility: Readonly<Record<OpportunityType, VolatilityRange>>
}

/** Why not, and what was compared where the reason does not say all. */
export interface Refusal {
  readonly rejection: RejectionReason
  readonly compared?: VerdictValues
}

export const rulesOf = (config: DetectConfig): MarketRules => ({
  minNetBps: { cross_exchange: config.minNetBps },
  maxLatencyMs: config.staleness === null ? null : config.staleness.maxAgeMs,
  down: new Set(),
  volatility: {
    cross_exchange: ANY_BUT_ABSURD,
    triangular: ANY_BUT_ABSURD,
    funding: ANY_BUT_ABSURD,
    technical: ANY_BUT_ABSURD,
    ...config.validation.volatility,
  },
})

/** The first rule that fails; null: all hold. */
export const verdict = (candidate: Candidate, plan: Plan, rules: MarketRules): Refusal | null => {
  const least = rules.minNetBps[candidate.route.type]
  if (plan.legs.some((leg) => rules.down.has(leg.venue))) return { rejection: "venue_down" }
  // A signal names no size; whoever does must have the depth for it.
  const sized = plan.details.type !== "technical"
  if (sized && plan.legs.some((leg) => leg.levels.length === 0 || leg.size === "0")) {
    return { rejection: "insufficient_depth" }
  }
  const { maxLatencyMs } = rules
  if (maxLatencyMs !== null && plan.legs.some((leg) => leg.bookAgeMs > maxLatencyMs)) return { rejection: "stale_book" }
  const range = rules.volatility[candidate.route.type]
  const wild = candidate.volatility?.findIndex((bps) => !isWithin(bps, range)) ?? -1
  if (wild !== -1) return { rejection: "volatility_out_of_range", compared: compared(candidate, plan, range, wild) }
  const tooLittle = least !== undefined && candidate.level === "above" && plan.netBps !== null &&
    Decimal.isLess(plan.netBps, Decimal.fromChecked(String(least)))
  return tooLittle ? { rejection: "below_threshold" } : null
}

const compared = (
  { volatility }: Candidate,
  { legs }: Plan,
  { maxBps, minBps }: VolatilityRange,
  at: number,
): VerdictValues => ({
  market: `${legs[at]?.venue} ${legs[at]?.instrument}`,
  volatilityBps: rounded(volatility?.[at] ?? null),
  minVolatilityBps: minBps,
  maxVolatilityBps: maxBps,
})

export const validate = (
  candidates: ReadonlyArray<Candidate>,
  rules: MarketRules,
  rejected: (reason: RejectionReason) => void,
): ReadonlyArray<Candidate> =>
  candidates.map((candidate) => {
    if (candidate.plan === null) return candidate
    const refusal = verdict(candidate, candidate.plan, rules)
    if (refusal === null) return candidate
    rejected(refusal.rejection)
    return { ...candidate, level: "below", plan: null, ...refusal }
  })
