/**
 * Sessions over SQL.
 *
 * In: the Sessions port's calls. Out: rows of `user_sessions`. Promises: the unique partial index decides between
 * simultaneous starts; every write by an owner says `AND epoch = $e`, every write by others raises the epoch.
 */
import { Effect, Layer, Option, Redacted, Schema } from "effect"
import { createHash, randomBytes } from "node:crypto"
import { verdictAt } from "../../domain/Session.ts"
import { type EndedSession, Sessions } from "../Sessions.ts"
import { Channel, Store } from "../Store.ts"
import { all, at, count, EpochMs, fenced, first, one, run } from "./Rows.ts"
import { SESSION_COLUMNS, SessionRow } from "./SessionRow.ts"

const EndedRow = Schema.Struct({ sessionId: Schema.String, userId: Schema.String, telegramId: Schema.String })
const EndingRow = Schema.Struct({ userId: Schema.String, telegramId: Schema.String, expiresAt: EpochMs })

const StartedRow = Schema.Struct({ ...SessionRow.fields, tokenHash: Schema.String })

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex")

const make = Effect.gen(function* () {
  const { notify, sql, transaction } = yield* Store
  const columns = sql.literal(SESSION_COLUMNS)

  const start: Sessions["Service"]["start"] = Effect.fn("Sessions.start")(
    function* ({ userId, telegramId, nowMs, ttlMs }) {
      const token = yield* Effect.sync(() => randomBytes(32).toString("hex"))
      const now = at(nowMs)
      yield* sql`update user_sessions
        set session_state = 'expired', epoch = epoch + 1, metadata = '{}', updated_at = ${now}
        where user_id = ${userId} and session_state = 'active' and expires_at <= ${now}`.pipe(run("Sessions.start"))
      const { tokenHash, ...session } = yield* sql`insert into user_sessions (token_hash, user_id, telegram_id,
          session_state, started_at, last_activity_at, expires_at, onboarding_completed, preferences_set, created_at,
          updated_at)
        select ${hashOf(token)}, ${userId}, ${telegramId}, 'active', ${now}, ${now}, ${at(nowMs + ttlMs)},
          coalesce(bool_or(onboarding_completed), false), coalesce(bool_or(preferences_set), false), ${now}, ${now}
        from user_sessions where user_id = ${userId}
        on conflict (user_id) where session_state = 'active' do update
        set last_activity_at = greatest(user_sessions.last_activity_at, excluded.last_activity_at),
          expires_at = greatest(user_sessions.expires_at, excluded.expires_at), updated_at = excluded.updated_at
        returning ${columns}, token_hash as "tokenHash"`.pipe(one("Sessions.start", StartedRow))
      yield* notify(Channel.audience, telegramId)
      const created = tokenHash === hashOf(token)
      return { session, created, token: created ? Option.some(Redacted.make(token)) : Option.none() }
    },
    (started) => transaction(started),
  )

  // Not waiting for the disk: if a server crash takes the new epoch back, the activation's next write is fenced and it
  // activates anew. The setting is local to this statement's transaction.
  const activate = Effect.fn("Sessions.activate")((telegramId: string) =>
    sql`with quick as materialized (select set_config('synchronous_commit', 'off', true) as setting)
      update user_sessions set epoch = epoch + 1 from quick
      where quick.setting = 'off' and telegram_id = ${telegramId} and session_state = 'active'
      returning ${columns}`.pipe(
      first("Sessions.activate", SessionRow),
    )
  )

  const extend: Sessions["Service"]["extend"] = Effect.fn("Sessions.extend")(({ session, nowMs, ttlMs }) =>
    fenced("Sessions.extend", SessionRow)(
      `session ${session.sessionId}`,
      sql`update user_sessions
        set last_activity_at = ${at(nowMs)}, expires_at = ${at(nowMs + ttlMs)}, updated_at = ${at(nowMs)}
        where session_id = ${session.sessionId} and epoch = ${session.epoch} and session_state = 'active'
          and expires_at > ${at(nowMs)}
        returning ${columns}`,
    )
  )

  const mark: Sessions["Service"]["mark"] = Effect.fn("Sessions.mark")((options) =>
    fenced("Sessions.mark", SessionRow)(
      `session ${options.session.sessionId}`,
      sql`update user_sessions
        set onboarding_completed = coalesce(${options.onboardingCompleted ?? null}, onboarding_completed),
          preferences_set = coalesce(${options.preferencesSet ?? null}, preferences_set), updated_at = ${
        at(options.nowMs)
      }
        where session_id = ${options.session.sessionId} and epoch = ${options.session.epoch}
          and session_state = 'active'
        returning ${columns}`,
    )
  )

  const terminate: Sessions["Service"]["terminate"] = Effect.fn("Sessions.terminate")(
    function* ({ session, nowMs }) {
      const ended = yield* fenced("Sessions.terminate", SessionRow)(
        `session ${session.sessionId}`,
        sql`update user_sessions
          set session_state = 'terminated', metadata = '{}', last_activity_at = ${at(nowMs)}, updated_at = ${at(nowMs)}
          where session_id = ${session.sessionId} and epoch = ${session.epoch} and session_state = 'active'
          returning ${columns}`,
      )
      yield* notify(Channel.audience, ended.telegramId)
      return ended
    },
    (ended) => transaction(ended),
  )

  const terminateChat = Effect.fn("Sessions.terminateChat")(
    function* (telegramId: string, nowMs: number) {
      const ended = yield* sql`update user_sessions
        set session_state = 'terminated', epoch = epoch + 1, metadata = '{}', updated_at = ${at(nowMs)}
        where telegram_id = ${telegramId} and session_state = 'active' returning ${columns}`.pipe(
        first("Sessions.terminateChat", SessionRow),
      )
      yield* notify(Channel.audience, telegramId)
      return ended
    },
    (ended) => transaction(ended),
  )

  const expireBatch = Effect.fn("Sessions.expireBatch")(
    (options: { readonly nowMs: number; readonly limit?: number }) => {
      const now = at(options.nowMs)
      return sql`with due as (
          select session_id from user_sessions
          where session_state = 'active' and expires_on <= (${now} at time zone 'UTC')::date
            and expires_at <= ${now}
          order by expires_on, expires_at limit ${options.limit ?? 500} for update skip locked
        ), expired as (
          update user_sessions s
          set session_state = 'expired', epoch = s.epoch + 1, metadata = '{}', updated_at = ${now}
          from due where s.session_id = due.session_id
          returning s.session_id, s.user_id, s.telegram_id
        )
        select session_id as "sessionId", user_id as "userId", telegram_id as "telegramId",
          pg_notify(${Channel.audience}, telegram_id) is null as told from expired`.pipe(
        all("Sessions.expireBatch", EndedRow),
        Effect.map((rows): ReadonlyArray<EndedSession> => rows),
      )
    },
  )

  const endingSoon: Sessions["Service"]["endingSoon"] = Effect.fn("Sessions.endingSoon")(({ limit, nowMs, withinMs }) =>
    sql`select s.user_id as "userId", s.telegram_id as "telegramId", s.expires_at as "expiresAt" from user_sessions s
      where s.session_state = 'active' and s.expires_on <= (${at(nowMs + withinMs)} at time zone 'UTC')::date
        and s.expires_at > ${at(nowMs)} and s.expires_at <= ${at(nowMs + withinMs)}
        and s.expires_at - ${at(nowMs)}::timestamptz <= ${at(nowMs)}::timestamptz - s.last_activity_at
        and not exists (select 1 from opportunity_distribution_queue q
          where q.chat_id = s.telegram_id and q.purpose = 'notify'
            and q.opportunity_id = 'session_ends:' || round(extract(epoch from s.expires_at) * 1000)::bigint)
      order by s.expires_on, s.expires_at limit ${limit}`.pipe(all("Sessions.endingSoon", EndingRow))
  )

  const validateFromRow = Effect.fn("Sessions.validateFromRow")((telegramId: string, nowMs: number) =>
    sql`select ${columns} from user_sessions where telegram_id = ${telegramId}
      order by (session_state = 'active') desc, started_at desc limit 1`.pipe(
      first("Sessions.validateFromRow", SessionRow),
      Effect.map((session) => ({ session, verdict: verdictAt(Option.getOrNull(session), nowMs) })),
    )
  )

  const countActive = Effect.fn("Sessions.countActive")((nowMs: number) =>
    sql`select count(*) as count from user_sessions
      where session_state = 'active' and expires_at > ${at(nowMs)}`.pipe(count("Sessions.countActive"))
  )

  return {
    start,
    activate,
    extend,
    mark,
    terminate,
    terminateChat,
    expireBatch,
    endingSoon,
    validateFromRow,
    countActive,
  }
})

export const layer: Layer.Layer<Sessions, never, Store> = Layer.effect(Sessions, make)
