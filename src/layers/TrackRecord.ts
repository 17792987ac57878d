/**
 * The TrackRecord port: what validation said of opportunities and what became of them, tables
 * `opportunity_validation_log` and `opportunity_outcomes`.
 *
 * In: verdicts and outcomes in batches, in any order, any number of times. Out: the same by opportunity, and outcomes
 * page by page. Promises: a batch is written as one and is safe to repeat; each outcome is announced once as the fact
 * `evt.v1.opportunity.outcome`.
 */
import { Context, type Effect, type Option } from "effect"
import type { Outcome } from "../domain/Outcome.ts"
import type { Verdict } from "../domain/Verdict.ts"
import type { StoreError } from "./Store.ts"

export interface Findings {
  readonly verdicts: ReadonlyArray<Verdict>
  readonly outcomes: ReadonlyArray<Outcome>
}

/** Where a page of outcomes begins: behind this one, by time of detection and id. */
export interface PageStart {
  readonly detectedAt: number
  readonly opportunityId: string
}

export class TrackRecord extends Context.Service<TrackRecord, {
  readonly append: (findings: Findings, nowMs: number) => Effect.Effect<void, StoreError>
  /** By revision, level and user. */
  readonly verdictsOf: (opportunityId: string) => Effect.Effect<ReadonlyArray<Verdict>, StoreError>
  readonly outcomeOf: (opportunityId: string) => Effect.Effect<Option.Option<Outcome>, StoreError>
  /** Detected in [sinceMs, untilMs), oldest first; empty: there are no more. */
  readonly outcomes: (page: {
    readonly sinceMs: number
    readonly untilMs: number
    readonly after: Option.Option<PageStart>
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<Outcome>, StoreError>
}>()("arbedge/TrackRecord") {}
