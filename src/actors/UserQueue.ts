/**
 * One user's queue: when, or why not, they are told of what waits for them. An actor a user id, shard group `users`.
 *
 *   (activation) --> idle
 *   idle --Wake--> deciding: all rows without a time, in one transaction under the user's lock, together with those
 *                            of other users woken meanwhile --> idle
 *     an edit          --> admitted, due at once
 *     a notification   --> admitted, due now, when the active hours begin, or with others as a batch | refused, with a
 *                          reason the row keeps
 *   idle --5 seconds without a wake, shutdown, defect--> (gone): it remembers nothing, the rows are everything
 *
 * In: wakes, from Distribute after its rows are committed and from `sweep`. Out: rows of the queue with a time or an
 * end; the channel `queue` hears of what was admitted. Promises: domain/Admission.ts's, whoever decides and however
 * often: the lock makes checking and spending one step, also between processes. A wake that is lost costs a second: the
 * sweep finds rows that wait. Mailbox: 16; a wake beyond that decides without the actor, by the same lock.
 */
import { Clock, Context, Effect, Layer, Metric, Schema } from "effect"
import * as ClusterSchema from "effect/cluster/ClusterSchema"
import * as Entity from "effect/cluster/Entity"
import type { Sharding } from "effect/cluster/Sharding"
import * as Rpc from "effect/rpc/Rpc"
import { type Awaiting, decide, type Decision, horizonOf } from "../domain/Admission.ts"
import { DEFAULT_COOLDOWN } from "../domain/Cooldown.ts"
import type { TelegramId } from "../domain/User.ts"
import * as Gathering from "../layers/Gathering.ts"
import { OpportunityQueue, type QueueItem } from "../layers/OpportunityQueue.ts"
import { OpportunityViews } from "../layers/OpportunityViews.ts"
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

/** Of one user's rows, decided in one transaction; more are left to the next. */
const BATCH = 100
/** Users decided on in one transaction. */
const TOGETHER = 64

const NOTHING: Decided = { admitted: 0, refused: 0 }

type Rows = Store | OpportunityQueue | OpportunityViews | UserSchedule | Users

/**
 * Decides on users' waiting rows: what the actors of a process do, and their client where no actor answers. Those who
 * are asked for while a transaction runs are decided on together by the next.
 */
const makeDecider = Effect.gen(function* () {
  const store = yield* Store
  const queue = yield* OpportunityQueue
  const schedule = yield* UserSchedule
  const users = yield* Users
  const views = yield* OpportunityViews

  const record = Effect.fnUntraced(function* (made: ReadonlyArray<Decision>, nowMs: number) {
    yield* schedule.decide(made, nowMs)
    for (const decision of made) {
      const outcome = decision._tag === "Admit" ? "admitted" : decision.reason
      yield* Metric.update(Metric.withAttributes(decisions, { outcome }), 1)
    }
  })

  /** What is known of those whose rows wait, by user. */
  const situations = Effect.fnUntraced(
    function* (chats: ReadonlyMap<string, TelegramId>, items: ReadonlyArray<QueueItem>, nowMs: number) {
      const waiting = Map.groupBy(items, ({ userId }) => userId)
      const theirs = [...waiting.keys()].flatMap((userId) => chats.get(userId) ?? [])
      const recipients = new Map((yield* users.recipientsOf(theirs, nowMs)).map((found) => [found.userId, found]))
      const horizons = [...recipients.values()].map(({ preferences }) => horizonOf(preferences, nowMs))
      const known = [...recipients.keys()], sinceMs = Math.min(nowMs, ...horizons)
      const spent = yield* queue.spentSince(known, sinceMs)
      const seen = yield* views.since(known, sinceMs)
      const fresh = items.filter(({ purpose }) => purpose === "notify").map(({ queueId }) => queueId)
      const tellings = yield* queue.tellings(fresh, nowMs - DEFAULT_COOLDOWN.cooldownMs)
      const batches = yield* queue.waitingBatches(known, nowMs)
      return new Map([...waiting].map(([userId, rows]) => [userId, {
        recipient: recipients.get(userId) ?? null,
        awaiting: rows.map(({ channel, expiresAt, kind, priority, purpose, queueId }): Awaiting => ({
          queueId,
          isEdit: purpose !== "notify",
          isNotice: kind !== "opportunity",
          expiresAt,
          // Other channels carry one opportunity a message.
          ...(channel === "telegram" ? { priority } : {}),
          ...tellings.get(queueId),
        })),
        batches: batches.get(userId) ?? [],
        spentAtMs: spent.get(userId) ?? [],
        viewedAtMs: (seen.get(userId) ?? []).map(({ atMs }) => atMs),
      }]))
    },
  )

  const decideUnderLocks = Effect.fnUntraced(function* (userIds: ReadonlyArray<string>, nowMs: number) {
    const chats = yield* schedule.lock(userIds)
    // Read under the locks: whoever held them before has decided on these already.
    const items = yield* queue.undecided(userIds, BATCH)
    if (items.length === 0) return new Map<string, ReadonlyArray<Decision>>()
    const made = new Map(
      [...yield* situations(chats, items, nowMs)].map(([userId, situation]) => [userId, decide(situation, nowMs)]),
    )
    yield* record([...made.values()].flat(), nowMs)
    return made
  })

  const decideAll = Effect.fn("UserQueue.decideAll")(function* (userIds: ReadonlyArray<string>) {
    const nowMs = yield* Clock.currentTimeMillis
    const made = yield* store.transaction(decideUnderLocks([...new Set(userIds)], nowMs))
    // Who asked twice is told once.
    return userIds.map((userId) => {
      const own = made.get(userId)
      made.delete(userId)
      if (own === undefined) return NOTHING
      const admitted = own.filter(({ _tag }) => _tag === "Admit").length
      return Decided.make({ admitted, refused: own.length - admitted })
    })
  })

  return yield* Gathering.make({ most: TOGETHER, work: decideAll, isOnesFault: (error) => !error.retryable })
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
        yield* Effect.forEach(overlooked, wake, { concurrency: TOGETHER, discard: true })
        return overlooked.length
      }).pipe(Effect.withSpan("UserQueueClient.sweep"))

      return { wake, sweep }
    }),
  )
}
