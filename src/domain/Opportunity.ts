/**
 * Opportunities: priced plans of legs with a lifetime, as they stand on every public surface.
 *
 * In: what detection priced. Out: the public JSON object and its Schema. Promises: decimals are text, times integer
 * milliseconds, and legs carry levels, fees and sequences enough to recompute `netProfit` and `netBps` by hand.
 */
import { Schema } from "effect"
import { Assessment } from "./Assessment.ts"
import { withDefault } from "./ConfigValues.ts"
import { Details } from "./Details.ts"
import { Evidence } from "./Evidence.ts"
import { VenueId } from "./Instrument.ts"

export { RejectionReason } from "./Rejection.ts"

export const OpportunityType = Schema.Literals(["cross_exchange", "triangular", "funding", "technical"])
export type OpportunityType = typeof OpportunityType.Type
export const OPPORTUNITY_TYPES: ReadonlyArray<OpportunityType> = OpportunityType.literals

export const OpportunityState = Schema.Literals(["opened", "improved", "fading", "closed"])
export type OpportunityState = typeof OpportunityState.Type

export const Priority = Schema.Literals(["critical", "high", "medium", "low"])
export type Priority = typeof Priority.Type

/** The queue's order: 0 goes first. */
export const PRIORITY_RANK: Readonly<Record<Priority, number>> = { critical: 0, high: 1, medium: 2, low: 3 }

/** By net basis points: critical >= 50, high >= 20, medium >= 10, else low, and low where they are unknown. */
export const priorityOf = (netBps: number | null): Priority =>
  netBps === null ? "low" : netBps >= 50 ? "critical" : netBps >= 20 ? "high" : netBps >= 10 ? "medium" : "low"

export const Leg = Schema.Struct({
  venue: VenueId,
  instrument: Schema.String,
  side: Schema.Literals(["buy", "sell"]),
  size: Schema.String.annotate({ description: "Base units" }),
  price: Schema.String.annotate({
    description:
      "Volume-weighted price of size (quote / base, scale 12, half-even); totals come from levels, never from it",
  }),
  levels: Schema.Array(Schema.Tuple([Schema.String, Schema.String])).annotate({
    description: "[price, base units] taken from the book, best first, the last one in part",
  }),
  contracts: Schema.NullOr(Schema.String).annotate({
    description: "Contracts and the size of one, on derivatives; null on spot",
  }),
  contractSize: Schema.NullOr(Schema.String),
  fee: Schema.String.annotate({
    description: "Taker fee paid on this leg, in feeCurrency, and its rate as a fraction",
  }),
  feeCurrency: Schema.String,
  feeRate: Schema.String,
  bookSeq: Schema.NullOr(Schema.Int).annotate({
    description: "The venue's sequence of the book used; null where it has none",
  }),
  bookAgeMs: Schema.Int,
})
export type Leg = typeof Leg.Type

export const Opportunity = Schema.Struct({
  v: Schema.Literal(1),
  id: Schema.String.annotate({
    description:
      "First 32 hex digits of SHA-256 over fingerprint and triggering tick; the same on every runtime and every run",
  }),
  revision: Schema.Int,
  state: OpportunityState,
  fingerprint: Schema.String,
  type: OpportunityType,
  asset: Schema.String.annotate({ description: "Canonical asset the opportunity is about" }),
  detectedAt: Schema.Int,
  at: Schema.Int.annotate({
    description: "When this transition happened; of one that fades, when it was last seen to hold",
  }),
  expiresAt: Schema.Int,
  checks: Schema.Int.annotate({
    description: "Checks above the threshold so far, and the ingest times of the first and the last of them",
  }),
  firstAt: Schema.Int,
  lastAt: Schema.Int,
  legs: Schema.Array(Leg),
  size: Schema.String.annotate({
    description: 'Base units bought and sold (triangular: units of the start asset); "0" where a signal names no size',
  }),
  notional: Schema.String.annotate({ description: "Cost of the buying leg before fees, in currency" }),
  currency: Schema.String,
  grossBps: Schema.NullOr(Schema.String).annotate({
    description: "Unknown (null) of a technical signal: nobody knows what it will earn",
  }),
  netBps: Schema.NullOr(Schema.String),
  netProfit: Schema.NullOr(Schema.String).annotate({ description: "In currency, scale 8" }),
  capacity: Schema.String.annotate({ description: "Units of size that the books admit before caps and lots" }),
  details: Details.annotate({ description: "What its type tells beyond these" }),
  /** What its figures can be computed from again (docs/evidence.md); null: kept before there was evidence. */
  evidence: withDefault(Schema.NullOr(Evidence), null),
  confidence: Schema.NullOr(Schema.Finite).annotate({
    description: "Probability of success; null until a calibrated model exists",
  }),
  assessment: Assessment.annotate({
    description: "What level 4 of validation adds: risk, share of the size, expected life",
  }),
  score: Schema.NullOr(Schema.Finite).annotate({ description: "0 to 100, see docs/scoring.md; null before scoring" }),
  priority: Priority,
  reasons: Schema.Array(Schema.String).annotate({
    description: "What a reader should know: parity used, conversion book, unproven, not transferable, closing reason",
  }),
  simulated: Schema.Boolean,
  settingsVersion: Schema.String,
})
export type Opportunity = typeof Opportunity.Type

/** The leg by whose pair it goes: the one that buys; of funding the short one. */
export const leadingLeg = ({ legs, type }: Pick<Opportunity, "type" | "legs">): Leg | undefined =>
  legs.find(({ side }) => side === (type === "funding" ? "sell" : "buy")) ?? legs[0]

/** Why one was closed: its time ran out, as its detection saw it and as its coordinator did. */
export const EXPIRED_REASONS = { detection: "closed: expired", coordinator: "expired" } as const

export const hasExpired = ({ reasons, state }: Pick<Opportunity, "reasons" | "state">): boolean =>
  state === "closed" && Object.values(EXPIRED_REASONS).some((reason) => reasons.includes(reason))

/** One line of JSON and back; the only form on the wire. */
export const OpportunityJson = Schema.fromJsonString(Opportunity)
