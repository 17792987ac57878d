/**
 * The user schedule over SQL.
 *
 * In: the UserSchedule port's calls. Out: locks on `users`, rows of `opportunity_distribution_queue`. Promises: as the
 * port's; only rows that are pending, without a time and without a lease are ever refused.
 */
import { Effect, Layer, Schema } from "effect"
import { Store } from "../Store.ts"
import { type Refusal, UserSchedule } from "../UserSchedule.ts"
import { lockedInOrder } from "./QueueRow.ts"
import { all, at, count } from "./Rows.ts"

const LockRow = Schema.Struct({ userId: Schema.String, telegramId: Schema.String })
const UserRow = Schema.Struct({ userId: Schema.String })

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

  const refuse = Effect.fn("UserSchedule.refuse")((refusals: ReadonlyArray<Refusal>, nowMs: number) =>
    refusals.length === 0 ? Effect.succeed(0) : sql`with refusals as (
        select * from jsonb_to_recordset(${sql.json(refusals)}) as r ("queueId" bigint, reason text)
      ), held as (${
      lockedInOrder(
        sql,
        sql`q.queue_id in (select r."queueId" from refusals r) and q.status = 'pending' and q.scheduled_at is null
          and q.lease_owner is null`,
      )
    }), refused as (
        update opportunity_distribution_queue q
        set status = case when r.reason = 'expired' then 'expired' else 'cancelled' end, error_message = r.reason,
          updated_at = ${at(nowMs)}
        from refusals r join held on held.queue_id = r."queueId" where q.queue_id = r."queueId" returning 1
      )
      select count(*) as count from refused`.pipe(count("UserSchedule.refuse"))
  )

  const waiting = Effect.fn("UserSchedule.waiting")((createdBeforeMs: number, limit: number) =>
    sql`select user_id as "userId" from opportunity_distribution_queue
      where status = 'pending' and scheduled_at is null and created_at < ${at(createdBeforeMs)}
      group by user_id order by min(queue_id) limit ${limit}`.pipe(
      all("UserSchedule.waiting", UserRow),
      Effect.map((rows) => rows.map((row) => row.userId)),
    )
  )

  return { lock, refuse, waiting }
})

export const layer: Layer.Layer<UserSchedule, never, Store> = Layer.effect(UserSchedule, make)
