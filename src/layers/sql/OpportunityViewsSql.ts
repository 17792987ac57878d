/**
 * What people were shown on demand, over SQL.
 *
 * In: the OpportunityViews port's calls. Out: rows of `opportunity_views`. Promises: as the port's; calls join the
 * caller's transaction.
 */
import { Effect, Layer, Schema } from "effect"
import type { Viewable } from "../../domain/Viewing.ts"
import { OpportunityViews } from "../OpportunityViews.ts"
import { Store } from "../Store.ts"
import { all, at, count, EpochMs, run } from "./Rows.ts"

const ViewRow = Schema.Struct({ userId: Schema.String, fingerprint: Schema.String, atMs: EpochMs })
const PushedRow = Schema.Struct({ opportunityId: Schema.String })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const since = Effect.fn("OpportunityViews.since")((userIds: ReadonlyArray<string>, sinceMs: number) =>
    sql`select user_id as "userId", fingerprint, viewed_at as "atMs" from opportunity_views
      where user_id = any(${userIds}::text[]) and viewed_at >= ${at(sinceMs)} order by viewed_at`.pipe(
      all("OpportunityViews.since", ViewRow),
      Effect.map((rows) => Map.groupBy(rows, ({ userId }) => userId)),
    )
  )

  const pushed = Effect.fn("OpportunityViews.pushed")((userId: string, opportunityIds: ReadonlyArray<string>) =>
    sql`select distinct opportunity_id as "opportunityId" from opportunity_distribution_queue
      where opportunity_id = any(${opportunityIds}::text[]) and user_id = ${userId} and purpose = 'notify'
        and status in ('pending', 'sending', 'sent', 'unknown') and scheduled_at is not null`.pipe(
      all("OpportunityViews.pushed", PushedRow),
      Effect.map((rows) => new Set(rows.map(({ opportunityId }) => opportunityId))),
    )
  )

  const record = Effect.fn("OpportunityViews.record")(
    (userId: string, shown: ReadonlyArray<Viewable>, nowMs: number) =>
      shown.length === 0
        ? Effect.void
        : sql`insert into opportunity_views (user_id, fingerprint, opportunity_id, viewed_at)
            select ${userId}, x.fingerprint, x."opportunityId", ${at(nowMs)}
            from jsonb_to_recordset(${
          sql.json(shown.map(({ fingerprint, opportunityId }) => ({ fingerprint, opportunityId })))
        }) as x (fingerprint text, "opportunityId" text)`.pipe(run("OpportunityViews.record")),
  )

  const prune = Effect.fn("OpportunityViews.prune")((beforeMs: number) =>
    sql`with gone as (delete from opportunity_views where viewed_at < ${at(beforeMs)} returning 1)
      select count(*) as count from gone`.pipe(count("OpportunityViews.prune"))
  )

  return { since, pushed, record, prune }
})

export const layer: Layer.Layer<OpportunityViews, never, Store> = Layer.effect(OpportunityViews, make)
