/**
 * Forgetting rows that nothing reads any more.
 *
 * In: updates of Telegram long handled, what people looked at before yesterday, shares of past days, analyses of markets
 * that nobody follows any more. Out: their rows gone.
 * Promises: what a limit, a duplicate or a fair share may still be judged by stays: Telegram repeats an update for a day,
 * a day in the user's zone ends within two of ours.
 */
import { Clock, Duration, Effect } from "effect"
import { AnalysisResults } from "../layers/AnalysisResults.ts"
import { OpportunityViews } from "../layers/OpportunityViews.ts"
import { Rotations } from "../layers/Rotations.ts"
import { TelegramUpdates } from "../layers/TelegramUpdates.ts"

const KEPT_MS = Duration.toMillis(Duration.days(2))

/** Out: how many rows. */
export const forgetOld = Effect.gen(function* () {
  const updates = yield* TelegramUpdates, views = yield* OpportunityViews, rotations = yield* Rotations
  const analyses = yield* AnalysisResults
  const nowMs = yield* Clock.currentTimeMillis
  const before = nowMs - KEPT_MS
  const gone = yield* Effect.all([
    updates.prune(before),
    views.prune(before),
    rotations.prune(nowMs),
    analyses.prune(before),
  ])
  return gone.reduce((sum, rows) => sum + rows, 0)
}).pipe(Effect.withSpan("Retention.forgetOld"))
