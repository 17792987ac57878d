/**
 * The user schedule over SQL.
 *
 * In: the UserSchedule port's calls. Out: locks on `users`, rows of `opportunity_distribution_queue`. Promises: as the
 * port's; only rows that are pending, without a time and without a lease are ever decided on.
 */
import { Effect, Layer, Schema } from "effect"
import type { Decision } from "../../domain/Admission.ts"
import { PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { Channel, Store } from "../Store.ts"
import { UserSchedule } from "../UserSchedule.ts"
import { lockedInOrder } from "./QueueRow.ts"
import { all, at, count, isoOf } from "./Rows.ts"

const LockRow = Schema.Struct({ userId: Schema.String, telegramId: Schema.String })
const OwnerRow = Schema.Struct({ userId: Schema.String, chatId: Schema.String })
const UserRow = Schema.Struct({ userId: Schema.String })

const decisionRow = (decision: Decision) => ({
  queue_id: decision.queueId,
  due_at: decision._tag === "Admit" ? isoOf(decision.dueAtMs) : null,
  batch_id: decision._tag === "Admit" ? decision.batchId ?? null : null,
  reason: decision._tag === "Refuse" ? decision.reason : null,
})

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  // Weaker than `for update`: rows that refer to the user can still be written meanwhile.
  const lock = Effect.fn("UserSchedule.lock")((userIds: ReadonlyArray<string>) =>
    sql`select user_id as "userId", telegram_id as "telegramId" from users
      where user_id = any(${userIds}::text[]) order by user_id for no key update`.pipe(
      all("UserSchedule.lock", LockRow),
      Effect.map((rows) => new Map(rows.map(({ telegramId, userId }) => [userId, telegramId]))),
    )
  )

  const decide = Effect.fn("UserSchedule.decide")((decisions: ReadonlyArray<Decision>, nowMs: number) =>
    decisions.length === 0 ? Effect.succeed(0) : sql`with decisions as (
        select * from jsonb_to_recordset(${sql.json(decisions.map(decisionRow))}) as d (queue_id bigint,
          due_at timestamptz, batch_id bigint, reason text)
      ), held as (${
      lockedInOrder(
        sql,
        sql`q.queue_id in (select d.queue_id from decisions d) and q.status = 'pending' and q.scheduled_at is null
          and q.lease_owner is null`,
      )
    }), decided as (
        update opportunity_distribution_queue q
        set scheduled_at = d.due_at, due_since = d.due_at, batch_id = d.batch_id, error_message = coalesce(d.reason, q.error_message),
          status = case when d.reason is null then 'pending' when d.reason = 'expired' then 'expired'
            else 'cancelled' end,
          updated_at = ${at(nowMs)}
        from decisions d join held using (queue_id) where q.queue_id = d.queue_id returning q.status
      ), told as (select pg_notify(${Channel.queue}, '') from decided where status = 'pending' limit 1)
      select count(*) as count, (select count(*) from told) as told from decided`.pipe(count("UserSchedule.decide"))
  )

  const hasten: UserSchedule["Service"]["hasten"] = Effect.fn("UserSchedule.hasten")(({ id, priority }, nowMs) =>
    sql`with held as (${
      lockedInOrder(
        sql,
        sql`q.opportunity_id = ${id} and q.purpose = 'notify' and q.status = 'pending' and q.lease_owner is null
          and q.batch_id is not null and q.scheduled_at > ${at(nowMs)} and q.priority > ${
          PRIORITY_RANK[priority]
        }::smallint`,
      )
    })
      update opportunity_distribution_queue q
      set priority = ${PRIORITY_RANK[priority]}::smallint, scheduled_at = null, due_since = null, batch_id = null,
        updated_at = ${at(nowMs)}
      from held where q.queue_id = held.queue_id returning q.user_id as "userId", q.chat_id as "chatId"`.pipe(
      all("UserSchedule.hasten", OwnerRow),
    )
  )

  const waiting = Effect.fn("UserSchedule.waiting")((createdBeforeMs: number, limit: number) =>
    sql`select user_id as "userId" from opportunity_distribution_queue
      where status = 'pending' and scheduled_at is null and created_at < ${at(createdBeforeMs)}
      group by user_id order by min(queue_id) limit ${limit}`.pipe(
      all("UserSchedule.waiting", UserRow),
      Effect.map((rows) => rows.map((row) => row.userId)),
    )
  )

  return { lock, decide, hasten, waiting }
})

export const layer: Layer.Layer<UserSchedule, never, Store> = Layer.effect(UserSchedule, make)
