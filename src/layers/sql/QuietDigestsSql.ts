/**
 * Digests of quiet times over SQL.
 *
 * In: the QuietDigests port's calls. Out: rows of `quiet_digests`. Promises: as the port's; takers pass over each
 * other's rows without waiting; users who never changed anything have the product's defaults.
 */
import { Effect, Layer, Schema } from "effect"
import { DEFAULT_PREFERENCES, Preferences } from "../../domain/Preferences.ts"
import { type OwedDigest, QuietDigests } from "../QuietDigests.ts"
import { Store } from "../Store.ts"
import { all, at, count, EpochMs, isoOf, run } from "./Rows.ts"

const { activeDays, activeHoursEnd, activeHoursStart, doNotDisturbWindow, timeZone } = Preferences.fields
const Schedule = Schema.Struct({ timeZone, activeHoursStart, activeHoursEnd, activeDays, doNotDisturbWindow })

const ScheduleRow = Schema.Struct({ schedule: Schedule })
const ChatRow = Schema.Struct({ userId: Schema.String, chatId: Schema.String, schedule: Schedule })
const UntilRow = Schema.Struct({
  userId: Schema.String,
  chatId: Schema.String,
  untilMs: EpochMs,
  setAtMs: EpochMs,
})
const OwedRow = Schema.Struct({ userId: Schema.String, chatId: Schema.String, fromMs: EpochMs, untilMs: EpochMs })

/** What is older is news no more. */
const LIFETIME_MS = 3_600_000
const MAX_ATTEMPTS = 2

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const { activeHoursEnd: end, activeHoursStart: start, timeZone: zone } = DEFAULT_PREFERENCES

  const wanting = sql`from users u left join user_notification_preferences p using (user_id)
    where u.is_active and coalesce(p.push_enabled, true) and coalesce(p.quiet_digest, true)
      and not coalesce(p.do_not_disturb, false)`
  const schedule = sql`jsonb_build_object('timeZone', coalesce(p.timezone, ${zone}::text),
    'activeHoursStart', coalesce(p.active_hours_start, ${start}::integer),
    'activeHoursEnd', coalesce(p.active_hours_end, ${end}::integer), 'activeDays', coalesce(p.active_days, '{}'),
    'doNotDisturbWindow', p.do_not_disturb_window)`

  const schedules = sql`select distinct ${schedule} as schedule ${wanting}`.pipe(
    all("QuietDigests.schedules", ScheduleRow),
    Effect.map((rows) => rows.map((row) => row.schedule)),
    Effect.withSpan("QuietDigests.schedules"),
  )

  const chatsOf: QuietDigests["Service"]["chatsOf"] = Effect.fn("QuietDigests.chatsOf")((wanted) =>
    wanted.length === 0 ? Effect.succeed([]) : sql`select user_id as "userId", telegram_id as "chatId", schedule from (
          select u.user_id, u.telegram_id, ${schedule} as schedule ${wanting}
        ) scheduled
        where schedule in (select value from jsonb_array_elements(${sql.json(wanted)}))
        order by user_id`.pipe(all("QuietDigests.chatsOf", ChatRow))
  )

  const disturbableSince = Effect.fn("QuietDigests.disturbableSince")((fromMs: number, untilMs: number) =>
    sql`select u.user_id as "userId", u.telegram_id as "chatId", p.do_not_disturb_until as "untilMs",
        p.updated_at as "setAtMs" ${wanting}
        and p.do_not_disturb_until > ${at(fromMs)} and p.do_not_disturb_until <= ${at(untilMs)}`.pipe(
      all("QuietDigests.disturbableSince", UntilRow),
    )
  )

  const owe: QuietDigests["Service"]["owe"] = Effect.fn("QuietDigests.owe")((digests, nowMs) => {
    const rows = digests.map(({ chatId, fromMs, untilMs, userId }) => ({
      user_id: userId,
      chat_id: chatId,
      quiet_from: isoOf(fromMs),
      quiet_until: isoOf(untilMs),
    }))
    return rows.length === 0 ? Effect.succeed(0) : sql`with owed as (
        insert into quiet_digests (user_id, chat_id, quiet_from, quiet_until, created_at)
        select user_id, chat_id, quiet_from, quiet_until, ${at(nowMs)} from jsonb_to_recordset(${sql.json(rows)})
          as x (user_id text, chat_id text, quiet_from timestamptz, quiet_until timestamptz)
        on conflict (user_id, quiet_until) do nothing returning 1
      )
      select count(*) as count from owed`.pipe(count("QuietDigests.owe"))
  })

  const take: QuietDigests["Service"]["take"] = Effect.fn("QuietDigests.take")(({ leaseMs, limit, nowMs }) =>
    sql`with due as (
        select user_id, quiet_until from quiet_digests
        where told_at is null and attempts < ${MAX_ATTEMPTS} and quiet_until > ${at(nowMs - LIFETIME_MS)}
          and (not_before is null or not_before <= ${at(nowMs)})
        order by quiet_until, user_id limit ${limit} for update skip locked
      )
      update quiet_digests d set attempts = attempts + 1, not_before = ${at(nowMs + leaseMs)}
      from due where d.user_id = due.user_id and d.quiet_until = due.quiet_until
      returning d.user_id as "userId", d.chat_id as "chatId", d.quiet_from as "fromMs", d.quiet_until as "untilMs"`
      .pipe(all("QuietDigests.take", OwedRow))
  )

  const settle = Effect.fn("QuietDigests.settle")(({ untilMs, userId }: OwedDigest, came: number, nowMs: number) =>
    sql`update quiet_digests set told_at = ${at(nowMs)}, came = ${came}
      where user_id = ${userId} and quiet_until = ${at(untilMs)}`.pipe(run("QuietDigests.settle"))
  )

  const postpone = Effect.fn("QuietDigests.postpone")(({ untilMs, userId }: OwedDigest, until: number) =>
    sql`update quiet_digests set not_before = ${at(until)}, attempts = greatest(0, attempts - 1)
      where user_id = ${userId} and quiet_until = ${at(untilMs)} and told_at is null`.pipe(run("QuietDigests.postpone"))
  )

  return { schedules, chatsOf, disturbableSince, owe, take, settle, postpone }
})

export const layer: Layer.Layer<QuietDigests, never, Store> = Layer.effect(QuietDigests, make)
