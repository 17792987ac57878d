/**
 * The Opportunities port: every opportunity at its newest revision, and what validation said of it: tables
 * `global_opportunities` and `opportunity_validation_log`.
 *
 * In: transitions in any order, verdicts in batches. Out: opportunities. Promises: an older revision never replaces a
 * newer one.
 */
import { Context, type Effect, type Option } from "effect"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { StoreError } from "./Store.ts"

/** One level's verdict on one opportunity, or the first failure of one user. */
export interface ValidationEntry {
  readonly opportunityId: string
  readonly revision: number
  readonly level: 1 | 2 | 3 | 4
  /** Null: it concerns nobody in particular. */
  readonly userId: string | null
  readonly passed: boolean
  /** From the closed list of the level that failed; null where it passed. */
  readonly reason: string | null
  readonly at: number
}

export class Opportunities extends Context.Service<Opportunities, {
  /** Out: true if this revision is news, false if the same or a newer one was there. */
  readonly upsert: (opportunity: Opportunity, nowMs: number) => Effect.Effect<boolean, StoreError>
  readonly byId: (id: string) => Effect.Effect<Option.Option<Opportunity>, StoreError>
  /** Those not closed whose lifetime has not run out, best first: by priority, then net bps. */
  readonly open: (nowMs: number, limit: number) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Those not closed whose lifetime has run out: whom the coordinator forgot. */
  readonly overdue: (nowMs: number, limit: number) => Effect.Effect<ReadonlyArray<Opportunity>, StoreError>
  /** Writes the batch in one statement. */
  readonly logValidation: (entries: ReadonlyArray<ValidationEntry>) => Effect.Effect<void, StoreError>
}>()("arbedge/Opportunities") {}
