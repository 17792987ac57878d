/**
 * Track records: why an opportunity was told or not, what became of it, and what all of them were worth.
 *
 * In: an opportunity's id, or a span of time. Out: its newest revision with every level's verdict and its outcome; rows
 * of the scorecard. Promises: read from the store alone, so that a command and the service answer alike; of more than
 * 200,000 outcomes the newest are counted.
 */
import { Effect, Option, Schema } from "effect"
import { Opportunity } from "../domain/Opportunity.ts"
import { Outcome } from "../domain/Outcome.ts"
import { type Grouping, scorecard, type ScorecardRow } from "../domain/Scorecard.ts"
import { Verdict } from "../domain/Verdict.ts"
import { Opportunities } from "../layers/Opportunities.ts"
import type { StoreError } from "../layers/Store.ts"
import { type PageStart, TrackRecord } from "../layers/TrackRecord.ts"

export const Explained = Schema.Struct({
  opportunityId: Schema.String,
  /** Null: it never came to be, or was told to nobody. */
  opportunity: Schema.NullOr(Opportunity),
  verdicts: Schema.Array(Verdict),
  /** Null: it is still followed. */
  outcome: Schema.NullOr(Outcome),
})
export type Explained = typeof Explained.Type

export const explain = Effect.fn("TrackRecords.explain")(function* (
  opportunityId: string,
): Effect.fn.Return<Explained, StoreError, Opportunities | TrackRecord> {
  const opportunities = yield* Opportunities, record = yield* TrackRecord
  return {
    opportunityId,
    opportunity: Option.getOrNull(yield* opportunities.byId(opportunityId)),
    verdicts: yield* record.verdictsOf(opportunityId),
    outcome: Option.getOrNull(yield* record.outcomeOf(opportunityId)),
  }
})

export interface ScorecardQuery {
  readonly by: Grouping
  readonly sinceMs: number
  readonly untilMs: number
}

const PAGE = 2_000
const COUNTED = 200_000

export const scorecardOf = Effect.fn("TrackRecords.scorecardOf")(function* (
  { by, sinceMs, untilMs }: ScorecardQuery,
): Effect.fn.Return<ReadonlyArray<ScorecardRow>, StoreError, TrackRecord> {
  const record = yield* TrackRecord
  const outcomes: Array<Outcome> = []
  let after = Option.none<PageStart>()
  while (true) {
    const page = yield* record.outcomes({ sinceMs, untilMs, after, limit: PAGE })
    outcomes.push(...page)
    if (outcomes.length > COUNTED) outcomes.splice(0, outcomes.length - COUNTED)
    if (page.length < PAGE) return scorecard(outcomes, by)
    after = Option.fromNullishOr(page.at(-1))
  }
})
