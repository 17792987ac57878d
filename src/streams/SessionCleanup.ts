/**
 * Closing sessions past their time.
 *
 * In: sessions whose week is over. Out: rows marked expired, their metadata wiped, a fact of each end. Promises: batches
 * of 500 rows that are locked one transaction at a time, so that validation beside them stays fast; two cleaners share
 * the work; a session that is judged in between counts as expired anyway: this only says so in its row.
 */
import { Clock, Effect } from "effect"
import { toldOf } from "../actors/SessionRows.ts"
import type { SessionFact } from "../domain/Fact.ts"
import * as Subject from "../domain/Subject.ts"
import { Outbox } from "../layers/Outbox.ts"
import { SessionAnalytics } from "../layers/SessionAnalytics.ts"
import { Sessions } from "../layers/Sessions.ts"
import { Store } from "../layers/Store.ts"

const BATCH = 500

const closeBatch = Effect.gen(function* () {
  const sessions = yield* Sessions, outbox = yield* Outbox, store = yield* Store
  const analytics = yield* SessionAnalytics
  const nowMs = yield* Clock.currentTimeMillis
  return yield* store.transaction(Effect.gen(function* () {
    const ended = yield* sessions.expireBatch({ nowMs, limit: BATCH })
    const summaries = yield* analytics.summaries(ended.map(({ sessionId }) => sessionId))
    const told = new Map(summaries.map((summary) => [summary.sessionId, toldOf(summary)]))
    const subject = Subject.fact("session", "ended")
    const facts = ended.map(({ sessionId, telegramId, userId }) => ({
      subject,
      payload: { v: 1, outcome: "expired", at: nowMs, ...told.get(sessionId) } satisfies Omit<SessionFact, "person">,
      person: { userId, telegramId, sessionId },
    }))
    if (facts.length > 0) yield* outbox.append(facts, nowMs)
    return ended.length
  }))
})

/** All there are now. Out: how many were closed. */
export const closeExpired: Effect.Effect<
  number,
  Effect.Error<typeof closeBatch>,
  Effect.Services<typeof closeBatch>
> = Effect.gen(function* () {
  let closed = 0
  while (true) {
    const batch = yield* closeBatch
    closed += batch
    if (batch < BATCH) return closed
  }
}).pipe(Effect.withSpan("SessionCleanup.closeExpired"))
