/**
 * Standings over SQL.
 *
 * In: the Standings port's calls. Out: rows of `user_restrictions`, and which venues have a usable key. Promises: all that
 * a standing is made of is one query, used for everyone and for some.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { NO_STANDING } from "../../domain/Eligibility.ts"
import { Standings } from "../Standings.ts"
import { Channel, Store } from "../Store.ts"
import { all, at, EpochMs, first } from "./Rows.ts"

const StandingRow = Schema.Struct({
  userId: Schema.String,
  venues: Schema.Array(Schema.String),
  reason: Schema.NullOr(Schema.String),
  untilMs: Schema.NullOr(EpochMs),
})
const TelegramIdRow = Schema.Struct({ telegramId: Schema.String })

const standingOf = ({ reason, untilMs, venues }: typeof StandingRow.Type) => ({
  ...NO_STANDING,
  keyVenues: venues,
  restriction: reason === null ? null : { reason, untilMs },
})

const make = Effect.gen(function* () {
  const { notify, sql, transaction } = yield* Store

  const standings = (nowMs: number) =>
    sql`select coalesce(k.user_id, r.user_id) as "userId", coalesce(k.venues, '{}') as venues, r.reason,
        r.until as "untilMs"
      from (select user_id, array_agg(distinct venue order by venue) as venues from user_api_keys
          where state = 'usable' group by user_id) k
      full join (select user_id, reason, until from user_restrictions
          where lifted_at is null and (until is null or until > ${at(nowMs)})) r on r.user_id = k.user_id`

  const byUser = (rows: ReadonlyArray<typeof StandingRow.Type>) =>
    new Map(rows.map((row) => [row.userId, standingOf(row)]))

  const everyone: Standings["Service"]["all"] = Effect.fn("Standings.all")((nowMs) =>
    standings(nowMs).pipe(all("Standings.all", StandingRow), Effect.map(byUser))
  )

  const of: Standings["Service"]["of"] = Effect.fn("Standings.of")((userIds, nowMs) =>
    sql`select * from (${standings(nowMs)}) s where s."userId" = any(${userIds}::text[])`.pipe(
      all("Standings.of", StandingRow),
      Effect.map(byUser),
    )
  )

  const told = Option.match({
    onNone: () => Effect.succeed(false),
    onSome: ({ telegramId }: typeof TelegramIdRow.Type) => Effect.as(notify(Channel.audience, telegramId), true),
  })

  const end = (userId: string, nowMs: number) =>
    sql`with lifted as (
        update user_restrictions set lifted_at = ${at(nowMs)} where user_id = ${userId} and lifted_at is null
        returning user_id
      )
      select u.telegram_id as "telegramId" from lifted join users u using (user_id)`.pipe(
      first("Standings.lift", TelegramIdRow),
    )

  const restrict: Standings["Service"]["restrict"] = Effect.fn("Standings.restrict")(
    function* ({ by, nowMs, reason, untilMs, userId }) {
      yield* end(userId, nowMs)
      const imposed = yield* sql`with imposed as (
          insert into user_restrictions (user_id, reason, imposed_by, imposed_at, until)
          select user_id, ${reason}, ${by}, ${at(nowMs)}, ${untilMs === null ? null : at(untilMs)} from users
          where user_id = ${userId}
          returning user_id
        )
        select u.telegram_id as "telegramId" from imposed join users u using (user_id)`.pipe(
        first("Standings.restrict", TelegramIdRow),
      )
      return yield* told(imposed)
    },
    (done) => transaction(done),
  )

  const lift: Standings["Service"]["lift"] = Effect.fn("Standings.lift")(
    (userId, nowMs) => Effect.flatMap(end(userId, nowMs), told),
    (done) => transaction(done),
  )

  return { all: everyone, of, restrict, lift }
})

export const layer: Layer.Layer<Standings, never, Store> = Layer.effect(Standings, make)
