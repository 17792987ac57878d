/**
 * Notices of price alerts over SQL.
 *
 * In: the AlertNotices port's calls. Out: rows of `price_alert_notices`. Promises: each transition is one statement that
 * names the status and the lease it starts from; claimers pass over each other's rows without waiting.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { AlertNotice, AlertNotices, type NoticeEnd } from "../AlertNotices.ts"
import { Channel, Store } from "../Store.ts"
import { all, at, count, EpochMs, Int8, one, run } from "./Rows.ts"

const NoticeRow = Schema.Struct({
  ...AlertNotice.fields,
  noticeId: Int8,
  alertId: Int8,
  firedAt: EpochMs,
  expiresAt: EpochMs,
})
const NextRow = Schema.Struct({ at: Schema.NullOr(EpochMs) })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  /** Of a row whose end nobody knows: once more, then no more. */
  const afterUnknownEnd = sql.literal(`case when uncertain_ends >= 1 then 'failed' else 'pending' end`)

  const claim: AlertNotices["Service"]["claim"] = Effect.fn("AlertNotices.claim")(({ leaseMs, limit, nowMs, owner }) =>
    sql`with due as (
        select notice_id from price_alert_notices
        where status = 'pending' and due_at <= ${at(nowMs)} and expires_at > ${at(nowMs)}
          and (lease_until is null or lease_until <= ${at(nowMs)})
        order by due_at, notice_id limit ${limit} for update skip locked
      ), leased as (
        update price_alert_notices n
        set lease_owner = ${owner}, lease_until = ${at(nowMs + leaseMs)}, updated_at = ${at(nowMs)}
        from due where n.notice_id = due.notice_id returning n.*
      )
      select n.notice_id as "noticeId", n.alert_id as "alertId", n.user_id as "userId", u.telegram_id as "chatId",
        n.venue, n.instrument, n.direction, trim_scale(n.threshold)::text as threshold,
        trim_scale(n.price)::text as price, n.venues, n.simulated, n.repeats, n.fired_at as "firedAt",
        n.expires_at as "expiresAt", n.attempts
      from leased n join users u using (user_id) order by n.notice_id`.pipe(all("AlertNotices.claim", NoticeRow))
  )

  const markSending: AlertNotices["Service"]["markSending"] = Effect.fn("AlertNotices.markSending")(
    ({ leaseMs, noticeId, nowMs, owner }) =>
      sql`with marked as (
          update price_alert_notices
          set status = 'sending', attempts = attempts + 1, lease_until = ${at(nowMs + leaseMs)},
            updated_at = ${at(nowMs)}
          where notice_id = ${BigInt(noticeId)} and lease_owner = ${owner} and lease_until > ${at(nowMs)}
            and status = 'pending' and expires_at > ${at(nowMs)} returning 1
        )
        select count(*) as count from marked`.pipe(
        count("AlertNotices.markSending"),
        Effect.map((marked) => marked > 0),
      ),
  )

  const statusOf = (end: NoticeEnd) => {
    switch (end._tag) {
      case "Sent":
        return sql.literal(`'sent'`)
      case "Failed":
        return sql.literal(`'failed'`)
      case "Cancelled":
        return sql.literal(`'cancelled'`)
      case "Later":
        return sql.literal(`'pending'`)
      case "Unknown":
        return afterUnknownEnd
    }
  }

  const settle: AlertNotices["Service"]["settle"] = Effect.fn("AlertNotices.settle")(
    ({ end, noticeId, nowMs, owner }) =>
      sql`with settled as (
          update price_alert_notices
          set status = ${statusOf(end)}, uncertain_ends = uncertain_ends + ${end._tag === "Unknown" ? 1 : 0},
            message_id = ${end._tag === "Sent" ? BigInt(end.messageId) : null}::bigint,
            error_message = ${end._tag === "Sent" ? null : end.error}::text,
            due_at = ${at("dueAtMs" in end ? end.dueAtMs : nowMs)}, lease_owner = null, lease_until = null,
            updated_at = ${at(nowMs)}
          where notice_id = ${BigInt(noticeId)} and lease_owner = ${owner} and status in ('pending', 'sending')
          returning 1
        )
        select count(*) as count, (select pg_notify(${Channel.alertNotices}, '')) is null as told from settled`.pipe(
        count("AlertNotices.settle"),
        Effect.map((settled) => settled > 0),
      ),
  )

  const sweep = Effect.fn("AlertNotices.sweep")((nowMs: number) =>
    sql`with lost as (
        update price_alert_notices
        set status = case when status = 'sending' then ${afterUnknownEnd} else status end,
          uncertain_ends = uncertain_ends + (status = 'sending')::integer, lease_owner = null, lease_until = null,
          updated_at = ${at(nowMs)}
        where status in ('pending', 'sending') and lease_until <= ${at(nowMs)} returning 1
      )
      update price_alert_notices set status = 'expired', updated_at = ${at(nowMs)}
      where status = 'pending' and expires_at <= ${at(nowMs)} and lease_until is null`.pipe(run("AlertNotices.sweep"))
  )

  const nextDueAt = Effect.fn("AlertNotices.nextDueAt")((nowMs: number) =>
    sql`select min(greatest(due_at, lease_until)) as at from price_alert_notices
      where status in ('pending', 'sending') and (expires_at > ${at(nowMs)} or lease_until is not null)`.pipe(
      one("AlertNotices.nextDueAt", NextRow),
      Effect.map((row) => Option.fromNullishOr(row.at)),
    )
  )

  return { claim, markSending, settle, sweep, nextDueAt }
})

export const layer: Layer.Layer<AlertNotices, never, Store> = Layer.effect(AlertNotices, make)
