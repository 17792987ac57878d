/**
 * One user's queue: when, or why not, they are told of what waits for them. An actor a user id, shard group `users`.
 *
 *   (activation) --> idle
 *   idle --Wake--> deciding: all rows without a time, in one transaction under the user's lock --> idle
 *     an edit          --> admitted, due at once
 *     a notification   --> admitted, due now or when the active hours begin | refused, with a reason the row keeps
 *   idle --5 seconds without a wake, shutdown, defect--> (gone): it remembers nothing, the rows are everything
 *
 * In: wakes, from Distribute after its rows are committed and from `sweep`. Out: rows of the queue with a time or an
 * end; the channel `queue` hears of what was admitted. Promises: domain/Admission.ts's, whoever decides and however
 * often: the lock makes checking and spending one step, also between processes. A wake that is lost costs a second: the
 * sweep finds rows that wait. Mailbox: 16; a wake beyond that decides without the actor, by the same lock.
 */
import { Clock, Context, Effect, Layer, Metric, Option, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { decide, type Decision, horizonOf } from "../domain/Admission.ts"
import { OpportunityQueue, type QueueItem } from "../layers/OpportunityQueue.ts"
import { Store, StoreError } from "../layers/Store.ts"
import { UserSchedule } from "../layers/UserSchedule.ts"
import { Users } from "../layers/Users.ts"
import { makeAsking, restarting } from "./Asking.ts"

/** What a wake did with the rows that waited. */
export const Decided = Schema.Struct({ admitted: Schema.Int, refused: Schema.Int })
export type Decided = typeof Decided.Type

export const UserQueueEntity = Entity.make("UserQueue", [
  Rpc.make("Wake", { success: Decided, error: StoreError }),
]).annotate(ClusterSchema.ShardGroup, () => "users")

const decisions = Metric.counter("user_queue_decisions_total", {
  description: "Rows decided: admitted, or refused by reason",
})

/** Rows decided in one transaction; more are left to the next. */
const BATCH = 100

const NOTHING: Decided = { admitted: 0, refused: 0 }

type Rows = Store | OpportunityQueue | UserSchedule | Users

/** Decides on a user's waiting rows: what the actor does, and its client where no actor answers. */
const makeDecider = Effect.gen(function* () {
  const store = yield* Store
  const queue = yield* OpportunityQueue
  const schedule = yield* UserSchedule
  const users = yield* Users

  const record = Effect.fnUntraced(function* (made: ReadonlyArray<Decision>, nowMs: number) {
    const byTime = new Map<number, Array<number>>()
    const refusals = made.flatMap((decision) => decision._tag === "Refuse" ? [decision] : [])
    for (const decision of made) {
      if (decision._tag === "Refuse") continue
      byTime.set(decision.dueAtMs, [...byTime.get(decision.dueAtMs) ?? [], decision.queueId])
    }
    for (const [dueAtMs, queueIds] of byTime) yield* queue.schedule(queueIds, dueAtMs)
    yield* schedule.refuse(refusals.map(({ queueId, reason }) => ({ queueId, reason })), nowMs)
    for (const decision of made) {
      const outcome = decision._tag === "Admit" ? "admitted" : decision.reason
      yield* Metric.update(Metric.withAttributes(decisions, { outcome }), 1)
    }
    return Decided.make({ admitted: made.length - refusals.length, refused: refusals.length })
  })

  const decideUnderLock = Effect.fnUntraced(function* (userId: string, nowMs: number) {
    const chat = yield* schedule.lock(userId)
    // Read under the lock: whoever held it before has decided on these already.
    const items = yield* queue.undecided(userId, BATCH)
    if (items.length === 0) return NOTHING
    const found = Option.isNone(chat) ? Option.none() : yield* users.recipientOf(chat.value, nowMs)
    const recipient = Option.getOrNull(found)
    const spentAtMs = recipient === null ? [] : yield* queue.spentSince(userId, horizonOf(recipient.preferences, nowMs))
    const awaiting = items.map((item: QueueItem) => ({
      queueId: item.queueId,
      isEdit: item.purpose !== "notify",
      expiresAt: item.expiresAt,
    }))
    return yield* record(decide({ recipient, awaiting, spentAtMs }, nowMs), nowMs)
  })

  return Effect.fn("UserQueue.decide")(function* (userId: string) {
    const nowMs = yield* Clock.currentTimeMillis
    return yield* store.transaction(decideUnderLock(userId, nowMs))
  })
})

/** The actor itself. */
export const behaviour: Layer.Layer<never, never, Rows | Sharding> = Layer.unwrap(
  Effect.gen(function* () {
    const decideFor = yield* makeDecider
    return UserQueueEntity.toLayer(
      Effect.gen(function* () {
        const userId = (yield* Entity.CurrentAddress).entityId
        return UserQueueEntity.of({ Wake: () => decideFor(userId) })
      }),
      { maxIdleTime: "5 seconds", mailboxCapacity: 16, defectRetryPolicy: restarting },
    )
  }),
)

/** How long a row may wait before the sweep wakes its user, and how many users one sweep wakes at most. */
const OVERLOOKED_MS = 1_000
const SWEPT_USERS = 500

export class UserQueueClient extends Context.Service<UserQueueClient, {
  /** Has the user's waiting rows decided now. */
  readonly wake: (userId: string) => Effect.Effect<Decided, StoreError>
  /** Wakes users whose rows have waited for more than a second: call it every second. Out: how many users. */
  readonly sweep: Effect.Effect<number, StoreError>
}>()("arbedge/UserQueueClient") {
  /** Asks the user's actor wherever it lives, or decides here where none answers. */
  static readonly layer: Layer.Layer<UserQueueClient, never, Rows | Sharding> = Layer.effect(
    UserQueueClient,
    Effect.gen(function* () {
      const actorOf = yield* UserQueueEntity.client
      const schedule = yield* UserSchedule
      const decideFor = yield* makeDecider
      const asking = yield* makeAsking("UserQueue", "2 seconds")

      const wake = (userId: string) =>
        actorOf(userId).Wake().pipe(
          asking(userId),
          Effect.catchTag("ActorUnavailable", () => decideFor(userId)),
          Effect.withSpan("UserQueueClient.wake"),
        )

      const sweep = Effect.gen(function* () {
        const nowMs = yield* Clock.currentTimeMillis
        const overlooked = yield* schedule.waiting(nowMs - OVERLOOKED_MS, SWEPT_USERS)
        yield* Effect.forEach(overlooked, wake, { concurrency: 8, discard: true })
        return overlooked.length
      }).pipe(Effect.withSpan("UserQueueClient.sweep"))

      return { wake, sweep }
    }),
  )
}
