/**
 * Judge: levels 2 and 4 of validation, and the trace of every level.
 *
 * In: a candidate that would open, or that has grown by a step worth telling; candidates that level 1 refused. Out:
 * confidence, notes, why it is kept silent if it is; verdicts with the values compared. Promises: pure; asked once for
 * each of these moments, never per check; fewer than 30 similar cases, or no model, label and never refuse; what is kept
 * silent is followed all the same, so that its outcome is learned. A refusal that lasts is logged once a minute.
 */
import * as Decimal from "../domain/Decimal.ts"
import { assess, type Assessment } from "../domain/Assessment.ts"
import { type Cases, isProven, successRate } from "../domain/Cases.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import { type Described, featuresOf } from "../domain/Features.ts"
import type { OpportunityType, RejectionReason } from "../domain/Opportunity.ts"
import * as Outcome from "../domain/Outcome.ts"
import type { Level, Verdict, VerdictValues } from "../domain/Verdict.ts"
import { rounded } from "../domain/Volatility.ts"
import type { Candidate, Plan } from "./detectors/Candidate.ts"

export interface Judgement {
  readonly assessment: Assessment
  /** Calibrated probability of success; null: no model, or none for this type. */
  readonly confidence: number | null
  /** Why nobody is told; null: it is told. */
  readonly refusal: RejectionReason | null
  readonly notes: ReadonlyArray<string>
}

export interface JudgeRules {
  /** Share of similar cases that must have succeeded; null: it labels only. */
  readonly minSuccessRate: number | null
  /** Confidence below which nobody is told; null: it labels only. */
  readonly minConfidence: number | null
  /** Why the asset is not to be traded at that time (ms); null: nothing is known against it. */
  readonly blackout: (asset: string, atMs: number) => string | null
  /** Probability of success by the trained model, of features in their order; null: it cannot say. */
  readonly confidence: (features: ReadonlyArray<number>, simulated: boolean) => number | null
}

/** Without blackouts and without a model. */
export const rulesOf = ({ validation }: DetectConfig): JudgeRules => (
  { ...validation, blackout: () => null, confidence: () => null }
)

/** What is to be judged: a candidate's plan, and what it is or would be told as. */
export interface Asked {
  readonly candidate: Candidate
  readonly plan: Plan
  readonly id: string
  readonly revision: number
  readonly simulated: boolean
}

/** What is known beside the plan itself. */
export interface Experience {
  readonly casesOf: (similarity: string) => Cases
  /** Null: too few. */
  readonly medianLivedMs: (similarity: string) => number | null
  /** Whether indicators confirm a direction; null: they are not known. */
  readonly confirms: (venue: string, instrument: string, direction: "buy" | "sell", atMs: number) => boolean | null
}

const SAME_REFUSAL_MS = 60_000
const REFUSALS_KEPT = 10_000

export class Judge {
  readonly #rules: JudgeRules
  readonly #known: Experience
  readonly #verdicts: Array<Verdict> = []
  /** Refusals logged lately, by fingerprint; forgotten oldest first. */
  readonly #refusals = new Map<string, { readonly reason: RejectionReason; readonly at: number }>()

  constructor(rules: JudgeRules, known: Experience) {
    this.#rules = rules
    this.#known = known
  }

  judge({ candidate, id, plan, revision, simulated }: Asked): Judgement {
    const verdict = this.#recorder(candidate, id, revision)
    verdict(1, null, {
      netBps: textOf(plan.netBps),
      netProfit: textOf(plan.netProfit),
      currency: plan.currency,
      oldestBookAgeMs: Math.max(0, ...plan.legs.map(({ bookAgeMs }) => bookAgeMs)),
      legs: plan.legs.length,
      volatilityBps: greatest(candidate.volatility),
    })
    const { asset, type } = candidate.route
    const similarity = Outcome.similarity({ type, asset, venues: plan.legs.map(({ venue }) => venue) })
    const cases = this.#known.casesOf(similarity)
    const indicators = this.#indicators(plan, candidate.trigger.ingestTime)
    const experience = this.#experience(candidate, cases, indicators, verdict)
    const confidence = this.#rules.confidence(featuresOf(describe(type, plan), cases), simulated)
    const { minConfidence } = this.#rules
    const doubted = confidence !== null && minConfidence !== null && confidence < minConfidence
      ? "low_confidence"
      : null
    const assessment = assess({
      confidence,
      cases,
      medianLivedMs: this.#known.medianLivedMs(similarity),
      indicators,
    })
    const { expectedLifetimeMs, positionShare, risk } = assessment
    verdict(4, doubted, { confidence, minConfidence, risk, positionShare, expectedLifetimeMs })
    return {
      assessment,
      confidence,
      refusal: experience ?? doubted,
      notes: isProven(cases)
        ? [`${cases.succeeded} of ${cases.judged} similar ones still paid a second later`]
        : ["unproven"],
    }
  }

  /** Level 1, or the detector itself, turned down what would have been worth looking at. */
  refused(candidate: Candidate, reason: RejectionReason, id: () => string): void {
    const { fingerprint, trigger } = candidate
    const before = this.#refusals.get(fingerprint)
    if (before?.reason === reason && trigger.ingestTime - before.at < SAME_REFUSAL_MS) return
    this.#refusals.delete(fingerprint)
    this.#refusals.set(fingerprint, { reason, at: trigger.ingestTime })
    if (this.#refusals.size > REFUSALS_KEPT) {
      for (const oldest of this.#refusals.keys()) {
        this.#refusals.delete(oldest)
        break
      }
    }
    const route = candidate.route.legs.map(({ instrument, venue }) => `${venue} ${instrument}`).join(" > ")
    this.#recorder(candidate, id(), 0)(1, reason, {
      route,
      trigger: `${trigger.kind} of ${trigger.venue}`,
      ...candidate.compared,
    })
  }

  /** Verdicts since the last call. */
  take(): ReadonlyArray<Verdict> {
    return this.#verdicts.splice(0)
  }

  /** Of the legs whose markets' indicators are known. They label and never refuse. */
  #indicators(plan: Plan, atMs: number): Assessment["indicators"] {
    const answers = plan.legs.flatMap(({ instrument, side, venue }) => {
      const answer = this.#known.confirms(venue, instrument, side, atMs)
      return answer === null ? [] : [answer]
    })
    return answers.length === 0 ? null : { confirmed: answers.filter(Boolean).length, known: answers.length }
  }

  #experience(
    { route, trigger }: Candidate,
    cases: Cases,
    indicators: Assessment["indicators"],
    verdict: Recorder,
  ): RejectionReason | null {
    const { minSuccessRate } = this.#rules
    const blackout = this.#rules.blackout(route.asset, trigger.ingestTime)
    const proven = isProven(cases), rate = successRate(cases)
    const reason = blackout !== null
      ? "blackout"
      : minSuccessRate !== null && proven && rate <= minSuccessRate
      ? "low_success_rate"
      : null
    verdict(2, reason, {
      similarCases: cases.judged,
      succeeded: cases.succeeded,
      successRate: Math.round(rate * 10_000) / 10_000,
      minSuccessRate,
      proven,
      blackout,
      indicators: indicators === null ? null : `${indicators.confirmed} of ${indicators.known} legs confirmed`,
    })
    return reason
  }

  #recorder({ fingerprint, trigger }: Candidate, opportunityId: string, revision: number): Recorder {
    return (level, reason, values) => {
      const passed = reason === null, at = trigger.ingestTime
      this.#verdicts.push({ opportunityId, fingerprint, revision, level, userId: null, passed, reason, values, at })
    }
  }
}

type Recorder = (level: Level, reason: RejectionReason | null, values: VerdictValues) => void

/** Of the legs where it is known; null: of none. */
const greatest = (volatility: Candidate["volatility"]): number | null => {
  const known = volatility?.flatMap((bps) => bps ?? []) ?? []
  return rounded(known.length === 0 ? null : Math.max(...known))
}

const numberOf = (value: Decimal.Decimal | null): number | null => value === null ? null : Decimal.toNumber(value)

const describe = (type: OpportunityType, plan: Plan): Described => ({
  type,
  legs: plan.legs,
  netBps: numberOf(plan.netBps),
  grossBps: numberOf(plan.grossBps),
  netProfit: numberOf(plan.netProfit),
  size: Decimal.toNumber(plan.size),
  capacity: Decimal.toNumber(plan.capacity),
})

const textOf = (value: Decimal.Decimal | null): string | null => value === null ? null : Decimal.format(value)
