/**
 * The history of tellings over SQL.
 *
 * In: the ToldHistory port's calls. Out: what rows of `opportunity_distribution_queue` say. Promises: reads alone; each
 * query goes by an index.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { Store } from "../Store.ts"
import { Fate, ToldHistory } from "../ToldHistory.ts"
import { all, at, count, EpochMs, first, Int8 } from "./Rows.ts"

const ToldRow = Schema.Struct({ atMs: EpochMs, netProfit: Schema.NullOr(Schema.FiniteFromString) })
const TellingRow = Schema.Struct({ ...ToldRow.fields, chatId: Schema.String, fingerprint: Schema.String })
const CountRow = Schema.Struct({ chatId: Schema.String, told: Int8 })
const FateRow = Schema.Struct({ ...Fate.fields, queuedAt: EpochMs, deliveredAt: Schema.NullOr(EpochMs) })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const toldAt = sql.literal(
    `case when q.status = 'pending' then coalesce(q.scheduled_at, q.created_at)
      else coalesce(q.delivered_at, q.last_attempt_at, q.created_at) end`,
  )
  const isTold = sql.literal(
    `q.kind = 'opportunity' and q.purpose = 'notify' and q.status in ('pending', 'sending', 'sent', 'unknown')`,
  )
  const profit = sql.literal(`q.payload #>> '{opportunity,netProfit}' as "netProfit"`)
  const fingerprint = sql.literal(`q.payload #>> '{opportunity,fingerprint}'`)

  const since: ToldHistory["Service"]["since"] = Effect.fn("ToldHistory.since")((sinceMs) =>
    sql`select q.chat_id as "chatId", coalesce(${fingerprint}, '') as fingerprint, ${profit}, ${toldAt} as "atMs"
      from opportunity_distribution_queue q
      where ${isTold} and q.created_at >= ${at(sinceMs)} order by q.queue_id`.pipe(
      all("ToldHistory.since", TellingRow),
    )
  )

  const today: ToldHistory["Service"]["today"] = Effect.fn("ToldHistory.today")((nowMs) =>
    sql`select q.chat_id as "chatId", count(*) as told
      from opportunity_distribution_queue q
      left join user_notification_preferences p on p.user_id = q.user_id
      where ${isTold} and q.created_at >= ${at(nowMs)}::timestamptz - interval '2 days'
        and ${toldAt} >= date_trunc('day', ${at(nowMs)}::timestamptz at time zone coalesce(p.timezone, 'UTC'))
          at time zone coalesce(p.timezone, 'UTC')
      group by q.chat_id`.pipe(
      all("ToldHistory.today", CountRow),
      Effect.map((rows) => new Map(rows.map(({ chatId, told }) => [chatId, told]))),
    )
  )

  const lastOf: ToldHistory["Service"]["lastOf"] = Effect.fn("ToldHistory.lastOf")((userId, wanted, sinceMs) =>
    sql`select ${profit}, ${toldAt} as "atMs" from opportunity_distribution_queue q
      where q.user_id = ${userId} and q.created_at >= ${
      at(sinceMs)
    } and ${isTold} and ${fingerprint} = ${wanted.fingerprint}
        and q.opportunity_id <> ${wanted.id}
      order by q.created_at desc limit 1`.pipe(first("ToldHistory.lastOf", ToldRow))
  )

  const fateOf: ToldHistory["Service"]["fateOf"] = Effect.fn("ToldHistory.fateOf")((userId, opportunityId) =>
    sql`select status, error_message as reason, created_at as "queuedAt", delivered_at as "deliveredAt"
      from opportunity_distribution_queue
      where opportunity_id = ${opportunityId} and user_id = ${userId} and purpose = 'notify'
      order by queue_id desc limit 1`.pipe(
      first("ToldHistory.fateOf", FateRow),
      Effect.map(Option.map((fate): Fate => fate.status === "sent" ? { ...fate, reason: null } : fate)),
    )
  )

  const ahead: ToldHistory["Service"]["ahead"] = Effect.fn("ToldHistory.ahead")((priority, nowMs) =>
    sql`select count(*) as count from opportunity_distribution_queue
      where status in ('pending', 'unknown') and priority <= ${PRIORITY_RANK[priority]} and expires_at > ${at(nowMs)}`
      .pipe(count("ToldHistory.ahead"))
  )

  return { since, today, lastOf, fateOf, ahead }
})

export const layer: Layer.Layer<ToldHistory, never, Store> = Layer.effect(ToldHistory, make)
