/**
 * Figures of the queue over SQL.
 *
 * In: the QueueFigures port's calls. Out: one statement's groups. Promises: only rows that ended in the span, still
 * wait, or are dead letters are read.
 */
import { Effect, Layer, Schema } from "effect"
import { QueueFigure, QueueFigures } from "../QueueFigures.ts"
import { Store } from "../Store.ts"
import { all, at, Int8 } from "./Rows.ts"

const FigureRow = Schema.Struct({
  ...QueueFigure.fields,
  depth: Int8,
  oldestAgeMs: Schema.NullOr(Int8),
  sent: Int8,
  failed: Int8,
  expired: Int8,
  deadLetters: Int8,
})

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const quantiles = (of: string) =>
    sql.literal(
      `jsonb_build_object(${
        [50, 95, 99].map((p) => `'p${p}', percentile_cont(0.${p}) within group (order by ${of})`).join(", ")
      })`,
    )
  const waits = quantiles("wait_ms"), processing = quantiles("processing_ms")

  const since = Effect.fn("QueueFigures.since")((sinceMs: number, nowMs: number) =>
    sql`with seen as (
        select kind, strategy, opportunity_type, channel, status, updated_at >= ${at(sinceMs)} as recent,
          status in ('pending', 'sending', 'unknown') as open, coalesce(due_since, created_at) as since,
          case when status = 'sent' and updated_at >= ${at(sinceMs)}
            then extract(epoch from first_attempt_at - due_since)::float8 * 1000 end as wait_ms,
          case when status = 'sent' and updated_at >= ${at(sinceMs)}
            then extract(epoch from delivered_at - last_attempt_at)::float8 * 1000 end as processing_ms
        from opportunity_distribution_queue
        where updated_at >= ${at(sinceMs)} or status in ('pending', 'sending', 'unknown', 'failed')
      )
      select kind, strategy, opportunity_type as type, channel,
        count(*) filter (where open) as depth,
        case when count(*) filter (where open) > 0 then
          (greatest(0, extract(epoch from ${at(nowMs)}::timestamptz - min(since) filter (where open))) * 1000)::bigint
          end as "oldestAgeMs",
        count(*) filter (where status = 'sent' and recent) as sent,
        count(*) filter (where status = 'failed' and recent) as failed,
        count(*) filter (where status = 'expired' and recent) as expired,
        count(*) filter (where status = 'sent' and recent)::float8
          / nullif(count(*) filter (where status in ('sent', 'failed') and recent), 0) as "successRate",
        ${waits} as "waitMs", ${processing} as "processingMs",
        count(*) filter (where status = 'failed') as "deadLetters"
      from seen group by kind, strategy, opportunity_type, channel
      order by kind, strategy, opportunity_type, channel`.pipe(all("QueueFigures.since", FigureRow))
  )

  return { since }
})

export const layer: Layer.Layer<QueueFigures, never, Store> = Layer.effect(QueueFigures, make)
