/**
 * The limiter's memory over SQL.
 *
 * In: the RateLimits port's calls. Out: rows of `rate_limits`. Promises: keys are written in one order, so
 * that two savers never wait for each other in a circle.
 */
import { Effect, Layer, Schema } from "effect"
import { RateLimits, RateLimitState } from "../RateLimits.ts"
import { Store } from "../Store.ts"
import { all, at, count, EpochMs, isoOf, run } from "./Rows.ts"

const StateRow = Schema.Struct({ ...RateLimitState.fields, blockedUntilMs: Schema.NullOr(EpochMs) })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const load = Effect.fn("RateLimits.load")((sinceMs: number) =>
    sql`select key, sent_at_ms as "sentAtMs", blocked_until as "blockedUntilMs" from rate_limits
      where updated_at >= ${at(sinceMs)} or blocked_until > ${at(sinceMs)} order by key`.pipe(
      all("RateLimits.load", StateRow),
      Effect.map((rows) => rows.map((row) => ({ ...row, blockedUntilMs: row.blockedUntilMs ?? 0 }))),
    )
  )

  const save = Effect.fn("RateLimits.save")((states: ReadonlyArray<RateLimitState>, nowMs: number) => {
    if (states.length === 0) return Effect.void
    const rows = states.map((state) => ({
      key: state.key,
      sent_at_ms: state.sentAtMs,
      blocked_until: state.blockedUntilMs === 0 ? null : isoOf(state.blockedUntilMs),
    }))
    return sql`insert into rate_limits as kept (key, sent_at_ms, blocked_until, updated_at)
      select key, sent_at_ms, blocked_until, ${at(nowMs)}
      from jsonb_to_recordset(${sql.json(rows)}) as x (key text, sent_at_ms jsonb, blocked_until timestamptz)
      order by key
      on conflict (key) do update
      set sent_at_ms = excluded.sent_at_ms, blocked_until = greatest(kept.blocked_until, excluded.blocked_until),
        updated_at = excluded.updated_at`.pipe(run("RateLimits.save"))
  })

  const prune = Effect.fn("RateLimits.prune")((sinceMs: number) =>
    sql`with gone as (
        delete from rate_limits
        where updated_at < ${at(sinceMs)} and coalesce(blocked_until, updated_at) <= ${at(sinceMs)} returning 1
      )
      select count(*) as count from gone`.pipe(count("RateLimits.prune"))
  )

  return { load, save, prune }
})

export const layer: Layer.Layer<RateLimits, never, Store> = Layer.effect(RateLimits, make)
