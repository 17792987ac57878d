/**
 * Users, preferences and the audience over SQL.
 *
 * In: the Users port's calls. Out: rows of `users` joined with their session and preferences. Promises: what the
 * audience is made of is one query, used for the whole and for one.
 */
import { Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { DEFAULT_PREFERENCES, Preferences } from "../../domain/Preferences.ts"
import { Role, Tier } from "../../domain/Tier.ts"
import { Country, User } from "../../domain/User.ts"
import { Channel, Store, type StoreError } from "../Store.ts"
import { type AudienceChange, Users } from "../Users.ts"
import { lockedInOrder } from "./QueueRow.ts"
import { all, at, EpochMs, first, Int8, one, run } from "./Rows.ts"

const RecipientRow = Schema.Struct({
  userId: Schema.String,
  chatId: Schema.String,
  role: Role,
  tier: Tier,
  isGroup: Schema.Boolean,
  country: Schema.NullOr(Country),
  betaUntil: Schema.NullOr(EpochMs),
  sessionExpiresAt: EpochMs,
  preferences: Schema.NullOr(Preferences),
})

const UserRow = Schema.Struct({ ...User.fields, betaUntil: Schema.NullOr(EpochMs) })

const CurrentRow = Schema.Struct({ ...UserRow.fields, version: Int8, sessionExpiresAt: Schema.NullOr(EpochMs) })

const PreferencesRow = Schema.Struct({ preferences: Preferences })

/** Why what waited was ended; its rows keep it. */
const PUSH_OFF = "push_off"
const CHAT_GONE = "chat_gone"

const UserIdRow = Schema.Struct({ userId: Schema.String })
const TelegramIdRow = Schema.Struct({ telegramId: Schema.String })

const make = Effect.gen(function* () {
  const { listen, notify, sql, transaction } = yield* Store
  const columns = sql.literal(`user_id as "userId", telegram_id as "telegramId", username, first_name as "firstName",
    role, tier, is_active as "isActive", is_group as "isGroup", country, beta_until as "betaUntil"`)
  const preferenceColumns = sql.literal(`json_build_object('pushEnabled', p.push_enabled,
    'opportunityTypes', p.opportunity_types, 'maxPerHour', p.max_notifications_per_hour,
    'maxPerDay', p.max_notifications_per_day, 'activeHoursStart', p.active_hours_start,
    'activeHoursEnd', p.active_hours_end, 'timeZone', p.timezone, 'doNotDisturb', p.do_not_disturb,
    'activeDays', p.active_days,
    'doNotDisturbUntil', (extract(epoch from p.do_not_disturb_until) * 1000)::bigint,
    'doNotDisturbWindow', p.do_not_disturb_window, 'riskTolerance', p.risk_tolerance, 'tradingMode', p.trading_mode,
    'highPriorityOnly', p.high_priority_only, 'batchNotifications', p.batch_notifications,
    'quietDigest', p.quiet_digest,
    'minNetBps', p.min_net_bps, 'venues', p.venues, 'pairs', p.pairs, 'mutedPairs', p.muted_pairs,
    'language', p.language) as preferences`)

  const recipients = (nowMs: number) =>
    sql`select u.user_id as "userId", u.telegram_id as "chatId", coalesce(r.role, u.role) as role,
        coalesce(r.tier, u.tier) as tier, u.is_group as "isGroup",
        coalesce(r.country, u.country) as country, coalesce(r.beta_until, u.beta_until) as "betaUntil",
        s.expires_at as "sessionExpiresAt", p.preferences
      from users u
      left join groups g on g.user_id = u.user_id
      left join users r on r.telegram_id = g.registrar_id
      join user_sessions s on s.user_id = coalesce(r.user_id, u.user_id) and s.session_state = 'active' and s.expires_at > ${
      at(nowMs)
    }
      left join lateral (select ${preferenceColumns} from user_notification_preferences p
        where p.user_id = u.user_id) p on true
      where u.is_active and (g.state = 'active' or not u.is_group)`

  const withDefaults = (row: typeof RecipientRow.Type) => ({
    ...row,
    preferences: row.preferences ?? DEFAULT_PREFERENCES,
  })

  const contact: Users["Service"]["contact"] = Effect.fn("Users.contact")((who) =>
    sql`insert into users (telegram_id, username, first_name, last_name, is_group, registration_date, last_seen_date,
        updated_at)
      values (${who.telegramId}, ${who.username}, ${who.firstName}, ${who.lastName}, ${who.isGroup}, ${at(who.nowMs)},
        ${at(who.nowMs)}, ${at(who.nowMs)})
      on conflict (telegram_id) do update
      set username = excluded.username, first_name = excluded.first_name, last_name = excluded.last_name,
        last_seen_date = greatest(users.last_seen_date, excluded.last_seen_date), is_active = true,
        updated_at = excluded.updated_at
      returning ${columns}`.pipe(one("Users.contact", UserRow))
  )

  const byTelegramId = Effect.fn("Users.byTelegramId")((telegramId: string) =>
    sql`select ${columns} from users where telegram_id = ${telegramId}`.pipe(first("Users.byTelegramId", UserRow))
  )

  const current = Effect.fn("Users.current")((telegramId: string) =>
    sql`select ${columns}, version, (select s.expires_at from user_sessions s
        where s.user_id = users.user_id and s.session_state = 'active') as "sessionExpiresAt"
      from users where telegram_id = ${telegramId}`.pipe(
      first("Users.current", CurrentRow),
      Effect.map(Option.map(({ sessionExpiresAt, version, ...user }) => ({ user, version, sessionExpiresAt }))),
    )
  )

  const deactivate = Effect.fn("Users.deactivate")(
    function* (telegramId: string, nowMs: number) {
      const gone = yield* sql`update users set is_active = false, updated_at = ${at(nowMs)}
        where telegram_id = ${telegramId} returning user_id as "userId"`.pipe(first("Users.deactivate", UserIdRow))
      if (Option.isSome(gone)) yield* cancelOwed(gone.value.userId, CHAT_GONE, nowMs)
      yield* notify(Channel.audience, telegramId)
    },
    (done) => transaction(done),
  )

  const migrateChat = Effect.fn("Users.migrateChat")(
    function* (from: string, to: string, nowMs: number) {
      // Telegram may name the new id first: what was noted of it meanwhile gives way to what is known of the old one.
      yield* sql`with newer as (
          select u.user_id from users u where u.telegram_id = ${to} and u.is_group
            and exists (select 1 from users o where o.telegram_id = ${from} and o.is_group)
            and not exists (select 1 from groups g where g.user_id = u.user_id)
        ), settings as (
          delete from user_notification_preferences p using newer n where p.user_id = n.user_id
        )
        update users u set telegram_id = u.telegram_id || '0000000', is_active = false from newer n
        where u.user_id = n.user_id`.pipe(run("Users.migrateChat"))
      const moved = yield* sql`update users set telegram_id = ${to}, updated_at = ${at(nowMs)}
        where telegram_id = ${from} and not exists (select 1 from users where telegram_id = ${to})
        returning telegram_id as "telegramId"`.pipe(first("Users.migrateChat", TelegramIdRow))
      if (Option.isNone(moved)) return false
      yield* sql`update user_sessions set telegram_id = ${to}, epoch = epoch + 1, updated_at = ${at(nowMs)}
        where telegram_id = ${from}`.pipe(run("Users.migrateChat"))
      yield* sql`with held as (${lockedInOrder(sql, sql`q.chat_id = ${from}`)})
        update opportunity_distribution_queue q set chat_id = ${to}, updated_at = ${at(nowMs)}
        from held where q.queue_id = held.queue_id`.pipe(run("Users.migrateChat"))
      yield* sql`update groups set chat_id = ${to}, updated_at = ${at(nowMs)}
        where chat_id = ${from}`.pipe(run("Users.migrateChat"))
      yield* notify(Channel.audience, from)
      yield* notify(Channel.audience, to)
      return true
    },
    (moved) => transaction(moved),
  )

  const setPlan: Users["Service"]["setPlan"] = Effect.fn("Users.setPlan")(
    function* ({ userId, tier, role, nowMs }) {
      const changed = yield* sql`update users set tier = ${tier}, role = ${role}, updated_at = ${at(nowMs)}
        where user_id = ${userId} returning telegram_id as "telegramId"`.pipe(first("Users.setPlan", TelegramIdRow))
      if (Option.isSome(changed)) yield* notify(Channel.audience, changed.value.telegramId)
      return Option.isSome(changed)
    },
    (changed) => transaction(changed),
  )

  /** Tells the audience of whom an update of `users` changed. False: nobody. */
  const toldOf = Effect.fnUntraced(function* (changed: Option.Option<typeof TelegramIdRow.Type>) {
    if (Option.isSome(changed)) yield* notify(Channel.audience, changed.value.telegramId)
    return Option.isSome(changed)
  })

  const setCountry: Users["Service"]["setCountry"] = Effect.fn("Users.setCountry")(
    ({ country, nowMs, userId }) =>
      sql`update users set country = ${country}, updated_at = ${at(nowMs)}
        where user_id = ${userId} returning telegram_id as "telegramId"`.pipe(
        first("Users.setCountry", TelegramIdRow),
        Effect.flatMap(toldOf),
      ),
    (changed) => transaction(changed),
  )

  const setBetaUntil: Users["Service"]["setBetaUntil"] = Effect.fn("Users.setBetaUntil")(
    ({ betaUntil, nowMs, userId }) =>
      sql`update users set beta_until = ${betaUntil === null ? null : at(betaUntil)}, updated_at = ${at(nowMs)}
        where user_id = ${userId} returning telegram_id as "telegramId"`.pipe(
        first("Users.setBetaUntil", TelegramIdRow),
        Effect.flatMap(toldOf),
      ),
    (changed) => transaction(changed),
  )

  const preferences = Effect.fn("Users.preferences")((userId: string) =>
    sql`select ${preferenceColumns} from user_notification_preferences p where user_id = ${userId}`.pipe(
      first("Users.preferences", PreferencesRow),
      Effect.map(Option.match({ onNone: () => DEFAULT_PREFERENCES, onSome: (row) => row.preferences })),
    )
  )

  /** Ends all that waits to be sent; what is on its way cannot be called back. */
  const cancelOwed = (userId: string, why: string, nowMs: number) =>
    sql`with notices as (
        update price_alert_notices
        set status = 'cancelled', error_message = ${why}, lease_owner = null, lease_until = null,
          updated_at = ${at(nowMs)}
        where user_id = ${userId} and status = 'pending'
      ), held as (${lockedInOrder(sql, sql`q.user_id = ${userId} and q.status in ('pending', 'unknown')`)})
      update opportunity_distribution_queue q
      set status = 'cancelled', error_message = ${why}, lease_owner = null, lease_until = null, updated_at = ${
      at(nowMs)
    }
      from held where q.queue_id = held.queue_id`.pipe(run("Users.cancelOwed"))

  /** Times given under the old preferences hold no more: the user's queue decides again on what is not yet claimed. */
  const decideAgain = (userId: string, nowMs: number) =>
    sql`with notices as (
        update price_alert_notices set due_at = least(due_at, ${at(nowMs)})
        where user_id = ${userId} and status = 'pending' and lease_owner is null
      ), held as (${
      lockedInOrder(
        sql,
        sql`q.user_id = ${userId} and q.status = 'pending' and q.purpose = 'notify' and q.lease_owner is null
          and q.attempts = 0 and q.scheduled_at is not null`,
      )
    })
      update opportunity_distribution_queue q set scheduled_at = null
      from held where q.queue_id = held.queue_id`.pipe(run("Users.decideAgain"))

  // The user's lock is taken as by UserSchedule: a decision made under the old preferences is seen, and made again.
  const setPreferences = Effect.fn("Users.setPreferences")(
    function* (userId: string, wanted: Preferences, nowMs: number) {
      const row = {
        user_id: userId,
        push_enabled: wanted.pushEnabled,
        opportunity_types: wanted.opportunityTypes,
        max_notifications_per_hour: wanted.maxPerHour,
        max_notifications_per_day: wanted.maxPerDay,
        active_hours_start: wanted.activeHoursStart,
        active_hours_end: wanted.activeHoursEnd,
        timezone: wanted.timeZone,
        active_days: wanted.activeDays,
        do_not_disturb: wanted.doNotDisturb,
        do_not_disturb_until: wanted.doNotDisturbUntil === null ? null : at(wanted.doNotDisturbUntil),
        do_not_disturb_window: wanted.doNotDisturbWindow === null ? null : sql.json(wanted.doNotDisturbWindow),
        risk_tolerance: wanted.riskTolerance,
        trading_mode: wanted.tradingMode,
        high_priority_only: wanted.highPriorityOnly,
        batch_notifications: wanted.batchNotifications,
        quiet_digest: wanted.quietDigest,
        min_net_bps: wanted.minNetBps,
        venues: wanted.venues,
        pairs: wanted.pairs,
        muted_pairs: wanted.mutedPairs,
        language: wanted.language,
        updated_at: at(nowMs),
      }
      const { telegramId } = yield* sql`with saved as (
          insert into user_notification_preferences ${sql.insert(row)}
          on conflict (user_id) do update set ${sql.update(row, ["user_id"])} returning user_id
        )
        select u.telegram_id as "telegramId" from saved join users u using (user_id) for no key update of u`.pipe(
        one("Users.setPreferences", TelegramIdRow),
      )
      yield* wanted.pushEnabled ? decideAgain(userId, nowMs) : cancelOwed(userId, PUSH_OFF, nowMs)
      yield* notify(Channel.audience, telegramId)
    },
    (saved) => transaction(saved),
  )

  const audience = Effect.fn("Users.audience")((nowMs: number) =>
    recipients(nowMs).pipe(all("Users.audience", RecipientRow), Effect.map((rows) => rows.map(withDefaults)))
  )

  const recipientsOf = Effect.fn("Users.recipientsOf")((telegramIds: ReadonlyArray<string>, nowMs: number) =>
    sql`${recipients(nowMs)} and u.telegram_id = any(${telegramIds}::text[])`.pipe(
      all("Users.recipientsOf", RecipientRow),
      Effect.map((rows) => rows.map(withDefaults)),
    )
  )

  const recipientOf: Users["Service"]["recipientOf"] = (telegramId, nowMs) =>
    Effect.map(recipientsOf([telegramId], nowMs), ([recipient]) => Option.fromNullishOr(recipient))

  /** A person's session and tier are those of the groups they registered. */
  const changedWith = (telegramId: string) =>
    telegramId.startsWith("-") ? Effect.succeed([telegramId]) : sql`select chat_id as "telegramId" from groups
      where registrar_id = ${telegramId} and state = 'active'`.pipe(
      all("Users.audienceChanges", TelegramIdRow),
      Effect.map((groups) => [telegramId, ...groups.map((group) => group.telegramId)]),
    )

  const audienceChanges = Stream.unwrap(
    Effect.map(listen(Channel.audience), (notices) =>
      Stream.fromEffectRepeat(Queue.take(notices)).pipe(
        Stream.flatMap((notice): Stream.Stream<AudienceChange, StoreError> =>
          notice._tag === "Resumed"
            ? Stream.succeed({ _tag: "Unknown" })
            : Stream.fromIterableEffect(changedWith(notice.payload)).pipe(
              Stream.map((telegramId): AudienceChange => ({ _tag: "Changed", telegramId })),
            )
        ),
      )),
  )

  return {
    contact,
    byTelegramId,
    current,
    deactivate,
    migrateChat,
    setPlan,
    setCountry,
    setBetaUntil,
    preferences,
    setPreferences,
    audience,
    recipientOf,
    recipientsOf,
    audienceChanges,
  }
})

export const layer: Layer.Layer<Users, never, Store> = Layer.effect(Users, make)
