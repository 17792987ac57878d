/**
 * Sending: one message leaves as of now, a notice as it is, and what its outcome means for its rows and for its chat.
 *
 * In: a message whose rows are marked `sending`. Out: one request; the end of each row; a chat that is gone has nothing
 * sent any more, one that moved takes its rows along. Promises: never fails; what could not be recorded comes back to
 * the queue with its lease.
 */
import { Clock, Effect, Metric } from "effect"
import { RateLimiterClient } from "../../actors/RateLimiter.ts"
import { renderNotice } from "../../domain/card/NoticeCard.ts"
import { continuing } from "../../domain/TraceContext.ts"
import { Notifier, type Outcome } from "../../layers/Notifier.ts"
import { OpportunityQueue, type QueueItem } from "../../layers/OpportunityQueue.ts"
import { Users } from "../../layers/Users.ts"
import type { AsOfNow, Carried, Shown } from "../AsOfNow.ts"
import { makeFallback } from "../ChannelRouting.ts"
import { took } from "../StageLatencies.ts"
import { type Settle, settlementOf } from "./Ends.ts"
import { type Carrying, itemsOf, type Message, opportunityOf } from "./Messages.ts"

const boundaries = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const latencySeconds = Metric.histogram("delivery_latency_seconds", {
  description:
    "From the triggering tick to the messenger's acceptance, without waits for limits, company or quiet hours",
  boundaries,
})
const limiterWaitSeconds = Metric.histogram("delivery_limiter_wait_seconds", {
  description: "Of it, spent waiting for the messenger's rate limits",
  boundaries,
})

/** None for a notice. */
const carriedBy = (row: Carrying): ReadonlyArray<Carried> => {
  const { item } = row, opportunity = opportunityOf(row)
  return opportunity === null ? [] : [{ item, opportunity }]
}

export const makeSend = Effect.fnUntraced(
  function* ({ asOfNow, landed, settle }: {
    readonly asOfNow: AsOfNow
    readonly settle: Settle
    /** Told once the request was answered or failed. */
    readonly landed: (message: Message) => Effect.Effect<void>
  }) {
    const queue = yield* OpportunityQueue, users = yield* Users
    const limiter = yield* RateLimiterClient, notifier = yield* Notifier, fallback = yield* makeFallback

    /** What the outcome means beyond its row. */
    const follow = (item: QueueItem, outcome: Outcome, nowMs: number) => {
      // What another channel says is of that channel alone (ChannelRouting.ts).
      if (item.channel !== "telegram") return Effect.void
      switch (outcome._tag) {
        case "RetryAfter":
          return limiter.paused(item.chatId, nowMs + outcome.afterMs)
        case "ChatGone":
          return Effect.andThen(
            users.deactivate(item.chatId, nowMs),
            queue.cancelChat(item.chatId, "chat_gone", nowMs),
          )
        case "Migrated": {
          const { expiresAt, kind, opportunityId, payload, priority, purpose, userId } = item
          const moved = { expiresAt, kind, opportunityId, payload, priority, purpose, userId, scheduledAt: nowMs }
          return Effect.andThen(
            users.migrateChat(item.chatId, outcome.toChatId, nowMs),
            queue.enqueue([{ ...moved, chatId: outcome.toChatId }], nowMs),
          )
        }
        default:
          return Effect.void
      }
    }

    /** `shown` is null for a notice alone. */
    const request = ({ item, payload }: Message, shown: Shown | null, nowMs: number): Effect.Effect<Outcome> => {
      const { chatId, expiresAt, priority } = item, { language } = payload
      const way = { channel: item.channel, userId: item.userId, id: item.queueId }
      if ("notice" in payload) {
        const { notice } = payload
        return notifier.tell({
          chatId,
          notice,
          html: renderNotice(notice, payload),
          language,
          priority,
          expiresAt,
          way,
        })
      }
      if (shown === null) return Effect.succeed({ _tag: "Refused", detail: "nothing to show" })
      const notification = { chatId, ...shown, language, nowMs, way }
      return item.purpose !== "notify" && item.messageId !== null
        ? notifier.edit(item.messageId, notification)
        : notifier.send(notification)
    }

    /** The end of one row of a message. */
    const end = (row: Carrying, outcome: Outcome, shown: Shown | null, waitedMs: number, nowMs: number) =>
      Effect.gen(function* () {
        const { item } = row, opportunity = opportunityOf(row)
        const latency = outcome._tag === "Accepted" && item.purpose === "notify" && opportunity !== null
          ? nowMs - opportunity.detectedAt
          : null
        const meant = yield* fallback(item, outcome, yield* settlementOf(item, outcome, nowMs), nowMs)
        const isNew = meant._tag === "Sent" && item.purpose === "notify" && shown?.batch.length === 0
        const told = isNew ? { ...meant, toldAfterMs: shown.toldAfterMs } : meant
        // Company and quiet hours are waited for on purpose: they say nothing of how fast we are.
        const scheduledMs = Math.max(0, (item.dueSince ?? item.createdAt) - item.createdAt)
        yield* settle(item, told, { latencyMs: latency, limiterWaitMs: waitedMs, scheduledWaitMs: scheduledMs })
        if (latency !== null) {
          yield* Metric.update(latencySeconds, (latency - waitedMs - scheduledMs) / 1_000)
          yield* took("queue_to_accepted", nowMs - item.createdAt - waitedMs - scheduledMs)
          yield* Metric.update(limiterWaitSeconds, waitedMs / 1_000)
        }
      })

    /** One request, and the end of all its rows recorded. */
    return (message: Message) =>
      Effect.gen(function* () {
        const { item, mates, waitedMs } = message
        const askedMs = yield* Clock.currentTimeMillis
        const [first, ...others] = [message, ...mates].flatMap(carriedBy)
        const shown = first === undefined ? null : yield* asOfNow(first, others, askedMs)
        const outcome = yield* Effect.ensuring(request(message, shown, askedMs), landed(message))
        const nowMs = yield* Clock.currentTimeMillis
        yield* Effect.forEach([message, ...mates], (row) => end(row, outcome, shown, waitedMs, nowMs), {
          concurrency: "unbounded",
          discard: true,
        })
        // A chat that moved takes each row along; all else is of the chat, and said once.
        const followed = outcome._tag === "Migrated" ? itemsOf(message) : [item]
        yield* Effect.forEach(followed, (row) => follow(row, outcome, nowMs), { discard: true })
      }).pipe(
        Effect.catch((error) =>
          Effect.logWarning("a delivery goes back to the queue", message.item.queueId, error._tag, error.message)
        ),
        continuing(
          message.item.trace ?? {},
          "Deliver.send",
          { queueId: message.item.queueId, purpose: message.item.purpose, limiterWaitMs: message.waitedMs },
          { others: message.mates.map(({ item }) => item.trace ?? {}) },
        ),
      )
  },
)
