/**
 * QuietDigests: when quiet time ends, what came in it is told in one message, as of then.
 *
 *   every minute: schedules whose quiet ended, and "do not disturb until" that passed --> owed
 *   owed --nothing came, quiet again, push off, no session--> settled, untold
 *        --limiter says wait--> later   --granted--> priced now, sent --> settled | once more
 *
 * In: users' schedules, opportunities of the quiet time. Out: one message for each end of a quiet time in which
 * something came. Promises: looked at for schedules, not for users, so that 100,000 users cost as much as the ways in
 * which they differ; a digest counts against no cap; a crash repeats at most the one in flight, once. Counted are the
 * newest 2,000 opportunities of the time.
 */
import { Clock, Duration, Effect, Metric, Option } from "effect"
import { RateLimiterClient } from "../actors/RateLimiter.ts"
import { digestOf, quietBefore } from "../domain/Digest.ts"
import { DEFAULT_PREFERENCES } from "../domain/Preferences.ts"
import { quietAt, quietEndsAt } from "../domain/QuietTime.ts"
import { GROUP_ACTIONS } from "../domain/card/CardButtons.ts"
import { renderDigest } from "../domain/card/DigestCard.ts"
import { Opportunities } from "../layers/Opportunities.ts"
import { type OwedDigest, QuietDigests, type Schedule } from "../layers/QuietDigests.ts"
import { Telegram, type TelegramError } from "../layers/Telegram.ts"
import { Users } from "../layers/Users.ts"

/** How far back an end of quiet is looked for: a restart misses none that is so recent. */
const LOOK_BACK_MS = 600_000
const LOOK_EVERY = Duration.minutes(1)
const BATCH = 16
const LEASE_MS = 30_000
const COUNTED = 2_000

const digestsTotal = Metric.counter("quiet_digests_total", { description: "Digests of quiet times, by end" })

const preferencesOf = (schedule: Schedule) => ({ ...DEFAULT_PREFERENCES, ...schedule })

/** When the schedule's quiet ended in `(fromMs, nowMs]`; null: it did not. */
const endedAt = (schedule: Schedule, fromMs: number, nowMs: number): number | null => {
  const preferences = preferencesOf(schedule)
  if (quietAt(preferences, fromMs) === null) return null
  const endMs = quietEndsAt(preferences, fromMs)
  return endMs !== null && endMs > fromMs && endMs <= nowMs ? endMs : null
}

/** Notes whose quiet time has ended. Out: how many are new. */
export const oweDigests = Effect.fn("QuietDigests.owe")(function* () {
  const digests = yield* QuietDigests
  const nowMs = yield* Clock.currentTimeMillis, fromMs = nowMs - LOOK_BACK_MS
  const ended = (yield* digests.schedules).filter((schedule) => endedAt(schedule, fromMs, nowMs) !== null)
  const bySchedule = (yield* digests.chatsOf(ended)).flatMap(
    ({ chatId, schedule, userId }): ReadonlyArray<OwedDigest> => {
      const untilMs = endedAt(schedule, fromMs, nowMs)
      return untilMs === null ? [] : [{
        userId,
        chatId,
        untilMs,
        fromMs: quietBefore((atMs) => quietAt(preferencesOf(schedule), atMs) !== null, untilMs),
      }]
    },
  )
  const byWish = (yield* digests.disturbableSince(fromMs, nowMs)).map(({ chatId, setAtMs, untilMs, userId }) => ({
    userId,
    chatId,
    untilMs,
    fromMs: quietBefore((atMs) => atMs >= setAtMs, untilMs),
  }))
  return yield* digests.owe([...bySchedule, ...byWish], nowMs)
})

/** When it is worth another try; null: never. */
const againAt = ({ reason }: TelegramError, nowMs: number): number | null =>
  reason._tag === "RateLimited" ? nowMs + reason.afterMs : reason._tag === "Unavailable" ? nowMs + LEASE_MS : null

/** Tells one batch of what is owed. Out: how many were looked at. */
export const tellDigests = Effect.fn("QuietDigests.tell")(function* () {
  const digests = yield* QuietDigests, opportunities = yield* Opportunities, users = yield* Users
  const limiter = yield* RateLimiterClient, telegram = yield* Telegram

  const tell = Effect.fnUntraced(function* (owed: OwedDigest) {
    const nowMs = yield* Clock.currentTimeMillis
    const settle = (came: number, end: string) =>
      Effect.andThen(
        digests.settle(owed, came, nowMs),
        Metric.update(Metric.withAttributes(digestsTotal, { end }), 1),
      )
    const found = yield* users.recipientOf(owed.chatId, nowMs)
    if (Option.isNone(found) || !found.value.preferences.pushEnabled) return yield* settle(0, "unwanted")
    const recipient = found.value
    if (!recipient.preferences.quietDigest || quietAt(recipient.preferences, nowMs) !== null) {
      return yield* settle(0, "unwanted")
    }
    const came = yield* opportunities.detectedIn(owed.fromMs, owed.untilMs, COUNTED)
    const digest = digestOf(came, recipient, owed, nowMs)
    if (digest === null) return yield* settle(0, "nothing")
    const verdict = yield* limiter.acquire({ chatId: owed.chatId, isGroup: recipient.isGroup })
    if (verdict._tag === "Wait") return yield* digests.postpone(owed, verdict.untilMs)
    const { language } = recipient.preferences
    const actions = recipient.isGroup ? { actions: GROUP_ACTIONS } : {}
    const card = renderDigest({ digest, language, nowMs, ...actions })
    yield* Effect.uninterruptible(
      telegram.send({ chatId: owed.chatId, ...card }).pipe(
        Effect.ensuring(limiter.landed(verdict.number)),
        Effect.matchEffect({
          onSuccess: () => settle(digest.came, "told"),
          onFailure: (error) => {
            const untilMs = againAt(error, nowMs)
            return untilMs === null ? settle(digest.came, error.reason._tag) : digests.postpone(owed, untilMs)
          },
        }),
      ),
    )
  })

  const batch = yield* digests.take({ limit: BATCH, nowMs: yield* Clock.currentTimeMillis, leaseMs: LEASE_MS })
  yield* Effect.forEach(batch, (owed) =>
    tell(owed).pipe(
      Effect.catch((error) => Effect.logWarning("a digest waits", owed.userId, error._tag, error.message)),
    ), { concurrency: 4, discard: true })
  return batch.length
})

/** Looks every minute, for ever. */
export const sendDigests = Effect.gen(function* () {
  yield* oweDigests()
  while ((yield* tellDigests()) === BATCH) yield* Effect.yieldNow
}).pipe(
  Effect.catch((error) => Effect.logWarning("digests wait", error.message)),
  Effect.andThen(Effect.sleep(LOOK_EVERY)),
  Effect.forever,
)
