/**
 * Quotas of credits over SQL.
 *
 * In: the CreditQuotas port's calls. Out: rows of `credit_quotas`. Promises: each call reads the row under its lock,
 * lets domain/CreditQuota decide, and writes what it says, so two who ask at once never both get the last credit.
 */
import { Effect, Layer, Schema } from "effect"
import * as Quota from "../../domain/CreditQuota.ts"
import { CreditQuotas } from "../CreditQuotas.ts"
import { Store } from "../Store.ts"
import { at, EpochMs, first, one, run } from "./Rows.ts"

const QuotaRow = Schema.Struct({ ...Quota.CreditQuota.fields, blockedUntilMs: Schema.NullOr(EpochMs) })

const quotaOf = ({ blockedUntilMs, ...row }: typeof QuotaRow.Type): Quota.CreditQuota => ({
  ...row,
  blockedUntilMs: blockedUntilMs ?? 0,
})

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const columns = sql.literal(
    `day, day_spent as "daySpent", month_spent as "monthSpent", requested_at_ms as "requestedAtMs",
      blocked_until as "blockedUntilMs"`,
  )

  /** Under the row's lock: out comes the answer, in goes the new state. */
  const decide = <A>(
    operation: string,
    provider: string,
    nowMs: number,
    step: (quota: Quota.CreditQuota) => { readonly answer: A; readonly quota: Quota.CreditQuota },
  ) =>
    transaction(Effect.gen(function* () {
      yield* sql`insert into credit_quotas (provider, updated_at) values (${provider}, ${at(nowMs)})
        on conflict (provider) do nothing`.pipe(run(operation))
      const row = yield* sql`select ${columns} from credit_quotas where provider = ${provider} for update`.pipe(
        one(operation, QuotaRow),
      )
      const { answer, quota } = step(quotaOf(row))
      yield* sql`update credit_quotas set day = ${quota.day}, day_spent = ${quota.daySpent},
          month_spent = ${quota.monthSpent}, requested_at_ms = ${sql.json(quota.requestedAtMs)},
          blocked_until = ${quota.blockedUntilMs === 0 ? null : at(quota.blockedUntilMs)}, updated_at = ${at(nowMs)}
        where provider = ${provider}`.pipe(run(operation))
      return answer
    }))

  const spend: CreditQuotas["Service"]["spend"] = Effect.fn("CreditQuotas.spend")(
    ({ credits, limits, nowMs, provider }) =>
      decide("CreditQuotas.spend", provider, nowMs, (quota) => {
        const after = Quota.spend(quota, limits, credits, nowMs)
        return { answer: after.verdict, quota: after.quota }
      }),
  )

  const charge = Effect.fn("CreditQuotas.charge")((provider: string, credits: number, nowMs: number) =>
    decide("CreditQuotas.charge", provider, nowMs, (quota) => ({
      answer: undefined,
      quota: Quota.charge(quota, credits, nowMs),
    }))
  )

  const block = Effect.fn("CreditQuotas.block")((provider: string, untilMs: number, nowMs: number) =>
    decide("CreditQuotas.block", provider, nowMs, (quota) => ({
      answer: undefined,
      quota: Quota.block(quota, untilMs, nowMs),
    }))
  )

  const state = Effect.fn("CreditQuotas.state")((provider: string, nowMs: number) =>
    sql`select ${columns} from credit_quotas where provider = ${provider}`.pipe(
      first("CreditQuotas.state", QuotaRow),
      Effect.map((row) => Quota.at(row._tag === "Some" ? quotaOf(row.value) : Quota.UNSPENT, nowMs)),
    )
  )

  return { spend, charge, block, state }
})

export const layer: Layer.Layer<CreditQuotas, never, Store> = Layer.effect(CreditQuotas, make)
