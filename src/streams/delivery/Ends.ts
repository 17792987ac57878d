/**
 * Ends: what became of each row of the queue, recorded.
 *
 * In: rows and the outcomes of their requests. Out: settled rows, with facts and receipts in the same transaction.
 * Promises: the ends of all requests that ended meanwhile share one transaction; who is no longer the row's owner is
 * told `Fenced`; facts name people only sealed. What outcomes lead to: docs/delivery.md.
 */
import { Clock, Effect, Metric, Option, Random, Schedule } from "effect"
import type { DeliverySettled } from "../../domain/Fact.ts"
import * as Subject from "../../domain/Subject.ts"
import * as Gathering from "../../layers/Gathering.ts"
import type { Outcome } from "../../layers/Notifier.ts"
import { OpportunityQueue, type QueueItem, type QueueStatus, type Settlement } from "../../layers/OpportunityQueue.ts"
import { type NewFact, Outbox } from "../../layers/Outbox.ts"
import { type Delivered, Receipts } from "../../layers/Receipts.ts"
import { Fenced, Store } from "../../layers/Store.ts"

const MAX_ATTEMPTS = 5
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 300_000

/** A message has left: an end that is lost for a deadlock would let it leave again. Some 2.5 s in all, within its lease. */
const again = Schedule.exponential("20 millis").pipe(Schedule.jittered, Schedule.upTo({ times: 7 }))

const settledTotal = Metric.counter("deliveries_total", { description: "Rows settled, by status" })

const retryAtMs = (attempts: number, nowMs: number) =>
  Effect.map(Random.next, (chance) => {
    const wait = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1))
    return nowMs + Math.round(wait * (0.8 + 0.4 * chance))
  })

export const isGroup = (chatId: string): boolean => chatId.startsWith("-")

/** What a request's outcome means for its row. */
export const settlementOf = (item: QueueItem, outcome: Outcome, nowMs: number): Effect.Effect<Settlement> => {
  switch (outcome._tag) {
    case "Accepted":
      return Effect.succeed({ _tag: "Sent", messageId: outcome.messageId })
    case "RetryAfter":
      return Effect.succeed({ _tag: "Reschedule", dueAtMs: nowMs + outcome.afterMs, error: "retry_after" })
    case "ChatGone":
      return Effect.succeed({ _tag: "Failed", error: `chat_gone: ${outcome.detail}` })
    case "Migrated":
      return Effect.succeed({ _tag: "Cancelled", error: "the chat moved" })
    case "Refused":
      return Effect.succeed({ _tag: "Failed", error: `refused: ${outcome.detail}` })
    case "Unknown":
      return Effect.succeed({ _tag: "Unknown", error: outcome.detail })
    case "Unavailable":
      return item.attempts + 1 >= MAX_ATTEMPTS
        ? Effect.succeed({ _tag: "Failed", error: `unavailable ${MAX_ATTEMPTS} times: ${outcome.detail}` })
        : Effect.map(retryAtMs(item.attempts + 1, nowMs), (dueAtMs) => (
          { _tag: "Reschedule", dueAtMs, error: outcome.detail } as const
        ))
  }
}

/** What became of one row, with what its fact tells beside. */
export interface End {
  readonly item: QueueItem
  readonly settlement: Settlement
  readonly fact: Pick<DeliverySettled, "latencyMs" | "limiterWaitMs" | "scheduledWaitMs">
}

const factOf = ({ fact, item, settlement }: End, status: QueueStatus, nowMs: number): NewFact => {
  const { chatId, opportunityId, priority, purpose, queueId, userId } = item
  const payload: Omit<DeliverySettled, "person"> = {
    v: 1,
    at: nowMs,
    queueId,
    opportunityId,
    purpose,
    priority,
    status,
    messageId: settlement._tag === "Sent" ? settlement.messageId : null,
    error: settlement._tag === "Sent" ? null : settlement.error,
    ...fact,
  }
  return { subject: Subject.fact("delivery", "settled"), payload, person: { userId, chatId } }
}

/** A message that was accepted is a receipt of its own. */
const receivedBy = (
  { item: { chatId, kind, opportunityId, purpose, userId }, settlement }: End,
): ReadonlyArray<Delivered> =>
  settlement._tag === "Sent" && purpose === "notify" && kind === "opportunity"
    ? [{ userId, opportunityId, distributionType: isGroup(chatId) ? "group" : "push" }]
    : []

/** `most`: rows recorded together. `onEnd` hears of rows that will not be sent again by this process. */
export const makeSettle = Effect.fnUntraced(
  function* ({ most, onEnd, owner }: {
    readonly owner: string
    readonly most: number
    readonly onEnd: (queueId: number) => void
  }) {
    const queue = yield* OpportunityQueue, outbox = yield* Outbox, store = yield* Store, receipts = yield* Receipts

    /** Rows and facts change together, those of all sends that ended meanwhile in one transaction. */
    const settleAll = (ends: ReadonlyArray<End>) =>
      Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        return yield* store.transaction(Effect.gen(function* () {
          const settled = yield* queue.settleAll({
            owner,
            nowMs,
            ends: ends.map(({ item: { queueId }, settlement }) => ({ queueId, settlement })),
          })
          const facts = ends.flatMap((end) => {
            const status = settled.get(end.item.queueId)
            return status === undefined ? [] : [factOf(end, status, nowMs)]
          })
          yield* outbox.append(facts, nowMs)
          yield* receipts.delivered(
            ends.flatMap((end) => settled.has(end.item.queueId) ? receivedBy(end) : []),
            nowMs,
          )
          return ends.map(({ item }) => Option.fromNullishOr(settled.get(item.queueId)))
        }))
      }).pipe(Effect.retry({ schedule: again, while: (error) => error.retryable }))
    const settled = yield* Gathering.make({
      most,
      work: settleAll,
      isOnesFault: (error) => !error.retryable,
    })

    return (item: QueueItem, settlement: Settlement, fact: End["fact"]) =>
      Effect.gen(function* () {
        const status = yield* Effect.flatMap(settled({ item, settlement, fact }), Effect.fromOption).pipe(
          Effect.catchTag(
            "NoSuchElementError",
            () => new Fenced({ operation: "Deliver.settle", key: `queue row ${item.queueId}` }),
          ),
        )
        if (status !== "pending" && status !== "unknown") onEnd(item.queueId)
        yield* Metric.update(Metric.withAttributes(settledTotal, { status }), 1)
      })
  },
)

export type Settle = Effect.Success<ReturnType<typeof makeSettle>>
