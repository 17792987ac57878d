/**
 * Session extensions over SQL.
 *
 * In: the SessionExtensions port's calls. Out: rows of `user_sessions`, many in one statement and one commit. Promises:
 * as the port's; only these commits do not wait for the disk, whatever else the connection does before or after.
 */
import { Effect, Layer, Schema } from "effect"
import { SessionExtensions } from "../SessionExtensions.ts"
import { Store } from "../Store.ts"
import { all, at, int8s } from "./Rows.ts"
import { IS_ASKED, SESSION_COLUMNS, SessionRow } from "./SessionRow.ts"

const WrittenRow = Schema.Struct({ sessionId: Schema.String, isAsked: Schema.Boolean })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  // Waiting for the disk is nine tenths of a small commit. The setting is local to this statement's transaction.
  const quick = sql.literal(
    `quick as materialized (select set_config('synchronous_commit', 'off', true) as setting)`,
  )

  const extendAll: SessionExtensions["Service"]["extendAll"] = Effect.fn("SessionExtensions.extendAll")(
    ({ expiresAt, nowMs, sessions }) =>
      sql`with ${quick}
        update user_sessions s
        set last_activity_at = ${at(nowMs)}, expires_at = ${at(expiresAt)}, updated_at = ${at(nowMs)}
        from quick, unnest(${sessions.map(({ sessionId }) => sessionId)}::text[],
          ${int8s(sessions.map(({ epoch }) => epoch))}::bigint[]) as seen (session_id, epoch)
        where quick.setting = 'off' and s.session_id = seen.session_id and s.epoch = seen.epoch
          and s.session_state = 'active' and s.expires_at > ${at(nowMs)}
        returning s.session_id as "sessionId", ${sql.literal(IS_ASKED)}`.pipe(
        all("SessionExtensions.extendAll", WrittenRow),
        Effect.map((rows) => new Map(rows.map((row) => [row.sessionId, row]))),
      ),
  )

  const extendChats: SessionExtensions["Service"]["extendChats"] = Effect.fn("SessionExtensions.extendChats")(
    ({ expiresAt, nowMs, telegramIds }) =>
      sql`with ${quick}
        update user_sessions s
        set last_activity_at = ${at(nowMs)}, expires_at = ${at(expiresAt)}, updated_at = ${at(nowMs)}
        from quick, unnest(${telegramIds}::text[]) as seen (chat)
        where quick.setting = 'off' and s.telegram_id = seen.chat
          and s.session_state = 'active' and s.expires_at > ${at(nowMs)}
        returning ${sql.literal(SESSION_COLUMNS)}`.pipe(
        all("SessionExtensions.extendChats", SessionRow),
        Effect.map((rows) => new Map(rows.map((row) => [row.telegramId, row]))),
      ),
  )

  return { extendAll, extendChats }
})

export const layer: Layer.Layer<SessionExtensions, never, Store> = Layer.effect(SessionExtensions, make)
