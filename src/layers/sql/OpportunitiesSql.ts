/**
 * Opportunities over SQL.
 *
 * In: the Opportunities port's calls. Out: rows of `global_opportunities`, decoded from the whole public object they
 * hold. Promises: the columns beside the object are written from it and nowhere else.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { Opportunity, PRIORITY_RANK } from "../../domain/Opportunity.ts"
import { Opportunities } from "../Opportunities.ts"
import { Store } from "../Store.ts"
import { all, at, count, first } from "./Rows.ts"

const OpportunityRow = Schema.Struct({ payload: Opportunity })

const make = Effect.gen(function* () {
  const { sql } = yield* Store
  const bestFirst = sql.literal("order by priority, net_bps desc nulls last, opportunity_id")

  const upsert = Effect.fn("Opportunities.upsert")((it: Opportunity, nowMs: number) => {
    const row = {
      opportunity_id: it.id,
      revision: it.revision,
      state: it.state,
      fingerprint: it.fingerprint,
      opportunity_type: it.type,
      asset: it.asset,
      priority: PRIORITY_RANK[it.priority],
      net_bps: it.netBps,
      net_profit: it.netProfit,
      currency: it.currency,
      detected_at: at(it.detectedAt),
      expires_at: at(it.expiresAt),
      settings_version: it.settingsVersion,
      payload: sql.json(it),
      updated_at: at(nowMs),
    }
    return sql`with written as (
        insert into global_opportunities as kept ${sql.insert({ ...row, created_at: at(nowMs) })}
        on conflict (opportunity_id) do update set ${sql.update(row, ["opportunity_id"])}
        where kept.revision < ${it.revision} returning 1
      )
      select count(*) as count from written`.pipe(
      count("Opportunities.upsert"),
      Effect.map((written) => written === 1),
    )
  })

  const byId = Effect.fn("Opportunities.byId")((id: string) =>
    sql`select payload from global_opportunities where opportunity_id = ${id}`.pipe(
      first("Opportunities.byId", OpportunityRow),
      Effect.map(Option.map((row) => row.payload)),
    )
  )

  const beginningWith = Effect.fn("Opportunities.beginningWith")((prefix: string, limit: number) =>
    sql`select payload from global_opportunities where opportunity_id >= ${prefix} and opportunity_id < ${prefix + "g"}
      order by opportunity_id limit ${limit}`.pipe(
      all("Opportunities.beginningWith", OpportunityRow),
      Effect.map((rows) => rows.map((row) => row.payload)),
    )
  )

  const byIds = Effect.fn("Opportunities.byIds")((ids: ReadonlyArray<string>) =>
    sql`select payload from global_opportunities where opportunity_id = any(${ids}::text[])`.pipe(
      all("Opportunities.byIds", OpportunityRow),
      Effect.map((rows) => rows.map((row) => row.payload)),
    )
  )

  const detectedIn = Effect.fn("Opportunities.detectedIn")((fromMs: number, untilMs: number, limit: number) =>
    sql`select payload from global_opportunities where detected_at >= ${at(fromMs)} and detected_at < ${at(untilMs)}
      order by detected_at desc, opportunity_id limit ${limit}`.pipe(
      all("Opportunities.detectedIn", OpportunityRow),
      Effect.map((rows) => rows.map((row) => row.payload)),
    )
  )

  const open = Effect.fn("Opportunities.open")((nowMs: number, limit: number) =>
    sql`select payload from global_opportunities where state <> 'closed' and expires_at > ${at(nowMs)}
      ${bestFirst} limit ${limit}`.pipe(
      all("Opportunities.open", OpportunityRow),
      Effect.map((rows) => rows.map((row) => row.payload)),
    )
  )

  const overdue = Effect.fn("Opportunities.overdue")((nowMs: number, limit: number) =>
    sql`select payload from global_opportunities where state <> 'closed' and expires_at <= ${at(nowMs)}
      order by expires_at, opportunity_id limit ${limit}`.pipe(
      all("Opportunities.overdue", OpportunityRow),
      Effect.map((rows) => rows.map((row) => row.payload)),
    )
  )

  return { upsert, byId, byIds, detectedIn, beginningWith, open, overdue }
})

export const layer: Layer.Layer<Opportunities, never, Store> = Layer.effect(Opportunities, make)
