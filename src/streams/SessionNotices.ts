/**
 * Telling people that their session ends soon.
 *
 * In: sessions with at most a day left, and at most half of their time. Out: a notice for each end, once. Promises:
 * batches of 100, each a transaction; two who sweep at once write the same rows; a session that goes on has another end,
 * of which is told anew.
 */
import { Clock, Effect } from "effect"
import { Sessions } from "../layers/Sessions.ts"
import { Store } from "../layers/Store.ts"
import { owe } from "./Notices.ts"

const BATCH = 100
const WITHIN_MS = 86_400_000

const tellBatch = Effect.gen(function* () {
  const sessions = yield* Sessions, store = yield* Store
  const nowMs = yield* Clock.currentTimeMillis
  return yield* store.transaction(Effect.gen(function* () {
    const ending = yield* sessions.endingSoon({ nowMs, withinMs: WITHIN_MS, limit: BATCH })
    yield* Effect.forEach(
      ending,
      ({ expiresAt: endsAt, telegramId: chatId, userId }) =>
        owe([{ userId, chatId }], { about: "session_ends", endsAt }, nowMs),
      { discard: true },
    )
    return ending.length
  }))
})

/** All there are now. Out: how many. */
export const tellEndingSessions: Effect.Effect<
  number,
  Effect.Error<typeof tellBatch>,
  Effect.Services<typeof tellBatch>
> = Effect.gen(function* () {
  let told = 0
  while (true) {
    const batch = yield* tellBatch
    told += batch
    if (batch < BATCH) return told
  }
}).pipe(Effect.withSpan("SessionNotices.tellEndingSessions"))
