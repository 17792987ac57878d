/**
 * The part of the opportunity queue that a message in flight goes through: claim, markSending, settle; and what becomes
 * of those whose worker died.
 *
 * In: a worker's name and the time. Out: leased rows and their ends. Promises: claimers pass over each other's rows
 * without waiting; who listens to the channel `queue` hears of rows given back; a row leaves `sending` by its owner's
 * word or by the end of its lease, never otherwise.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import { Effect, Schema } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { type OpportunityQueue, type QueueItem, QueueStatus, type Settlement } from "../OpportunityQueue.ts"
import { Channel } from "../Store.ts"
import { queueColumns, QueueRow, waiting } from "./QueueRow.ts"
import { all, at, count, fenced, Int8, int8s, one, run } from "./Rows.ts"

const IdRow = Schema.Struct({ queueId: Int8 })
const StatusRow = Schema.Struct({ status: QueueStatus })
const ReclaimedRow = Schema.Struct({ pending: Int8, unknown: Int8, failed: Int8 })

/** Every second end that nobody knows is a failure: a third copy is worse than none. */
const afterUnknownEnd = `case when uncertain_ends >= 1 then 'failed' else 'unknown' end`

const mostUrgentFirst = (a: QueueItem, b: QueueItem): number =>
  PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority] || (a.scheduledAt ?? 0) - (b.scheduledAt ?? 0) ||
  a.queueId - b.queueId

const errorOf = (settlement: Settlement): string | null => settlement._tag === "Sent" ? null : settlement.error

type Sending = Pick<OpportunityQueue["Service"], "claim" | "markSending" | "release" | "settle" | "reclaim">

export const makeSending = (sql: PgClient): Sending => {
  const columns = sql.literal(queueColumns)
  const isWaiting = sql.literal(waiting)
  const unknownEnd = sql.literal(afterUnknownEnd)

  const claim: Sending["claim"] = Effect.fn("OpportunityQueue.claim")(({ owner, limit, nowMs, leaseMs }) =>
    sql`with due as (
        select q.queue_id from opportunity_distribution_queue q
        where ${isWaiting} and q.scheduled_at <= ${at(nowMs)} and q.expires_at > ${at(nowMs)}
          and (q.lease_until is null or q.lease_until <= ${at(nowMs)})
        order by q.priority, q.scheduled_at, q.queue_id limit ${limit} for update of q skip locked
      )
      update opportunity_distribution_queue q
      set lease_owner = ${owner}, lease_until = ${at(nowMs + leaseMs)}, updated_at = ${at(nowMs)}
      from due where q.queue_id = due.queue_id returning ${columns}`.pipe(
      all("OpportunityQueue.claim", QueueRow),
      Effect.map((rows) => rows.toSorted(mostUrgentFirst)),
    )
  )

  const markSending: Sending["markSending"] = Effect.fn("OpportunityQueue.markSending")(
    ({ owner, queueIds, nowMs, leaseMs }) =>
      sql`update opportunity_distribution_queue
        set status = 'sending', attempts = attempts + 1, last_attempt_at = ${at(nowMs)},
          lease_until = ${at(nowMs + leaseMs)}, updated_at = ${at(nowMs)}
        where queue_id = any(${int8s(queueIds)}) and lease_owner = ${owner} and lease_until > ${at(nowMs)}
          and status in ('pending', 'unknown') and expires_at > ${at(nowMs)}
        returning queue_id as "queueId"`.pipe(
        all("OpportunityQueue.markSending", IdRow),
        Effect.map((rows) => rows.map((row) => row.queueId)),
      ),
  )

  const release: Sending["release"] = Effect.fn("OpportunityQueue.release")(({ owner, queueIds, dueAtMs }) =>
    sql`with released as (
        update opportunity_distribution_queue
        set lease_owner = null, lease_until = null, scheduled_at = ${at(dueAtMs)}
        where queue_id = any(${int8s(queueIds)}) and lease_owner = ${owner} and status in ('pending', 'unknown')
        returning 1
      )
      select count(*) as count, (select pg_notify(${Channel.queue}, '')) is null as told from released`.pipe(
      count("OpportunityQueue.release"),
      Effect.asVoid,
    )
  )

  const tellWaiting = sql`select pg_notify(${Channel.queue}, '')`.pipe(run("OpportunityQueue.tellWaiting"))
  /** An edit waits for its notification's end, and is due with it. */
  const tellFollowing = sql`(select pg_notify(${Channel.queue}, '') is null from opportunity_distribution_queue e
    where e.chat_id = opportunity_distribution_queue.chat_id
      and e.opportunity_id = opportunity_distribution_queue.opportunity_id
      and e.queue_id <> opportunity_distribution_queue.queue_id and e.status = 'pending' limit 1)`
  const settled = fenced("OpportunityQueue.settle", StatusRow)

  const settle: Sending["settle"] = Effect.fn("OpportunityQueue.settle")(({ owner, queueId, settlement, nowMs }) => {
    const end = (assignments: Fragment, from: Fragment) =>
      settled(
        `queue row ${queueId}`,
        sql`update opportunity_distribution_queue
          set ${assignments}, lease_owner = null, lease_until = null, error_message = ${errorOf(settlement)},
            updated_at = ${at(nowMs)}
          where queue_id = ${queueId} and ${from} returning status, ${tellFollowing} as told`,
      ).pipe(Effect.map((row) => row.status))
    /** It leaves once more: whoever waits for rows hears of it. */
    const again = (assignments: Fragment, from: Fragment) => Effect.tap(end(assignments, from), tellWaiting)
    const inFlight = sql`lease_owner = ${owner} and status = 'sending'`
    const held = sql`lease_owner = ${owner} and status in ('pending', 'sending', 'unknown')`
    switch (settlement._tag) {
      case "Sent":
        return end(
          sql`status = 'sent', message_id = ${settlement.messageId}, delivered_at = ${at(nowMs)}`,
          sql`(${inFlight} or (lease_owner is null and status = 'unknown'))`,
        )
      case "Unknown":
        return again(sql`status = ${unknownEnd}, uncertain_ends = uncertain_ends + 1`, inFlight)
      case "Reschedule":
        return again(sql`status = 'pending', scheduled_at = ${at(settlement.dueAtMs)}`, held)
      case "Failed":
        return end(sql`status = 'failed'`, held)
      case "Cancelled":
        return end(sql`status = 'cancelled'`, held)
    }
  })

  const reclaim: Sending["reclaim"] = Effect.fn("OpportunityQueue.reclaim")((nowMs) =>
    sql`with lost as (
        update opportunity_distribution_queue
        set status = ${unknownEnd}, uncertain_ends = uncertain_ends + 1, lease_owner = null, lease_until = null,
          error_message = 'lease ran out while sending', updated_at = ${at(nowMs)}
        where status = 'sending' and lease_until <= ${at(nowMs)} returning status
      ), freed as (
        update opportunity_distribution_queue set lease_owner = null, lease_until = null, updated_at = ${at(nowMs)}
        where status in ('pending', 'unknown') and lease_until <= ${at(nowMs)} returning 1
      )
      select (select count(*) from freed) as pending,
        (select count(*) from lost where status = 'unknown') as unknown,
        (select count(*) from lost where status = 'failed') as failed`.pipe(
      one("OpportunityQueue.reclaim", ReclaimedRow),
    )
  )

  return { claim, markSending, release, settle, reclaim }
}
