/**
 * The directory over SQL.
 *
 * In: the Directory port's calls.
 * Out: rows of `users`, `user_sessions` and the queue.
 * Promises: a session counts while it lasts, whatever its row still says.
 */
import { Effect, Layer, Option, Schema } from "effect"
import type { ListedUser, UserFilter } from "../../domain/Directory.ts"
import { User } from "../../domain/User.ts"
import { Directory } from "../Directory.ts"
import { Store } from "../Store.ts"
import { all, at, EpochMs, Int8, one } from "./Rows.ts"

const UserRow = Schema.Struct({
  ...User.fields,
  betaUntil: Schema.NullOr(EpochMs),
  registeredAt: EpochMs,
  lastSeenAt: EpochMs,
  sessionExpiresAt: Schema.NullOr(EpochMs),
})

const SessionRow = Schema.Struct({
  telegramId: Schema.String,
  username: Schema.NullOr(Schema.String),
  startedAt: EpochMs,
  lastActivityAt: EpochMs,
  expiresAt: EpochMs,
})

const Counts = Schema.Struct({ sent: Int8, failed: Int8 })
const ErrorRow = Schema.Struct({ error: Schema.String, count: Int8, lastAt: EpochMs })

const ERRORS = 3

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const listed = (nowMs: number) =>
    sql`select u.user_id as "userId", u.telegram_id as "telegramId", u.username, u.first_name as "firstName", u.role,
        u.tier, u.is_active as "isActive", u.is_group as "isGroup", u.country, u.beta_until as "betaUntil",
        u.registration_date as "registeredAt", u.last_seen_date as "lastSeenAt", s.expires_at as "sessionExpiresAt"
      from users u
      left join user_sessions s on s.user_id = u.user_id and s.session_state = 'active' and s.expires_at > ${at(nowMs)}`

  const find: Directory["Service"]["find"] = Effect.fn("Directory.find")((who: string, nowMs: number) => {
    const name = who.replace(/^@/, "").toLowerCase()
    return sql`${listed(nowMs)} where u.telegram_id = ${who} or u.user_id = ${who} or lower(u.username) = ${name}
      order by (u.telegram_id = ${who}) desc, u.last_seen_date desc limit 1`.pipe(
      all("Directory.find", UserRow),
      Effect.map(([row]): Option.Option<ListedUser> => Option.fromNullishOr(row)),
    )
  })

  const users = Effect.fn("Directory.users")(({ limit, role, tier }: UserFilter, nowMs: number) =>
    sql`${
      listed(nowMs)
    } where (${role}::text is null or u.role = ${role}) and (${tier}::text is null or u.tier = ${tier})
      order by u.last_seen_date desc, u.user_id limit ${limit}`.pipe(all("Directory.users", UserRow))
  )

  const staff = Effect.fn("Directory.staff")((nowMs: number) =>
    sql`${listed(nowMs)} where u.role <> 'user' order by u.last_seen_date desc, u.user_id`.pipe(
      all("Directory.staff", UserRow),
    )
  )

  const sessions = Effect.fn("Directory.sessions")((limit: number, nowMs: number) =>
    sql`select s.telegram_id as "telegramId", u.username, s.started_at as "startedAt",
        s.last_activity_at as "lastActivityAt", s.expires_at as "expiresAt"
      from user_sessions s join users u using (user_id)
      where s.session_state = 'active' and s.expires_at > ${at(nowMs)}
      order by s.last_activity_at desc, s.session_id limit ${limit}`.pipe(all("Directory.sessions", SessionRow))
  )

  const deliveries = Effect.fn("Directory.deliveries")(function* (sinceMs: number) {
    const counts = yield* sql`select
        count(*) filter (where status = 'sent' and delivered_at >= ${at(sinceMs)}) as sent,
        count(*) filter (where status = 'failed') as failed
      from opportunity_distribution_queue where updated_at >= ${at(sinceMs)}`.pipe(one("Directory.deliveries", Counts))
    const errors = yield* sql`select error_message as error, count(*) as count, max(updated_at) as "lastAt"
      from opportunity_distribution_queue where error_message is not null and updated_at >= ${at(sinceMs)}
      group by error_message order by max(updated_at) desc limit ${ERRORS}`.pipe(all("Directory.deliveries", ErrorRow))
    return { ...counts, errors }
  })

  return { find, users, staff, sessions, deliveries }
})

export const layer: Layer.Layer<Directory, never, Store> = Layer.effect(Directory, make)
