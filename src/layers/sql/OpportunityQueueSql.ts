/**
 * The opportunity queue over SQL: what enters, what is stopped, and what is asked of it. Sending is QueueSending.ts.
 *
 * In: the OpportunityQueue port's calls. Out: rows of `opportunity_distribution_queue`. Promises: each transition is one
 * statement that names the status and the lease it starts from, so two workers can never both make it.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { type NewQueueItem, OpportunityQueue, Purpose, QueueStatus, type SentMessage } from "../OpportunityQueue.ts"
import { Channel, Store } from "../Store.ts"
import { currentTrace } from "../Tracing.ts"
import { lockedIfFree, lockedInOrder, queueColumns, QueueRow, waiting } from "./QueueRow.ts"
import { makeSending } from "./QueueSending.ts"
import { all, at, count, EpochMs, first, Int8, int8s, isoOf, one } from "./Rows.ts"

const InsertedRow = Schema.Struct({ queueId: Int8, chatId: Schema.String, userId: Schema.String, purpose: Purpose })
const UserRow = Schema.Struct({ userId: Schema.String })
const NextRow = Schema.Struct({ at: Schema.NullOr(EpochMs) })
const SpentRow = Schema.Struct({ userId: Schema.String, at: EpochMs })
const CountRow = Schema.Struct({ status: QueueStatus, count: Int8 })
const MessageRow = Schema.Struct({ messageId: Int8 })
const ToldRow = Schema.Struct({
  userId: Schema.String,
  chatId: Schema.String,
  payload: Schema.Unknown,
  touchedAt: Schema.NullOr(EpochMs),
})
const BatchRow = Schema.Struct({ userId: Schema.String, batchId: Int8, dueAtMs: EpochMs, items: Int8 })
const TellingRow = Schema.Struct({
  queueId: Int8,
  fingerprint: Schema.String,
  netProfit: Schema.NullOr(Schema.Finite),
  toldAt: Schema.NullOr(EpochMs),
  toldProfit: Schema.NullOr(Schema.Finite),
})
const SharingRow = Schema.Struct({
  chatId: Schema.String,
  messageId: Int8,
  opportunityId: Schema.String,
  toldAfterMs: Schema.NullOr(Int8),
})

const editPrefix = "edit:"

/** A row may be told so long after it was made. */
const day = 86_400_000

const incomingRow = (item: NewQueueItem) => ({
  kind: item.kind ?? "opportunity",
  strategy: item.strategy ?? "broadcast",
  opportunity_id: item.opportunityId,
  user_id: item.userId,
  chat_id: item.chatId,
  purpose: item.purpose,
  revision: item.purpose.startsWith(editPrefix) ? Number(item.purpose.slice(editPrefix.length)) : null,
  priority: PRIORITY_RANK[item.priority],
  scheduled_at: item.scheduledAt === null ? null : isoOf(item.scheduledAt),
  expires_at: isoOf(item.expiresAt),
  payload: item.payload,
})

const noRows: Readonly<Record<QueueStatus, number>> = {
  pending: 0,
  sending: 0,
  sent: 0,
  unknown: 0,
  failed: 0,
  cancelled: 0,
  expired: 0,
}

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const columns = sql.literal(queueColumns)
  const isWaiting = sql.literal(waiting)
  const priorities = sql.literal(`unnest('{${Object.values(PRIORITY_RANK).join()}}'::smallint[]) as p (priority)`)

  const insert = (items: ReadonlyArray<NewQueueItem>, nowMs: number, metadata: Readonly<Record<string, unknown>>) =>
    sql`with incoming as (
        select distinct on (chat_id, opportunity_id, revision is null) *
        from jsonb_to_recordset(${sql.json(items.map(incomingRow))}) as x (opportunity_id text, user_id text,
          chat_id text, purpose text, revision integer, priority smallint, scheduled_at timestamptz,
          expires_at timestamptz, payload jsonb, kind text, strategy text)
        order by chat_id, opportunity_id, revision is null, revision desc
      ), fresh as (
        select i.* from incoming i where i.revision is null or not exists (
          select 1 from opportunity_distribution_queue q
          where q.chat_id = i.chat_id and q.opportunity_id = i.opportunity_id and q.revision >= i.revision)
      ), held as (${
      lockedInOrder(
        sql,
        sql`q.status = 'pending' and q.lease_owner is null and q.queue_id in (
          select o.queue_id from fresh f join opportunity_distribution_queue o
            on o.chat_id = f.chat_id and o.opportunity_id = f.opportunity_id and o.revision < f.revision)`,
      )
    }), superseded as (
        update opportunity_distribution_queue q
        set status = 'cancelled', error_message = 'superseded', updated_at = ${at(nowMs)}
        from held where q.queue_id = held.queue_id
      ), inserted as (
        insert into opportunity_distribution_queue (opportunity_id, user_id, chat_id, purpose, revision, priority,
          scheduled_at, due_since, expires_at, payload, kind, strategy, opportunity_type, fingerprint,
          told_profit, channel, metadata, created_at, updated_at)
        select opportunity_id, user_id, chat_id, purpose, revision, priority, scheduled_at,
          case when scheduled_at is not null then greatest(scheduled_at, ${at(nowMs)}) end, expires_at, payload, kind,
          strategy, payload #>> '{opportunity,type}', payload #>> '{opportunity,fingerprint}',
          (payload #>> '{opportunity,netProfit}')::float8, coalesce((select c.channel from user_channels c
            where c.user_id = f.user_id and c.state = 'verified' and c.position < 0 order by c.position limit 1),
            'telegram'), ${sql.json(metadata)}, ${at(nowMs)}, ${at(nowMs)}
        from fresh f order by priority, chat_id
        on conflict (chat_id, opportunity_id, purpose) do nothing
        returning queue_id, chat_id, user_id, purpose
      )
      select queue_id as "queueId", chat_id as "chatId", user_id as "userId", purpose,
        (select pg_notify(${Channel.queue}, '')) is null as told
      from inserted order by queue_id`.pipe(all("OpportunityQueue.enqueue", InsertedRow))

  /** A row keeps the trace it was made in, so that its message belongs to it. */
  const enqueue = Effect.fn("OpportunityQueue.enqueue")(function* (items: ReadonlyArray<NewQueueItem>, nowMs: number) {
    if (items.length === 0) return []
    const trace = yield* currentTrace
    return yield* insert(items, nowMs, Option.match(trace, { onNone: () => ({}), onSome: (trace) => ({ trace }) }))
  })

  const undecided = Effect.fn("OpportunityQueue.undecided")((userIds: ReadonlyArray<string>, limit: number) =>
    sql`select ${columns} from unnest(${userIds}::text[]) as u (id) cross join lateral (
        select * from opportunity_distribution_queue
        where user_id = u.id and status = 'pending' and scheduled_at is null
        order by priority, queue_id limit ${limit}
      ) q order by q.user_id, q.priority, q.queue_id`.pipe(all("OpportunityQueue.undecided", QueueRow))
  )

  const undecidedUsers = sql`select distinct user_id as "userId" from opportunity_distribution_queue
    where status in ('pending', 'unknown') and scheduled_at is null order by user_id`.pipe(
    all("OpportunityQueue.undecidedUsers", UserRow),
    Effect.map((rows) => rows.map((row) => row.userId)),
    Effect.withSpan("OpportunityQueue.undecidedUsers"),
  )

  const expire = Effect.fn("OpportunityQueue.expire")((nowMs: number) =>
    sql`with held as (${
      lockedIfFree(
        sql,
        sql`q.status in ('pending', 'unknown') and q.expires_at <= ${at(nowMs)}
          and (q.lease_until is null or q.lease_until <= ${at(nowMs)})`,
      )
    }), gone as (
        update opportunity_distribution_queue q
        set status = 'expired', lease_owner = null, lease_until = null, updated_at = ${at(nowMs)}
        from held where q.queue_id = held.queue_id returning 1
      )
      select count(*) as count from gone`.pipe(count("OpportunityQueue.expire"))
  )

  const cancelChat = Effect.fn("OpportunityQueue.cancelChat")((chatId: string, why: string, nowMs: number) =>
    sql`with held as (${lockedInOrder(sql, sql`q.chat_id = ${chatId} and q.status in ('pending', 'unknown')`)}),
      stopped as (
        update opportunity_distribution_queue q
        set status = 'cancelled', error_message = ${why}, lease_owner = null, lease_until = null,
          updated_at = ${at(nowMs)}
        from held where q.queue_id = held.queue_id returning 1
      ), alerts as (
        update price_alert_notices n
        set status = 'cancelled', error_message = ${why}, lease_owner = null, lease_until = null,
          updated_at = ${at(nowMs)}
        from users u where u.telegram_id = ${chatId} and n.user_id = u.user_id and n.status = 'pending'
      )
      select count(*) as count from stopped`.pipe(count("OpportunityQueue.cancelChat"))
  )

  const counts = sql`select status, count(*) as count from opportunity_distribution_queue group by status`.pipe(
    all("OpportunityQueue.counts", CountRow),
    Effect.map((rows): Readonly<Record<QueueStatus, number>> => ({
      ...noRows,
      ...Object.fromEntries(rows.map((row) => [row.status, row.count])),
    })),
    Effect.withSpan("OpportunityQueue.counts"),
  )

  // By the index of what is due, priority by priority. What is leased was due, so it is looked for only where nothing
  // that is free is due before it: few rows then.
  const nextDueAt = Effect.fn("OpportunityQueue.nextDueAt")((nowMs: number) => {
    const waits = sql`${isWaiting} and q.priority = p.priority and q.expires_at > ${at(nowMs)}`
    return sql`select case when free.at <= ${at(nowMs)} then free.at else least(free.at, (
        select min(greatest(q.scheduled_at, q.lease_until)) from ${priorities} join opportunity_distribution_queue q
          on ${waits} and q.lease_until is not null and q.scheduled_at <= ${at(nowMs)}
      )) end as at
      from (select min(soonest.at) as at from ${priorities} cross join lateral (
        select q.scheduled_at as at from opportunity_distribution_queue q where ${waits} and q.lease_until is null
        order by q.scheduled_at limit 1
      ) soonest) free`.pipe(
      one("OpportunityQueue.nextDueAt", NextRow),
      Effect.map((row) => Option.fromNullishOr(row.at)),
    )
  })

  const spentSince = Effect.fn("OpportunityQueue.spentSince")((userIds: ReadonlyArray<string>, sinceMs: number) =>
    sql`select user_id as "userId", at from (
        select user_id, case when status = 'pending' then scheduled_at else coalesce(delivered_at, last_attempt_at) end as at
        from opportunity_distribution_queue
        where user_id = any(${userIds}::text[]) and kind = 'opportunity' and purpose = 'notify'
          and status in ('pending', 'sending', 'sent', 'unknown')
      ) spent where at >= ${at(sinceMs)} order by at`.pipe(
      all("OpportunityQueue.spentSince", SpentRow),
      Effect.map((rows) => {
        const spent = new Map<string, Array<number>>()
        for (const { at, userId } of rows) spent.set(userId, [...spent.get(userId) ?? [], at])
        return spent
      }),
    )
  )

  const waitingBatches = Effect.fn("OpportunityQueue.waitingBatches")((userIds: ReadonlyArray<string>, nowMs: number) =>
    sql`select user_id as "userId", batch_id as "batchId", min(scheduled_at) as "dueAtMs", count(*) as items
      from opportunity_distribution_queue
      where user_id = any(${userIds}::text[]) and status = 'pending' and purpose = 'notify' and batch_id is not null
        and scheduled_at > ${at(nowMs)} and lease_owner is null
      group by user_id, batch_id order by 3, 2`.pipe(
      all("OpportunityQueue.waitingBatches", BatchRow),
      Effect.map((rows) => Map.groupBy(rows, ({ userId }) => userId)),
    )
  )

  const tellings: OpportunityQueue["Service"]["tellings"] = Effect.fn("OpportunityQueue.tellings")(
    (queueIds: ReadonlyArray<number>, sinceMs: number) =>
      sql`select w.queue_id as "queueId", w.fingerprint, w.told_profit as "netProfit", t.at as "toldAt",
          t.told_profit as "toldProfit"
        from opportunity_distribution_queue w left join lateral (
          select coalesce(o.delivered_at, o.last_attempt_at, o.scheduled_at) as at, o.told_profit
          from opportunity_distribution_queue o
          where o.fingerprint = w.fingerprint and o.purpose = 'notify' and o.user_id = w.user_id
            and o.queue_id <> w.queue_id and o.created_at > ${at(sinceMs - day)}
            and o.status in ('pending', 'sending', 'sent', 'unknown')
            and coalesce(o.delivered_at, o.last_attempt_at, o.scheduled_at) >= ${at(sinceMs)}
          order by 1 desc limit 1
        ) t on true
        where w.queue_id = any(${int8s(queueIds)}) and w.fingerprint is not null`.pipe(
        all("OpportunityQueue.tellings", TellingRow),
        Effect.map((rows) =>
          new Map(rows.map(({ fingerprint, netProfit, queueId, toldAt, toldProfit }) => [
            queueId,
            { fingerprint, netProfit, told: toldAt === null ? null : { atMs: toldAt, netProfit: toldProfit } },
          ]))
        ),
      ),
  )

  const toldBy = Effect.fn("OpportunityQueue.toldBy")((messages: ReadonlyArray<SentMessage>) =>
    sql`select q.chat_id as "chatId", q.message_id as "messageId", q.opportunity_id as "opportunityId",
        (q.metadata ->> 'toldAfterMs')::bigint as "toldAfterMs"
      from (select distinct * from unnest(${messages.map(({ chatId }) => chatId)}::text[], ${
      int8s(messages.map(({ messageId }) => messageId))
    }::bigint[])) m (chat_id, message_id)
      join opportunity_distribution_queue q on q.chat_id = m.chat_id and q.message_id = m.message_id
      where q.purpose = 'notify' and q.status = 'sent' order by q.queue_id`.pipe(
      all("OpportunityQueue.toldBy", SharingRow),
      Effect.map((rows) => {
        const byMessage = Map.groupBy(rows, (row) => `${row.chatId} ${row.messageId}`)
        return messages.map(({ chatId, messageId }) =>
          (byMessage.get(`${chatId} ${messageId}`) ?? []).map(({ opportunityId, toldAfterMs }) => ({
            opportunityId,
            toldAfterMs,
          }))
        )
      }),
    )
  )

  const messageIdOf = Effect.fn("OpportunityQueue.messageIdOf")((chatId: string, opportunityId: string) =>
    sql`select message_id as "messageId" from opportunity_distribution_queue
      where chat_id = ${chatId} and opportunity_id = ${opportunityId} and purpose = 'notify' and status = 'sent'
        and message_id is not null`.pipe(
      first("OpportunityQueue.messageIdOf", MessageRow),
      Effect.map(Option.map((row) => row.messageId)),
    )
  )

  const toldOf = Effect.fn("OpportunityQueue.toldOf")((opportunityId: string) =>
    sql`select n.user_id as "userId", n.chat_id as "chatId", n.payload, (
        select max(coalesce(t.delivered_at, t.last_attempt_at)) from opportunity_distribution_queue t
        where t.chat_id = n.chat_id and t.message_id = n.message_id) as "touchedAt"
      from opportunity_distribution_queue n
      where n.opportunity_id = ${opportunityId} and n.purpose = 'notify'
        and n.status in ('pending', 'sending', 'sent', 'unknown')
        and not exists (select 1 from distribution_analytics a where a.user_id = n.user_id
          and a.opportunity_id = n.opportunity_id and a.dismissed_at is not null)
      order by n.queue_id`.pipe(all("OpportunityQueue.toldOf", ToldRow))
  )

  return {
    ...makeSending(sql),
    enqueue,
    undecided,
    undecidedUsers,
    expire,
    cancelChat,
    counts,
    nextDueAt,
    spentSince,
    waitingBatches,
    tellings,
    toldBy,
    messageIdOf,
    toldOf,
  }
})

export const layer: Layer.Layer<OpportunityQueue, never, Store> = Layer.effect(OpportunityQueue, make)
