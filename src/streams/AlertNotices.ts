/**
 * AlertNotices: alerts that fired are told, one message each.
 *
 *   due --no session, push off--> cancelled   --do not disturb--> due when that ends   --limiter says wait--> due later
 *       --granted, `sending` committed--> request --> sent | failed | due later | once more
 *
 * In: due rows of `price_alert_notices`, woken by NOTIFY. Out: messages. Promises: asked for one by one, alerts count
 * against no limit of opportunities and come outside the active hours too, but never while their reader is not to be
 * disturbed, has no session or has turned push off; the RateLimiter paces them like all sending; a crash repeats at most
 * what was in flight, once.
 */
import { Clock, Effect, Metric, Option } from "effect"
import { RateLimiterClient } from "../actors/RateLimiter.ts"
import { renderAlert } from "../domain/card/AlertCard.ts"
import type { Preferences } from "../domain/Preferences.ts"
import { quietAt, quietEndsAt } from "../domain/QuietTime.ts"
import type { Recipient } from "../domain/User.ts"
import { type AlertNotice, AlertNotices, type NoticeEnd } from "../layers/AlertNotices.ts"
import { Channel } from "../layers/Store.ts"
import { Telegram, type TelegramError } from "../layers/Telegram.ts"
import { Users } from "../layers/Users.ts"
import { dueOrTold } from "./Wakeup.ts"

const BATCH = 8
const CLAIM_LEASE_MS = 5_000
const SENDING_LEASE_MS = 15_000
const MAX_ATTEMPTS = 5
const FIRST_RETRY_MS = 1_000
const UNKNOWN_RETRY_MS = 5_000

const endedTotal = Metric.counter("price_alert_notices_total", { description: "Notices of price alerts, by end" })

/** Whether they may be told now; or when, or why never. Active hours are for what nobody asked for. */
const admission = (recipient: Option.Option<Recipient>, notice: AlertNotice, nowMs: number): NoticeEnd | null => {
  if (Option.isNone(recipient)) return { _tag: "Cancelled", error: "no_session" }
  if (!recipient.value.preferences.pushEnabled) return { _tag: "Cancelled", error: "push_off" }
  const always: Preferences = { ...recipient.value.preferences, activeHoursStart: 0, activeHoursEnd: 0, activeDays: [] }
  if (quietAt(always, nowMs) === null) return null
  const dueAtMs = quietEndsAt(always, nowMs) ?? notice.expiresAt
  return { _tag: "Later", dueAtMs: Math.min(dueAtMs, notice.expiresAt), error: "do_not_disturb" }
}

const endOf = ({ reason }: TelegramError, { attempts }: AlertNotice, nowMs: number): NoticeEnd => {
  switch (reason._tag) {
    case "RateLimited":
      return { _tag: "Later", dueAtMs: nowMs + reason.afterMs, error: "retry_after" }
    case "Migrated":
      return { _tag: "Later", dueAtMs: nowMs, error: "the chat moved" }
    case "NotModified":
      return { _tag: "Failed", error: "not modified" }
    case "ChatGone":
      return { _tag: "Cancelled", error: `chat_gone: ${reason.detail}` }
    case "Refused":
      return { _tag: "Failed", error: `refused: ${reason.detail}` }
    case "Unknown":
      return { _tag: "Unknown", dueAtMs: nowMs + UNKNOWN_RETRY_MS, error: reason.detail }
    case "Unavailable":
      return attempts + 1 >= MAX_ATTEMPTS
        ? { _tag: "Failed", error: `unavailable ${MAX_ATTEMPTS} times: ${reason.detail}` }
        : { _tag: "Later", dueAtMs: nowMs + FIRST_RETRY_MS * 2 ** attempts, error: reason.detail }
  }
}

/** Sends what is due, for ever. `owner` is unique for each process start. */
export const sendAlerts = Effect.fn("AlertNotices.send")(function* (owner: string) {
  const notices = yield* AlertNotices, users = yield* Users, limiter = yield* RateLimiterClient
  const telegram = yield* Telegram

  const settle = Effect.fnUntraced(function* ({ noticeId }: AlertNotice, end: NoticeEnd) {
    yield* notices.settle({ owner, noticeId, end, nowMs: yield* Clock.currentTimeMillis })
    yield* Metric.update(Metric.withAttributes(endedTotal, { end: end._tag }), 1)
  })

  const beyond = (notice: AlertNotice, { reason }: TelegramError, nowMs: number) => {
    switch (reason._tag) {
      case "RateLimited":
        return limiter.paused(notice.chatId, nowMs + reason.afterMs)
      case "ChatGone":
        return users.deactivate(notice.chatId, nowMs)
      case "Migrated":
        return users.migrateChat(notice.chatId, reason.toChatId, nowMs)
      default:
        return Effect.void
    }
  }

  const request = Effect.fnUntraced(function* (notice: AlertNotice, { preferences }: Recipient) {
    const sentAtMs = yield* Clock.currentTimeMillis
    const { language, timeZone } = preferences
    const html = renderAlert(notice, { language, timeZone, nowMs: sentAtMs })
    return yield* telegram.send({ chatId: notice.chatId, html, buttons: [] }).pipe(
      Effect.map((messageId): NoticeEnd => ({ _tag: "Sent", messageId })),
      Effect.catch((error) =>
        Effect.gen(function* () {
          const nowMs = yield* Clock.currentTimeMillis
          yield* Effect.asVoid(beyond(notice, error, nowMs))
          return endOf(error, notice, nowMs)
        })
      ),
    )
  })

  const tell = Effect.fnUntraced(
    function* (notice: AlertNotice) {
      const { chatId, noticeId } = notice
      const nowMs = yield* Clock.currentTimeMillis
      const recipient = yield* users.recipientOf(chatId, nowMs)
      const kept = admission(recipient, notice, nowMs)
      if (kept !== null || Option.isNone(recipient)) return kept === null ? undefined : yield* settle(notice, kept)
      const verdict = yield* limiter.acquire({ chatId, isGroup: chatId.startsWith("-") })
      if (verdict._tag === "Wait") {
        return yield* settle(notice, { _tag: "Later", dueAtMs: verdict.untilMs, error: "limiter" })
      }
      // What has left learns its answer also while the process shuts down.
      yield* Effect.uninterruptible(Effect.gen(function* () {
        const sending = Effect.gen(function* () {
          const isMine = yield* notices.markSending({ owner, noticeId, nowMs, leaseMs: SENDING_LEASE_MS })
          return isMine ? yield* request(notice, recipient.value) : null
        })
        const end = yield* Effect.ensuring(sending, limiter.landed(verdict.number))
        if (end !== null) yield* settle(notice, end)
      }))
    },
    (told, { noticeId }) =>
      Effect.catch(told, (error) => Effect.logWarning("a notice of a price alert is left", noticeId, error.message)),
  )

  const round = Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    yield* notices.sweep(nowMs)
    const due = yield* notices.claim({ owner, limit: BATCH, nowMs, leaseMs: CLAIM_LEASE_MS })
    yield* Effect.forEach(due, tell, { concurrency: BATCH, discard: true })
    return due.length > 0
  })
  return yield* dueOrTold({
    channel: Channel.alertNotices,
    name: "telling of price alerts",
    round,
    nextDueAt: notices.nextDueAt,
  })
})
