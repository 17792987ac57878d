/**
 * Price alerts over SQL.
 *
 * In: the PriceAlerts port's calls. Out: rows of `price_alerts` and `price_alert_notices`. Promises: each change is one
 * statement that names the state it starts from; the limit is counted under the user's lock.
 */
import { Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { NOTICE_LIVES_MS, PriceAlert } from "../../domain/PriceAlert.ts"
import { type Added, type AlertChange, PriceAlerts } from "../PriceAlerts.ts"
import { Channel, Store } from "../Store.ts"
import { all, at, count, first, Int8, one } from "./Rows.ts"

const AlertRow = Schema.Struct({ ...PriceAlert.fields, alertId: Int8 })
const IdRow = Schema.Struct({ alertId: Int8 })
const HeldRow = Schema.Struct({ held: Int8, same: Schema.Boolean })

const make = Effect.gen(function* () {
  const { listen, notify, sql, transaction } = yield* Store
  const columns = sql.literal(`alert_id as "alertId", user_id as "userId", venue, instrument, direction,
    trim_scale(price)::text as price, repeats, state`)

  const told = (alertId: number) => notify(Channel.alerts, `${alertId}`)

  const add: PriceAlerts["Service"]["add"] = Effect.fn("PriceAlerts.add")(
    function* ({ armed, limit, nowMs, userId, wanted: { direction, instrument, price, repeats, venue } }) {
      yield* sql`select user_id as "alertId" from users where user_id = ${userId} for no key update`.pipe(
        all("PriceAlerts.add", Schema.Unknown),
      )
      const { held, same } = yield* sql`select count(*) as held, coalesce(bool_or(venue is not distinct from ${venue}
          and instrument = ${instrument} and direction = ${direction} and price = ${price}::numeric), false) as same
        from price_alerts where user_id = ${userId} and state <> 'done'`.pipe(one("PriceAlerts.add", HeldRow))
      if (same) return { _tag: "Known" } satisfies Added
      if (held >= limit) return { _tag: "TooMany" } satisfies Added
      const alert = yield* sql`insert into price_alerts (user_id, venue, instrument, direction, price, repeats, state,
          created_at, updated_at)
        values (${userId}, ${venue}, ${instrument}, ${direction}, ${price}::numeric, ${repeats},
          ${armed ? "armed" : "new"}, ${at(nowMs)}, ${at(nowMs)})
        returning ${columns}`.pipe(one("PriceAlerts.add", AlertRow))
      yield* told(alert.alertId)
      return { _tag: "Added", alert } satisfies Added
    },
    (added) => transaction(added),
  )

  const remove = Effect.fn("PriceAlerts.remove")(
    function* (userId: string, alertId: number) {
      const gone = yield* sql`delete from price_alerts where alert_id = ${BigInt(alertId)} and user_id = ${userId}
        returning alert_id as "alertId"`.pipe(first("PriceAlerts.remove", IdRow))
      if (Option.isSome(gone)) yield* told(alertId)
      return Option.isSome(gone)
    },
    (removed) => transaction(removed),
  )

  const of = Effect.fn("PriceAlerts.of")((userId: string) =>
    sql`select ${columns} from price_alerts where user_id = ${userId} and state <> 'done' order by alert_id`.pipe(
      all("PriceAlerts.of", AlertRow),
    )
  )

  const watched = sql`select ${columns} from price_alerts where state <> 'done'`.pipe(
    all("PriceAlerts.watched", AlertRow),
    Effect.withSpan("PriceAlerts.watched"),
  )

  const watchedOne = Effect.fn("PriceAlerts.watchedOne")((alertId: number) =>
    sql`select ${columns} from price_alerts where alert_id = ${BigInt(alertId)} and state <> 'done'`.pipe(
      first("PriceAlerts.watchedOne", AlertRow),
    )
  )

  const arm = Effect.fn("PriceAlerts.arm")((alertId: number, nowMs: number) =>
    sql`with armed as (
        update price_alerts set state = 'armed', updated_at = ${at(nowMs)}
        where alert_id = ${BigInt(alertId)} and state in ('new', 'fired') returning 1
      )
      select count(*) as count, (select pg_notify(${Channel.alerts}, ${`${alertId}`})) is null as told from armed`.pipe(
      count("PriceAlerts.arm"),
      Effect.map((armed) => armed > 0),
    )
  )

  const fire: PriceAlerts["Service"]["fire"] = Effect.fn("PriceAlerts.fire")(
    ({ alertId, nowMs, price, simulated, venues }) =>
      sql`with fired as (
          update price_alerts set state = case when repeats then 'fired' else 'done' end, fired_at = ${at(nowMs)},
            updated_at = ${at(nowMs)}
          where alert_id = ${BigInt(alertId)} and state = 'armed' returning *
        ), owed as (
          insert into price_alert_notices (alert_id, user_id, venue, instrument, direction, threshold, price, venues,
            simulated, repeats, fired_at, expires_at, due_at, updated_at)
          select alert_id, user_id, venue, instrument, direction, price, ${price}::numeric, ${venues}, ${simulated},
            repeats, ${at(nowMs)}, ${at(nowMs + NOTICE_LIVES_MS)}, ${at(nowMs)}, ${at(nowMs)}
          from fired returning 1
        )
        select count(*) as count, (select pg_notify(${Channel.alerts}, ${`${alertId}`})) is null as told,
          (select pg_notify(${Channel.alertNotices}, '')) is null as woken from owed`.pipe(
        count("PriceAlerts.fire"),
        Effect.map((owed) => owed > 0),
      ),
  )

  const changes = Stream.unwrap(
    Effect.map(listen(Channel.alerts), (notices) =>
      Stream.fromEffectRepeat(Queue.take(notices)).pipe(
        Stream.map((notice): AlertChange => {
          const alertId = notice._tag === "Notified" ? Number(notice.payload) : NaN
          return Number.isSafeInteger(alertId) ? { _tag: "Changed", alertId } : { _tag: "Unknown" }
        }),
      )),
  )

  return { add, remove, of, watched, watchedOne, arm, fire, changes }
})

export const layer: Layer.Layer<PriceAlerts, never, Store> = Layer.effect(PriceAlerts, make)
