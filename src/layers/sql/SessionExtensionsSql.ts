/**
 * Session extensions over SQL.
 *
 * In: the SessionExtensions port's calls. Out: rows of `user_sessions`, many in one statement and one commit. Promises:
 * rows are locked in the order of their ids, so two batches never wait for each other in a circle.
 */
import { Effect, Layer, Schema } from "effect"
import { Session } from "../../domain/Session.ts"
import { type SessionExtension, SessionExtensions } from "../SessionExtensions.ts"
import { Store } from "../Store.ts"
import { all, EpochMs, Int8, isoOf } from "./Rows.ts"

const SessionRow = Schema.Struct({
  ...Session.fields,
  startedAt: EpochMs,
  lastActivityAt: EpochMs,
  expiresAt: EpochMs,
  epoch: Int8,
})

const incoming = (extension: SessionExtension) => ({
  session_id: extension.sessionId,
  epoch: extension.epoch,
  seen_at: isoOf(extension.nowMs),
  expires_at: isoOf(extension.expiresAt),
})

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const extendAll = Effect.fn("SessionExtensions.extendAll")((extensions: ReadonlyArray<SessionExtension>) =>
    sql`with seen as (
        select * from jsonb_to_recordset(${sql.json(extensions.map(incoming))})
          as x (session_id text, epoch bigint, seen_at timestamptz, expires_at timestamptz)
      ), held as (
        select s.session_id, seen.seen_at, seen.expires_at from user_sessions s join seen using (session_id, epoch)
        where s.session_state = 'active' and s.expires_at > seen.seen_at
        order by s.session_id for update of s
      )
      update user_sessions s
      set last_activity_at = greatest(s.last_activity_at, held.seen_at),
        expires_at = greatest(s.expires_at, held.expires_at), updated_at = held.seen_at
      from held where s.session_id = held.session_id
      returning s.session_id as "sessionId", s.user_id as "userId", s.telegram_id as "telegramId",
        s.session_state as "state", s.started_at as "startedAt", s.last_activity_at as "lastActivityAt",
        s.expires_at as "expiresAt", s.onboarding_completed as "onboardingCompleted",
        s.preferences_set as "preferencesSet", s.epoch`.pipe(
      all("SessionExtensions.extendAll", SessionRow),
      Effect.map((rows) => new Map(rows.map((row) => [row.sessionId, row]))),
    )
  )

  return { extendAll }
})

export const layer: Layer.Layer<SessionExtensions, never, Store> = Layer.effect(SessionExtensions, make)
