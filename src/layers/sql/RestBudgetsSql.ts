/**
 * Budgets of REST calls over SQL: one for all processes of the store, kept over their restarts.
 *
 * In: the RestBudgets port's calls. Out: rows of `rest_budgets`. Promises: spending is one statement that decides under
 * the row's lock, so two who ask at once never both get what is there for one; the arithmetic is domain/RestBudget's.
 */
import { Effect, Layer, Schema } from "effect"
import { costMs, slackMs, type Verdict } from "../../domain/RestBudget.ts"
import { type Blocking, RestBudgets, type Spending } from "../RestBudgets.ts"
import { Store } from "../Store.ts"
import { at, EpochMs, one } from "./Rows.ts"

const SpentRow = Schema.Struct({
  granted: Schema.Boolean,
  fullAtMs: Schema.Finite,
  blockedUntilMs: Schema.NullOr(EpochMs),
  blockedWhy: Schema.String,
})
const BlockedRow = Schema.Struct({ blockedUntilMs: EpochMs })

const make = Effect.gen(function* () {
  const { sql } = yield* Store

  const spend = Effect.fn("RestBudgets.spend")(({ allowance, nowMs, venue, weight }: Spending) => {
    const slack = slackMs(allowance, weight), cost = costMs(allowance, weight)
    const open = sql`coalesce(kept.blocked_until <= ${at(nowMs)}, true)
      and kept.full_at_ms - ${slack}::double precision <= ${nowMs}::double precision`
    return sql`insert into rest_budgets as kept (venue, full_at_ms, granted, updated_at)
      values (${venue}, ${nowMs}::double precision + ${cost}::double precision, true, ${at(nowMs)})
      on conflict (venue) do update
      set granted = ${open}, updated_at = excluded.updated_at,
        full_at_ms = case when ${open}
          then greatest(kept.full_at_ms, ${nowMs}::double precision) + ${cost}::double precision
          else kept.full_at_ms end
      returning granted, full_at_ms as "fullAtMs", blocked_until as "blockedUntilMs", blocked_why as "blockedWhy"`.pipe(
      one("RestBudgets.spend", SpentRow),
      Effect.map(({ blockedUntilMs, blockedWhy, fullAtMs, granted }): Verdict => {
        if (granted) return { _tag: "Granted" }
        return blockedUntilMs !== null && blockedUntilMs > nowMs
          ? { _tag: "Wait", untilMs: blockedUntilMs, reason: "blocked", why: blockedWhy }
          : { _tag: "Wait", untilMs: Math.ceil(fullAtMs - slack), reason: "spent", why: "" }
      }),
    )
  })

  const block = Effect.fn("RestBudgets.block")(({ nowMs, untilMs, venue, why }: Blocking) =>
    sql`insert into rest_budgets as kept (venue, granted, blocked_until, blocked_why, updated_at)
      values (${venue}, false, ${at(untilMs)}, ${why}, ${at(nowMs)})
      on conflict (venue) do update
      set blocked_until = greatest(kept.blocked_until, excluded.blocked_until), updated_at = excluded.updated_at,
        blocked_why = case when kept.blocked_until >= excluded.blocked_until
          then kept.blocked_why else excluded.blocked_why end
      returning blocked_until as "blockedUntilMs"`.pipe(
      one("RestBudgets.block", BlockedRow),
      Effect.map(({ blockedUntilMs }) => blockedUntilMs),
    )
  )

  return { spend, block }
})

export const layer: Layer.Layer<RestBudgets, never, Store> = Layer.effect(RestBudgets, make)
