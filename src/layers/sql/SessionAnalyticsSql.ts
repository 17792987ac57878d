/**
 * Session analytics over SQL.
 *
 * In: the SessionAnalytics port's calls. Out: rows of `session_activity`, figures. Promises: a batch is one statement;
 * days are days of UTC.
 */
import { Effect, Layer, Schema } from "effect"
import { RETENTION_DAYS, SessionAnalytics, SessionSummary } from "../SessionAnalytics.ts"
import { Store } from "../Store.ts"
import { all, at, Int8, one, run } from "./Rows.ts"

const Totals = Schema.Struct({
  started: Int8,
  active: Int8,
  expired: Int8,
  terminated: Int8,
  durationP50Ms: Schema.NullOr(Schema.Finite),
  durationP95Ms: Schema.NullOr(Schema.Finite),
  opportunities: Int8,
})
const Activity = Schema.Struct({ activity: Schema.String, times: Int8, people: Int8 })
const Returned = Schema.Struct({ day: Schema.Int, people: Int8, returned: Int8 })

const Summary = Schema.Struct({
  ...SessionSummary.fields,
  durationMs: Int8,
  commandsUsed: Int8,
  opportunitiesReceived: Int8,
})

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const count: SessionAnalytics["Service"]["count"] = Effect.fn("SessionAnalytics.count")((counted) =>
    counted.length === 0 ? Effect.void : sql`insert into session_activity (session_id, user_id, day, activity, times)
      select c.session_id, s.user_id, c.day, c.activity, sum(c.times)
      from unnest(${counted.map(({ sessionId }) => sessionId)}::text[], ${counted.map(({ day }) => day)}::date[],
        ${counted.map(({ activity }) => activity)}::text[], ${counted.map(({ times }) => times)}::int[])
        as c (session_id, day, activity, times)
      join user_sessions s on s.session_id = c.session_id
      group by 1, 2, 3, 4 order by 1, 3, 4
      on conflict (session_id, day, activity) do update set times = session_activity.times + excluded.times`.pipe(
      run("SessionAnalytics.count"),
    )
  )

  const summaries: SessionAnalytics["Service"]["summaries"] = Effect.fn("SessionAnalytics.summaries")((sessionIds) =>
    sql`select s.session_id as "sessionId",
        left(encode(sha256(convert_to('session ' || s.session_id, 'UTF8')), 'hex'), 32) as alias,
        (extract(epoch from s.last_activity_at - s.started_at) * 1000)::bigint as "durationMs",
        (select coalesce(sum(a.times), 0)::bigint from session_activity a
          where a.session_id = s.session_id and a.activity like 'command:%') as "commandsUsed",
        (select count(*) from distribution_analytics d where d.user_id = s.user_id
          and d.delivered_at >= s.started_at
          and d.delivered_at < case s.session_state when 'terminated' then s.last_activity_at else s.expires_at end
        ) as "opportunitiesReceived"
      from user_sessions s where s.session_id = any(${[...sessionIds]}::text[])`.pipe(
      all("SessionAnalytics.summaries", Summary),
    )
  )

  const totals = (sinceMs: number, untilMs: number, nowMs: number) =>
    sql`with span as (
        select *, case when session_state = 'active' and expires_at <= ${
      at(nowMs)
    } then 'expired' else session_state end
            as came_to,
          extract(epoch from last_activity_at - started_at) * 1000 as lasted_ms
        from user_sessions where started_at >= ${at(sinceMs)} and started_at < ${at(untilMs)}
      ), received as (
        select count(*) as opportunities from span s join distribution_analytics a on a.user_id = s.user_id
          and a.delivered_at >= s.started_at
          and a.delivered_at < case s.came_to when 'active' then ${at(nowMs)}
            when 'expired' then s.expires_at else s.last_activity_at end
      )
      select count(*) as started, count(*) filter (where came_to = 'active') as active,
        count(*) filter (where came_to = 'expired') as expired,
        count(*) filter (where came_to = 'terminated') as terminated,
        (percentile_cont(0.5) within group (order by lasted_ms) filter (where came_to <> 'active'))::float8
          as "durationP50Ms",
        (percentile_cont(0.95) within group (order by lasted_ms) filter (where came_to <> 'active'))::float8
          as "durationP95Ms",
        (select opportunities from received) as opportunities
      from span`.pipe(one("SessionAnalytics.totals", Totals))

  const activities = (sinceMs: number, untilMs: number) =>
    sql`select a.activity, sum(a.times)::bigint as times, count(distinct a.user_id) as people
      from session_activity a join user_sessions s using (session_id)
      where s.started_at >= ${at(sinceMs)} and s.started_at < ${at(untilMs)}
      group by 1 order by 2 desc, 1`.pipe(all("SessionAnalytics.activities", Activity))

  const retention = (sinceMs: number, untilMs: number, nowMs: number) =>
    sql`with firsts as (
        select user_id, (min(started_at) at time zone 'UTC')::date as day from user_sessions group by 1
        having min(started_at) >= ${at(sinceMs)} and min(started_at) < ${at(untilMs)}
      )
      select d.day, count(f.user_id) as people,
        count(f.user_id) filter (where exists (select 1 from session_activity a
          where a.user_id = f.user_id and a.day = f.day + d.day)) as returned
      from unnest(${RETENTION_DAYS}::int[]) as d (day)
      left join firsts f on f.day + d.day < (${at(nowMs)} at time zone 'UTC')::date
      group by 1 order by 1`.pipe(all("SessionAnalytics.retention", Returned))

  const figures: SessionAnalytics["Service"]["figures"] = Effect.fn("SessionAnalytics.figures")(
    function* ({ nowMs, sinceMs, untilMs }) {
      return {
        ...yield* totals(sinceMs, untilMs, nowMs),
        activities: yield* activities(sinceMs, untilMs),
        retention: yield* retention(sinceMs, untilMs, nowMs),
      }
    },
  )

  return { count, summaries, figures }
})

export const layer: Layer.Layer<SessionAnalytics, never, Store> = Layer.effect(SessionAnalytics, make)
