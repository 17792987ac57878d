/**
 * A row of `opportunity_distribution_queue` as the port shows it, when such a row may be claimed, and how rows are locked.
 *
 * In: the columns below, from the table under the alias `q`. Out: QueueItem. An edit's `messageId` is that of the
 * notification it edits. Promises: whoever changes several rows locks them in one order, so that no two wait for each
 * other in a circle.
 */
import type { PgClient } from "@effect/sql-pg/PgClient"
import { Schema, SchemaGetter } from "effect"
import type { Fragment } from "effect/sql/Statement"
import { Priority, PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { QueueItem } from "../OpportunityQueue.ts"
import { EpochMs, Int8 } from "./Rows.ts"

const byRank: ReadonlyArray<Priority> = Priority.literals.toSorted((a, b) => PRIORITY_RANK[a] - PRIORITY_RANK[b])

/** The column's 0 to 3 as the priority's name. */
export const PriorityFromRank = Schema.Int.pipe(
  Schema.decodeTo(Priority, {
    decode: SchemaGetter.transform((rank: number) => byRank[rank] ?? "low"),
    encode: SchemaGetter.transform((priority: Priority) => PRIORITY_RANK[priority]),
  }),
)

export const QueueRow = Schema.Struct({
  ...QueueItem.fields,
  queueId: Int8,
  priority: PriorityFromRank,
  scheduledAt: Schema.NullOr(EpochMs),
  dueSince: Schema.NullOr(EpochMs),
  expiresAt: EpochMs,
  createdAt: EpochMs,
  messageId: Schema.NullOr(Int8),
  batchId: Schema.NullOr(Int8),
})

export const queueColumns =
  `q.queue_id as "queueId", q.kind, q.strategy, q.opportunity_type as "opportunityType", q.opportunity_id as "opportunityId", q.user_id as "userId",
  q.chat_id as "chatId", case when q.revision is null then q.channel else coalesce((
    select n.channel from opportunity_distribution_queue n
    where n.chat_id = q.chat_id and n.opportunity_id = q.opportunity_id and n.purpose = 'notify'), 'telegram') end
    as channel, q.purpose, q.priority, q.status, q.scheduled_at as "scheduledAt", q.due_since as "dueSince", q.expires_at as "expiresAt",
  q.created_at as "createdAt", q.attempts, q.error_message as "lastError", q.payload, q.batch_id as "batchId", q.metadata -> 'trace' as trace,
  case when q.revision is null then q.message_id else (
    select n.message_id from opportunity_distribution_queue n
    where n.chat_id = q.chat_id and n.opportunity_id = q.opportunity_id and n.purpose = 'notify') end as "messageId"`

/** Rows that wait and whose turn depends on time and lease alone. */
export const waiting = `q.status in ('pending', 'unknown') and q.scheduled_at is not null and (q.revision is null or (
  not exists (select 1 from opportunity_distribution_queue n
    where n.chat_id = q.chat_id and n.opportunity_id = q.opportunity_id and n.purpose = 'notify'
      and n.status in ('pending', 'sending', 'unknown'))
  and not exists (select 1 from opportunity_distribution_queue e
    where e.chat_id = q.chat_id and e.opportunity_id = q.opportunity_id and e.revision > q.revision
      and e.status <> 'cancelled')))`

/**
 * The ids of rows that hold, locked first to last: to be changed by the statement it is a part of. A plain update locks
 * rows as its plan comes upon them, and two of them deadlock (test/layers/postgres/QueueLocks.test.ts).
 */
export const lockedInOrder = (sql: PgClient, holds: Fragment): Fragment =>
  sql`select q.queue_id from opportunity_distribution_queue q where ${holds} order by q.queue_id for update of q`

/** The same for a sweep, which comes again: what another works on just now it leaves alone, and waits for nobody. */
export const lockedIfFree = (sql: PgClient, holds: Fragment): Fragment =>
  sql`select q.queue_id from opportunity_distribution_queue q where ${holds} for update of q skip locked`
