/**
 * Dead letters over SQL: rows of `opportunity_distribution_queue` with the status `failed`.
 *
 * In: the DeadLetters port's calls. Out: those rows. Promises: each order is one statement that names the status it starts
 * from; former lives are appended to `metadata.history`, never rewritten.
 */
import { Effect, Layer, Schema } from "effect"
import { DeadLetter, DeadLetters, type Handled } from "../DeadLetters.ts"
import { Store } from "../Store.ts"
import { lockedInOrder, PriorityFromRank } from "./QueueRow.ts"
import { all, at, EpochMs, first, Int8, int8s } from "./Rows.ts"

const LetterRow = Schema.Struct({
  ...DeadLetter.fields,
  queueId: Int8,
  priority: PriorityFromRank,
  createdAt: EpochMs,
  expiresAt: EpochMs,
  failedAt: EpochMs,
})
const IdRow = Schema.Struct({ queueId: Int8 })

const letterColumns = `queue_id as "queueId", kind, purpose, opportunity_id as "opportunityId",
  opportunity_type as "opportunityType", user_id as "userId", chat_id as "chatId", channel, strategy, priority, attempts,
  error_message as error, created_at as "createdAt", expires_at as "expiresAt", updated_at as "failedAt",
  coalesce(metadata -> 'history', '[]') as history`

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const columns = sql.literal(letterColumns)

  const list: DeadLetters["Service"]["list"] = Effect.fn("DeadLetters.list")(({ beforeId, limit }) =>
    sql`select ${columns} from opportunity_distribution_queue
      where status = 'failed' and (${beforeId}::bigint is null or queue_id < ${beforeId}::bigint)
      order by queue_id desc limit ${limit}`.pipe(all("DeadLetters.list", LetterRow))
  )

  const byId = Effect.fn("DeadLetters.byId")((queueId: number) =>
    sql`select ${columns} from opportunity_distribution_queue
      where status = 'failed' and queue_id = ${queueId}::bigint`.pipe(first("DeadLetters.byId", LetterRow))
  )

  const alive = (queueIds: ReadonlyArray<number>) =>
    sql`select queue_id as "queueId" from opportunity_distribution_queue
      where queue_id = any(${int8s(queueIds)}) and status = 'failed'`.pipe(all("DeadLetters.handle", IdRow))

  const told = (
    queueIds: ReadonlyArray<number>,
    done: ReadonlyArray<typeof IdRow.Type>,
    left: ReadonlyArray<typeof IdRow.Type>,
    end: "requeued" | "discarded",
  ): ReadonlyArray<Handled> => {
    const handled = new Set(done.map(({ queueId }) => queueId)), stay = new Set(left.map(({ queueId }) => queueId))
    return [...new Set(queueIds)].map((queueId) => ({
      queueId,
      end: handled.has(queueId) ? end : stay.has(queueId) ? "expired" : "not_dead",
    }))
  }

  // Without a time: the user's queue decides, and its sweep finds the row within a second.
  const requeue = Effect.fn("DeadLetters.requeue")(function* (queueIds: ReadonlyArray<number>, nowMs: number) {
    const done = yield* sql`with held as (${
      lockedInOrder(
        sql,
        sql`q.queue_id = any(${int8s(queueIds)}) and q.status = 'failed' and q.expires_at > ${at(nowMs)}`,
      )
    })
      update opportunity_distribution_queue q
      set status = 'pending', scheduled_at = null, due_since = null, first_attempt_at = null, attempts = 0,
        uncertain_ends = 0, error_message = null, lease_owner = null, lease_until = null, updated_at = ${at(nowMs)},
        metadata = jsonb_set(q.metadata, '{history}', coalesce(q.metadata -> 'history', '[]') || jsonb_build_object(
          'atMs', ${nowMs}::bigint, 'attempts', q.attempts, 'error', q.error_message))
      from held where q.queue_id = held.queue_id returning q.queue_id as "queueId"`.pipe(
      all("DeadLetters.requeue", IdRow),
    )
    return told(queueIds, done, yield* alive(queueIds), "requeued")
  })

  const discard = Effect.fn("DeadLetters.discard")(function* (queueIds: ReadonlyArray<number>, nowMs: number) {
    const done = yield* sql`with held as (${
      lockedInOrder(sql, sql`q.queue_id = any(${int8s(queueIds)}) and q.status = 'failed'`)
    })
      update opportunity_distribution_queue q
      set status = 'cancelled', error_message = 'discarded: ' || coalesce(q.error_message, ''), updated_at = ${
      at(nowMs)
    }
      from held where q.queue_id = held.queue_id returning q.queue_id as "queueId"`.pipe(
      all("DeadLetters.discard", IdRow),
    )
    return told(queueIds, done, [], "discarded")
  })

  return { list, byId, requeue, discard }
})

export const layer: Layer.Layer<DeadLetters, never, Store> = Layer.effect(DeadLetters, make)
