/**
 * Users, preferences and the audience over SQL.
 *
 * In: the Users port's calls. Out: rows of `users` joined with their session and preferences. Promises: what the
 * audience is made of is one query, used for the whole and for one.
 */
import { Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { DEFAULT_PREFERENCES, Preferences } from "../../domain/Preferences.ts"
import { Role, Tier } from "../../domain/Tier.ts"
import { User } from "../../domain/User.ts"
import { Channel, Store } from "../Store.ts"
import { type AudienceChange, Users } from "../Users.ts"
import { all, at, EpochMs, first, one, run } from "./Rows.ts"

const RecipientRow = Schema.Struct({
  userId: Schema.String,
  chatId: Schema.String,
  role: Role,
  tier: Tier,
  isGroup: Schema.Boolean,
  sessionExpiresAt: EpochMs,
  preferences: Schema.NullOr(Preferences),
})

const PreferencesRow = Schema.Struct({ preferences: Preferences })

const TelegramIdRow = Schema.Struct({ telegramId: Schema.String })

const make = Effect.gen(function* () {
  const { listen, notify, sql, transaction } = yield* Store
  const columns = sql.literal(`user_id as "userId", telegram_id as "telegramId", username, first_name as "firstName",
    role, tier, is_active as "isActive", is_group as "isGroup"`)
  const preferenceColumns = sql.literal(`json_build_object('pushEnabled', p.push_enabled,
    'opportunityTypes', p.opportunity_types, 'maxPerHour', p.max_notifications_per_hour,
    'maxPerDay', p.max_notifications_per_day, 'activeHoursStart', p.active_hours_start,
    'activeHoursEnd', p.active_hours_end, 'timeZone', p.timezone, 'doNotDisturb', p.do_not_disturb,
    'highPriorityOnly', p.high_priority_only, 'batchNotifications', p.batch_notifications,
    'minNetBps', p.min_net_bps, 'venues', p.venues, 'pairs', p.pairs, 'mutedPairs', p.muted_pairs,
    'language', p.language) as preferences`)

  const recipients = (nowMs: number) =>
    sql`select u.user_id as "userId", u.telegram_id as "chatId", u.role, u.tier, u.is_group as "isGroup",
        s.expires_at as "sessionExpiresAt", p.preferences
      from users u
      join user_sessions s on s.user_id = u.user_id and s.session_state = 'active' and s.expires_at > ${at(nowMs)}
      left join lateral (select ${preferenceColumns} from user_notification_preferences p
        where p.user_id = u.user_id) p on true
      where u.is_active`

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
      returning ${columns}`.pipe(one("Users.contact", User))
  )

  const byTelegramId = Effect.fn("Users.byTelegramId")((telegramId: string) =>
    sql`select ${columns} from users where telegram_id = ${telegramId}`.pipe(first("Users.byTelegramId", User))
  )

  const deactivate = Effect.fn("Users.deactivate")(
    function* (telegramId: string, nowMs: number) {
      yield* sql`update users set is_active = false, updated_at = ${at(nowMs)}
        where telegram_id = ${telegramId}`.pipe(run("Users.deactivate"))
      yield* notify(Channel.audience, telegramId)
    },
    (done) => transaction(done),
  )

  const migrateChat = Effect.fn("Users.migrateChat")(
    function* (from: string, to: string, nowMs: number) {
      const moved = yield* sql`update users set telegram_id = ${to}, updated_at = ${at(nowMs)}
        where telegram_id = ${from} and not exists (select 1 from users where telegram_id = ${to})
        returning telegram_id as "telegramId"`.pipe(first("Users.migrateChat", TelegramIdRow))
      if (Option.isNone(moved)) return false
      yield* sql`update user_sessions set telegram_id = ${to}, epoch = epoch + 1, updated_at = ${at(nowMs)}
        where telegram_id = ${from}`.pipe(run("Users.migrateChat"))
      yield* sql`update opportunity_distribution_queue set chat_id = ${to}, updated_at = ${at(nowMs)}
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

  const preferences = Effect.fn("Users.preferences")((userId: string) =>
    sql`select ${preferenceColumns} from user_notification_preferences p where user_id = ${userId}`.pipe(
      first("Users.preferences", PreferencesRow),
      Effect.map(Option.match({ onNone: () => DEFAULT_PREFERENCES, onSome: (row) => row.preferences })),
    )
  )

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
        do_not_disturb: wanted.doNotDisturb,
        high_priority_only: wanted.highPriorityOnly,
        batch_notifications: wanted.batchNotifications,
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
        select u.telegram_id as "telegramId" from saved join users u using (user_id)`.pipe(
        one("Users.setPreferences", TelegramIdRow),
      )
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

  const audienceChanges = Stream.unwrap(
    Effect.map(listen(Channel.audience), (notices) =>
      Stream.fromEffectRepeat(Queue.take(notices)).pipe(
        Stream.map((notice): AudienceChange =>
          notice._tag === "Resumed" ? { _tag: "Unknown" } : { _tag: "Changed", telegramId: notice.payload }
        ),
      )),
  )

  return {
    contact,
    byTelegramId,
    deactivate,
    migrateChat,
    setPlan,
    preferences,
    setPreferences,
    audience,
    recipientOf,
    recipientsOf,
    audienceChanges,
  }
})

export const layer: Layer.Layer<Users, never, Store> = Layer.effect(Users, make)
