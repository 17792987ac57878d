/**
 * Users' own addresses over SQL.
 *
 * In: the UserChannels port's calls. Out: rows of `user_channels`. Promises: a guess at a code and the spending of a
 * quota are one statement each, so that what is counted is what was allowed.
 */
import { Effect, Layer, Schema } from "effect"
import { UserChannel } from "../../domain/DeliveryChannel.ts"
import { Store } from "../Store.ts"
import { CODE_TRIES, UserChannels } from "../UserChannels.ts"
import { all, at, first, isoOf, one, run } from "./Rows.ts"

const IdRow = Schema.Struct({ channelId: Schema.String })
const TriedRow = Schema.Struct({ verdict: Schema.Literals(["verified", "wrong", "expired"]) })

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const columns = sql.literal(`channel_id as "channelId", user_id as "userId", channel, address, state, position,
    last_error as "lastError"`)

  const add: UserChannels["Service"]["add"] = Effect.fn("UserChannels.add")(({ address, channel, nowMs, userId }) =>
    sql`insert into user_channels (user_id, channel, address, position, created_at, updated_at)
      values (${userId}, ${channel}, ${address}, (select 1 + greatest(0, coalesce(max(position), 0))
        from user_channels where user_id = ${userId}), ${at(nowMs)}, ${at(nowMs)})
      on conflict (user_id, channel) do update
      set address = excluded.address, state = 'pending', code_hash = null, code_expires_at = null, code_tries = 0,
        last_error = null, verified_at = null, updated_at = excluded.updated_at
      returning ${columns}`.pipe(one("UserChannels.add", UserChannel))
  )

  const expectCode: UserChannels["Service"]["expectCode"] = Effect.fn("UserChannels.expectCode")((code) =>
    sql`update user_channels
      set code_hash = ${code.codeHash}, code_expires_at = ${at(code.expiresAt)}, code_tries = 0,
        updated_at = ${at(code.nowMs)}
      where user_id = ${code.userId} and channel = ${code.channel} and state = 'pending'`.pipe(
      run("UserChannels.expectCode"),
    )
  )

  const tryCode: UserChannels["Service"]["tryCode"] = Effect.fn("UserChannels.tryCode")((code) =>
    sql`with tried as (
        update user_channels
        set code_tries = code_tries + 1, updated_at = ${at(code.nowMs)},
          state = case when code_hash = ${code.codeHash} then 'verified' else state end,
          verified_at = case when code_hash = ${code.codeHash} then ${at(code.nowMs)} else verified_at end,
          code_hash = case when code_hash = ${code.codeHash} then null else code_hash end
        where user_id = ${code.userId} and channel = ${code.channel} and state = 'pending' and code_hash is not null
          and code_expires_at > ${at(code.nowMs)} and code_tries < ${CODE_TRIES}
        returning state
      )
      select case (select state from tried) when 'verified' then 'verified' when 'pending' then 'wrong'
        else 'expired' end as verdict`.pipe(
      one("UserChannels.tryCode", TriedRow),
      Effect.map(({ verdict }) => verdict),
    )
  )

  const changed = (operation: string) => {
    const rows = all(operation, IdRow)
    return (statement: Parameters<typeof rows>[0]) => Effect.map(rows(statement), (found) => found.length > 0)
  }

  const verify: UserChannels["Service"]["verify"] = Effect.fn("UserChannels.verify")(({ channel, nowMs, userId }) =>
    sql`update user_channels set state = 'verified', verified_at = ${at(nowMs)}, code_hash = null,
        updated_at = ${at(nowMs)}
      where user_id = ${userId} and channel = ${channel} and state = 'pending'
      returning channel_id as "channelId"`.pipe(changed("UserChannels.verify"))
  )

  const end: UserChannels["Service"]["end"] = Effect.fn("UserChannels.end")(({ channel, nowMs, userId, why }) =>
    sql`update user_channels set state = 'ended', last_error = ${why}, updated_at = ${at(nowMs)}
      where user_id = ${userId} and channel = ${channel} and state <> 'ended'
      returning channel_id as "channelId"`.pipe(changed("UserChannels.end"))
  )

  const endById = Effect.fn("UserChannels.endById")((channelId: string, why: string, nowMs: number) =>
    sql`update user_channels set state = 'ended', last_error = ${why}, updated_at = ${at(nowMs)}
      where channel_id = ${channelId} and state <> 'ended'
      returning channel_id as "channelId"`.pipe(changed("UserChannels.endById"))
  )

  const remove: UserChannels["Service"]["remove"] = Effect.fn("UserChannels.remove")(({ channel, userId }) =>
    sql`delete from user_channels where user_id = ${userId} and channel = ${channel}
      returning channel_id as "channelId"`.pipe(changed("UserChannels.remove"))
  )

  const of = Effect.fn("UserChannels.of")((userId: string) =>
    sql`select ${columns} from user_channels where user_id = ${userId} order by position, channel`.pipe(
      all("UserChannels.of", UserChannel),
    )
  )

  const get: UserChannels["Service"]["get"] = Effect.fn("UserChannels.get")(({ channel, userId }) =>
    sql`select ${columns} from user_channels where user_id = ${userId} and channel = ${channel}`.pipe(
      first("UserChannels.get", UserChannel),
    )
  )

  const reorder: UserChannels["Service"]["reorder"] = Effect.fn("UserChannels.reorder")((userId, order, nowMs) => {
    const telegram = order.includes("telegram") ? order.indexOf("telegram") : -1
    const places = order.flatMap((channel, at) => channel === "telegram" ? [] : [{ channel, position: at - telegram }])
    return transaction(
      sql`update user_channels c set position = p.position, updated_at = ${at(nowMs)}
      from jsonb_to_recordset(${sql.json(places)}) as p (channel text, position integer)
      where c.user_id = ${userId} and c.channel = p.channel`.pipe(run("UserChannels.reorder")),
    )
  })

  const spend: UserChannels["Service"]["spend"] = Effect.fn("UserChannels.spend")(
    ({ channel, nowMs, perDay, userId }) => {
      const today = isoOf(nowMs).slice(0, 10)
      return sql`update user_channels
        set spent = case when spent_on = ${today}::date then spent + 1 else 1 end, spent_on = ${today}::date
        where user_id = ${userId} and channel = ${channel}
          and (spent_on is distinct from ${today}::date or spent < ${perDay})
        returning channel_id as "channelId"`.pipe(changed("UserChannels.spend"))
    },
  )

  return { add, expectCode, tryCode, verify, end, endById, remove, of, get, reorder, spend }
})

export const layer: Layer.Layer<UserChannels, never, Store> = Layer.effect(UserChannels, make)
