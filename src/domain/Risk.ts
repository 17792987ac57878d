/**
 * Risk: what may go wrong with an opportunity, and whose tolerance that exceeds.
 *
 * In: an opportunity. Out: facts against it, and the least tolerance that admits it. Promises: pure; only what the
 * opportunity itself says counts, nothing is guessed: what is unknown is the fact "unproven", not a figure.
 *
 *   low     admits what is hedged at once and has proved itself: no fact below
 *   medium  admits every fact but "judged_high"
 *   high    admits everything
 */
import { Schema } from "effect"
import { isUnproven } from "./card/OpportunityCard.ts"
import type { Opportunity } from "./Opportunity.ts"
import type { RiskTolerance } from "./Preferences.ts"

export const RiskFact = Schema.Literals([
  /** One leg that nothing hedges: a technical signal. */
  "directional",
  /** The price may move while the coins travel. */
  "in_transit",
  /** It earns only while both positions stay open, over at least one settlement. */
  "held_open",
  /** Too few similar cases, or none, to say how often it comes true. */
  "unproven",
  /** Its market data are invented. */
  "simulated",
  /** Level 4 of validation judged its risk so. */
  "judged_medium",
  "judged_high",
])
export type RiskFact = typeof RiskFact.Type

export const RISK_RANK: Readonly<Record<RiskTolerance, number>> = { low: 0, medium: 1, high: 2 }

const TOLERANCES: ReadonlyArray<RiskTolerance> = ["low", "medium", "high"]

export const riskFacts = (opportunity: Opportunity): ReadonlyArray<RiskFact> => {
  const { assessment, details, simulated, type } = opportunity
  const facts: Array<RiskFact> = []
  if (type === "technical") facts.push("directional")
  if (details.type === "cross_exchange" && details.mode === "transfer") facts.push("in_transit")
  if (type === "funding") facts.push("held_open")
  if (isUnproven(opportunity)) facts.push("unproven")
  if (simulated) facts.push("simulated")
  if (assessment.risk === "medium") facts.push("judged_medium")
  if (assessment.risk === "high") facts.push("judged_high")
  return facts
}

/** The least tolerance that admits what has these facts. */
export const toleranceFor = (facts: ReadonlyArray<RiskFact>): RiskTolerance =>
  TOLERANCES[facts.includes("judged_high") ? 2 : facts.length > 0 ? 1 : 0] ?? "high"
