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
import { PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { type OpportunityQueue, type Place, type QueueItem, QueueStatus, type Settlement } from "../OpportunityQueue.ts"
import { Channel, Fenced } from "../Store.ts"
import { lockedIfFree, lockedInOrder, queueColumns, QueueRow, waiting } from "./QueueRow.ts"
import { all, at, count, Int8, int8s, isoOf, one } from "./Rows.ts"

const IdRow = Schema.Struct({ queueId: Int8 })
const SettledRow = Schema.Struct({ queueId: Int8, status: QueueStatus })
const ReclaimedRow = Schema.Struct({ pending: Int8, unknown: Int8, failed: Int8 })

/** An edit that a newer one has overtaken is never claimed again: where it would wait, it ends. */
const overtaken = `exists (select 1 from opportunity_distribution_queue newer
  where newer.chat_id = q.chat_id and newer.opportunity_id = q.opportunity_id and newer.revision > q.revision
    and newer.status <> 'cancelled')`
const waitsOn = (status: string): string => `case when ${overtaken} then 'cancelled' else ${status} end`

/** Every second end that nobody knows is a failure: a third copy is worse than none. */
const afterUnknownEnd = `case when q.uncertain_ends >= 1 then 'failed' else ${waitsOn("'unknown'")} end`

/**
 * Leases are taken from the front of what is due, so those left behind by a worker that died stand there. They are not
 * indexed, so that claims write to no index; one further back holds nobody up, as it is claimed in its turn.
 */
const FRONT = 1_000

const mostUrgentFirst = (a: QueueItem, b: QueueItem): number =>
  PRIORITY_RANK[a.priority] - PRIORITY_RANK[b.priority] || (a.scheduledAt ?? 0) - (b.scheduledAt ?? 0) ||
  a.queueId - b.queueId

const endRow = ({ queueId, settlement }: { readonly queueId: number; readonly settlement: Settlement }) => ({
  queue_id: queueId,
  kind: settlement._tag,
  message_id: settlement._tag === "Sent" ? settlement.messageId : null,
  due_at: settlement._tag === "Reschedule" ? isoOf(settlement.dueAtMs) : null,
  error: settlement._tag === "Sent" ? null : settlement.error,
  told_after: settlement._tag === "Sent" ? settlement.toldAfterMs ?? null : null,
  channel: settlement._tag === "Reschedule" ? settlement.channel ?? null : null,
})

type Sending = Pick<
  OpportunityQueue["Service"],
  "claim" | "claimMates" | "markSending" | "prolong" | "release" | "settleAll" | "settle" | "reclaim"
>

export const makeSending = (sql: PgClient): Sending => {
  const columns = sql.literal(queueColumns)
  const isWaiting = sql.literal(waiting)
  const unknownEnd = sql.literal(afterUnknownEnd)
  const given = sql.literal(waitsOn("q.status")), rescheduled = sql.literal(waitsOn("'pending'"))
  const frontOfDue = sql.literal(
    `select d.queue_id from opportunity_distribution_queue d where d.status in ('pending', 'unknown')
      order by d.priority, d.scheduled_at, d.queue_id limit ${FRONT}`,
  )

  /** By the index of what is due: from its front, or from a place on for each priority. */
  const due = (limit: number, nowMs: number, after: ReadonlyArray<Place> | undefined) => {
    const isDue = sql`${isWaiting} and q.scheduled_at <= ${at(nowMs)} and q.expires_at > ${at(nowMs)}
      and (q.lease_until is null or q.lease_until <= ${at(nowMs)})`
    if (after === undefined || after.length === 0) {
      return sql`select q.queue_id from opportunity_distribution_queue q where ${isDue}
        order by q.priority, q.scheduled_at, q.queue_id limit ${limit} for update of q skip locked`
    }
    // One select a priority: a join over places would be planned as if there were a hundred of them.
    const behind = after.map(({ atMs, queueId, rank }) =>
      sql`select * from (
          select q.queue_id, q.priority, q.scheduled_at from opportunity_distribution_queue q
          where q.priority = ${rank}::smallint and (q.scheduled_at, q.queue_id) > (${at(atMs)}, ${
        BigInt(queueId)
      }::bigint)
            and ${isDue}
          order by q.scheduled_at, q.queue_id limit ${limit} for update of q skip locked
        ) behind${sql.literal(`${rank}`)}`
    )
    const all = behind.reduce((some, one) => sql`${some} union all ${one}`)
    return sql`select found.queue_id from (${all}) found
      order by found.priority, found.scheduled_at, found.queue_id limit ${limit}`
  }

  const claim: Sending["claim"] = Effect.fn("OpportunityQueue.claim")(({ after, owner, limit, nowMs, leaseMs }) =>
    sql`with due as (${due(limit, nowMs, after)})
      update opportunity_distribution_queue q
      set lease_owner = ${owner}, lease_until = ${at(nowMs + leaseMs)}
      from due where q.queue_id = due.queue_id returning ${columns}`.pipe(
      all("OpportunityQueue.claim", QueueRow),
      Effect.map((rows) => rows.toSorted(mostUrgentFirst)),
    )
  )

  const claimMates: Sending["claimMates"] = Effect.fn("OpportunityQueue.claimMates")(
    ({ batchIds, leaseMs, nowMs, owner }) =>
      batchIds.length === 0 ? Effect.succeed([]) : sql`with mates as (
        select q.queue_id from opportunity_distribution_queue q
        where q.batch_id = any(${int8s(batchIds)}) and ${isWaiting} and q.scheduled_at <= ${at(nowMs)}
          and q.expires_at > ${at(nowMs)} and (q.lease_until is null or q.lease_until <= ${at(nowMs)})
        for update of q skip locked
      )
      update opportunity_distribution_queue q
      set lease_owner = ${owner}, lease_until = ${at(nowMs + leaseMs)}
      from mates where q.queue_id = mates.queue_id returning ${columns}`.pipe(
        all("OpportunityQueue.claimMates", QueueRow),
        Effect.map((rows) => rows.toSorted(mostUrgentFirst)),
      ),
  )

  const markSending: Sending["markSending"] = Effect.fn("OpportunityQueue.markSending")(
    ({ owner, queueIds, nowMs, leaseMs }) =>
      sql`with held as (${
        lockedInOrder(
          sql,
          sql`q.queue_id = any(${int8s(queueIds)}) and q.lease_owner = ${owner} and q.lease_until > ${at(nowMs)}
            and q.status in ('pending', 'unknown') and q.expires_at > ${at(nowMs)}`,
        )
      })
      update opportunity_distribution_queue q
      set status = 'sending', attempts = q.attempts + 1, last_attempt_at = ${at(nowMs)},
        first_attempt_at = coalesce(q.first_attempt_at, ${at(nowMs)}),
        lease_until = ${at(nowMs + leaseMs)}, updated_at = ${at(nowMs)}
      from held where q.queue_id = held.queue_id returning q.queue_id as "queueId"`.pipe(
        all("OpportunityQueue.markSending", IdRow),
        Effect.map((rows) => rows.map((row) => row.queueId)),
      ),
  )

  const prolong: Sending["prolong"] = Effect.fn("OpportunityQueue.prolong")(
    ({ claimMs, nowMs, owner, queueIds, sendingMs }) =>
      sql`with held as (${
        lockedInOrder(
          sql,
          sql`q.queue_id = any(${int8s(queueIds)}) and q.lease_owner = ${owner} and q.lease_until > ${at(nowMs)}
            and q.status in ('pending', 'sending', 'unknown')`,
        )
      })
      update opportunity_distribution_queue q
      set lease_until = greatest(q.lease_until,
        case q.status when 'sending' then ${at(nowMs + sendingMs)} else ${at(nowMs + claimMs)} end)
      from held where q.queue_id = held.queue_id returning q.queue_id as "queueId"`.pipe(
        all("OpportunityQueue.prolong", IdRow),
        Effect.map((rows) => rows.map((row) => row.queueId)),
      ),
  )

  const release: Sending["release"] = Effect.fn("OpportunityQueue.release")(({ owner, queueIds, dueAtMs }) =>
    sql`with held as (${
      lockedInOrder(
        sql,
        sql`q.queue_id = any(${int8s(queueIds)}) and q.lease_owner = ${owner} and q.status in ('pending', 'unknown')`,
      )
    }), released as (
        update opportunity_distribution_queue q
        set lease_owner = null, lease_until = null, scheduled_at = ${at(dueAtMs)}, status = ${given}
        from held where q.queue_id = held.queue_id returning 1
      )
      select count(*) as count, (select pg_notify(${Channel.queue}, '')) is null as told from released`.pipe(
      count("OpportunityQueue.release"),
      Effect.asVoid,
    )
  )

  /** Whom a row's end concerns: itself if it waits once more, or an edit that was waiting for it. */
  const settleAll: Sending["settleAll"] = Effect.fn("OpportunityQueue.settleAll")(({ ends, nowMs, owner }) =>
    sql`with ends as (
        select * from jsonb_to_recordset(${sql.json(ends.map(endRow))}) as x (queue_id bigint, kind text,
          message_id bigint, due_at timestamptz, error text, channel text, told_after bigint)
      ), held as (${lockedInOrder(sql, sql`q.queue_id in (select e.queue_id from ends e)`)}), settled as (
        update opportunity_distribution_queue q
        set status = case e.kind when 'Sent' then 'sent' when 'Unknown' then ${unknownEnd}
            when 'Reschedule' then ${rescheduled} when 'Failed' then 'failed' else 'cancelled' end,
          message_id = coalesce(e.message_id, q.message_id),
          delivered_at = case e.kind when 'Sent' then ${at(nowMs)} else q.delivered_at end,
          uncertain_ends = q.uncertain_ends + (e.kind = 'Unknown')::integer,
          scheduled_at = coalesce(e.due_at, q.scheduled_at), channel = coalesce(e.channel, q.channel), error_message = e.error,
          metadata = case when e.told_after is null then q.metadata
            else q.metadata || jsonb_build_object('toldAfterMs', e.told_after) end,
          lease_owner = null, lease_until = null, updated_at = ${at(nowMs)}
        from ends e join held using (queue_id) where q.queue_id = e.queue_id and case e.kind
          when 'Sent' then (q.lease_owner = ${owner} and q.status = 'sending')
            or (q.lease_owner is null and q.status = 'unknown')
          when 'Unknown' then q.lease_owner = ${owner} and q.status = 'sending'
          else q.lease_owner = ${owner} and q.status in ('pending', 'sending', 'unknown') end
        returning q.queue_id, q.status, q.chat_id, q.opportunity_id
      ), told as (
        select pg_notify(${Channel.queue}, '') from settled s
        where s.status in ('pending', 'unknown') or exists (select 1 from opportunity_distribution_queue e
          where e.chat_id = s.chat_id and e.opportunity_id = s.opportunity_id and e.queue_id <> s.queue_id
            and e.status = 'pending')
        limit 1
      )
      select queue_id as "queueId", status, (select count(*) from told) as told from settled`.pipe(
      all("OpportunityQueue.settleAll", SettledRow),
      Effect.map((rows) => new Map(rows.map(({ queueId, status }) => [queueId, status]))),
    )
  )

  const settle: Sending["settle"] = ({ nowMs, owner, queueId, settlement }) =>
    Effect.flatMap(settleAll({ owner, nowMs, ends: [{ queueId, settlement }] }), (settled) => {
      const status = settled.get(queueId)
      return status === undefined
        ? Effect.fail(new Fenced({ operation: "OpportunityQueue.settle", key: `queue row ${queueId}` }))
        : Effect.succeed(status)
    })

  const reclaim: Sending["reclaim"] = Effect.fn("OpportunityQueue.reclaim")((nowMs) =>
    sql`with sending as (
        ${lockedIfFree(sql, sql`q.status = 'sending' and q.lease_until <= ${at(nowMs)}`)}
      ), held as (
        ${lockedIfFree(sql, sql`q.lease_until <= ${at(nowMs)} and q.queue_id in (${frontOfDue})`)}
      ), lost as (
        update opportunity_distribution_queue q
        set status = ${unknownEnd}, uncertain_ends = q.uncertain_ends + 1, lease_owner = null, lease_until = null,
          error_message = 'lease ran out while sending', updated_at = ${at(nowMs)}
        from sending where q.queue_id = sending.queue_id returning q.status
      ), freed as (
        update opportunity_distribution_queue q
        set status = ${given}, lease_owner = null, lease_until = null, updated_at = ${at(nowMs)}
        from held where q.queue_id = held.queue_id returning 1
      )
      select (select count(*) from freed) as pending,
        (select count(*) from lost where status = 'unknown') as unknown,
        (select count(*) from lost where status = 'failed') as failed`.pipe(
      one("OpportunityQueue.reclaim", ReclaimedRow),
    )
  )

  return { claim, claimMates, markSending, prolong, release, settleAll, settle, reclaim }
}
