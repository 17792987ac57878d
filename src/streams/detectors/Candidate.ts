/**
 * Candidates: what a detector says of one check of one route.
 *
 * Out of a detector, into Validate, Score and Dedup. A check is one comparison of a route, made because one of its
 * books changed. Detectors speak of a route from its first check above the threshold until Dedup releases it.
 */
import type { Decimal } from "../../domain/Decimal.ts"
import type { Details } from "../../domain/Details.ts"
import type { Inputs } from "../../domain/Evidence.ts"
import type { Leg, RejectionReason } from "../../domain/Opportunity.ts"
import type { Route } from "../../domain/Route.ts"
import type { VerdictValues } from "../../domain/Verdict.ts"

export type TriggerKind = "quote" | "book" | "gap" | "trade" | "funding" | "candle"

/** The tick that made the check happen. */
export interface Trigger {
  readonly venue: string
  readonly instrument: string
  readonly kind: TriggerKind
  readonly ingestTime: number
  /** Among ticks of equal venue, instrument, kind and ingest time in the partition, from 0. */
  readonly ordinal: number
}

/** A priced plan, exact. */
export interface Plan {
  readonly legs: ReadonlyArray<Leg>
  readonly size: Decimal
  readonly capacity: Decimal
  /** Cost of the buying leg before fees, in `currency`. */
  readonly notional: Decimal
  readonly currency: string
  /** Null: nobody knows what it will earn (a technical signal). */
  readonly grossBps: Decimal | null
  readonly netBps: Decimal | null
  readonly netProfit: Decimal | null
  /** It holds until then without being checked again, ms; null: as long as checks confirm it. */
  readonly holdsUntil: number | null
  readonly details: Details
  /** What it was priced from; null: it is no better than one made before, and nobody keeps it. */
  readonly inputs: Inputs | null
  readonly notes: ReadonlyArray<string>
}

export interface Candidate {
  readonly route: Route
  readonly fingerprint: string
  readonly trigger: Trigger
  /** Above the threshold; between the closing and the opening one; at or below the closing one, or not to be had. */
  readonly level: "above" | "holding" | "below"
  /** Absent below. Its figures are of `route.type`. */
  readonly plan: Plan | null
  /** Why it stands below; null where it does not. */
  readonly rejection: RejectionReason | null
  /** How strongly the market of each of the plan's legs moved when it was checked (domain/Volatility.ts); null: unknown. */
  readonly volatility?: ReadonlyArray<number | null>
  /** What the rule that turned it down compared, where its reason does not say all. */
  readonly compared?: VerdictValues
  /** 0 to 100, given by Score. */
  readonly score: number | null
}
