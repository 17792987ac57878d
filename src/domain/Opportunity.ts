/**
 * Opportunities: priced plans of legs with a lifetime, as they stand on every public surface.
 *
 * In: what detection priced. Out: the public JSON object and its Schema. Promises: decimals are text, times integer
 * milliseconds, and legs carry levels, fees and sequences enough to recompute `netProfit` and `netBps` by hand.
 */
import { Schema } from "effect"
import { VenueId } from "./Instrument.ts"

export const OpportunityType = Schema.Literals(["cross_exchange", "triangular", "funding", "technical"])
export type OpportunityType = typeof OpportunityType.Type
export const OPPORTUNITY_TYPES: ReadonlyArray<OpportunityType> = OpportunityType.literals

export const OpportunityState = Schema.Literals(["opened", "improved", "fading", "closed"])
export type OpportunityState = typeof OpportunityState.Type

export const Priority = Schema.Literals(["critical", "high", "medium", "low"])
export type Priority = typeof Priority.Type

/** The queue's order: 0 goes first. */
export const PRIORITY_RANK: Readonly<Record<Priority, number>> = { critical: 0, high: 1, medium: 2, low: 3 }

/** By net basis points: critical >= 50, high >= 20, medium >= 10, else low. */
export const priorityOf = (netBps: number): Priority =>
  netBps >= 50 ? "critical" : netBps >= 20 ? "high" : netBps >= 10 ? "medium" : "low"

export const Leg = Schema.Struct({
  venue: VenueId,
  instrument: Schema.String,
  side: Schema.Literals(["buy", "sell"]),
  /** Base units. */
  size: Schema.String,
  /** Volume-weighted price of `size` (quote / base, scale 12, half-even); totals come from `levels`, never from it. */
  price: Schema.String,
  /** `[price, base units]` taken from the book, best first, the last one in part. */
  levels: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
  /** Contracts and the size of one, on derivatives; null on spot. */
  contracts: Schema.NullOr(Schema.String),
  contractSize: Schema.NullOr(Schema.String),
  /** Taker fee paid on this leg, in `feeCurrency`, and its rate as a fraction. */
  fee: Schema.String,
  feeCurrency: Schema.String,
  feeRate: Schema.String,
  /** The venue's sequence of the book used; null where it has none. */
  bookSeq: Schema.NullOr(Schema.Int),
  bookAgeMs: Schema.Int,
})
export type Leg = typeof Leg.Type

export const Opportunity = Schema.Struct({
  v: Schema.Literal(1),
  /** First 32 hex digits of SHA-256 over fingerprint and triggering tick; the same on every runtime and every run. */
  id: Schema.String,
  revision: Schema.Int,
  state: OpportunityState,
  fingerprint: Schema.String,
  type: OpportunityType,
  /** Canonical asset the opportunity is about. */
  asset: Schema.String,
  detectedAt: Schema.Int,
  expiresAt: Schema.Int,
  /** Checks above the threshold so far, and the ingest times of the first and the last of them. */
  checks: Schema.Int,
  firstAt: Schema.Int,
  lastAt: Schema.Int,
  legs: Schema.Array(Leg),
  /** Base units bought and sold. */
  size: Schema.String,
  /** Cost of the buying leg before fees, in `currency`. */
  notional: Schema.String,
  currency: Schema.String,
  grossBps: Schema.String,
  netBps: Schema.String,
  /** In `currency`, scale 8. */
  netProfit: Schema.String,
  /** Base units that the two books admit before caps and lots. */
  capacity: Schema.String,
  /** Probability of success; null until a calibrated model exists. */
  confidence: Schema.NullOr(Schema.Finite),
  /** 0 to 100, see docs/scoring.md; null before scoring. */
  score: Schema.NullOr(Schema.Finite),
  priority: Priority,
  /** What a reader should know: parity used, conversion book, unproven, not transferable, closing reason. */
  reasons: Schema.Array(Schema.String),
  simulated: Schema.Boolean,
  settingsVersion: Schema.String,
})
export type Opportunity = typeof Opportunity.Type

/** One line of JSON and back; the only form on the wire. */
export const OpportunityJson = Schema.fromJsonString(Opportunity)

/** Why detection or validation turned a check down; counted under this name. Closed list. */
export const RejectionReason = Schema.Literals([
  "below_threshold",
  "insufficient_depth",
  "stale_book",
  "book_skew",
  "crossed_book",
  "broken_sequence",
  "no_conversion",
  "conversion_stale",
  "below_lot",
  "below_min_amount",
  "below_min_notional",
  "venue_down",
])
export type RejectionReason = typeof RejectionReason.Type
