/**
 * The CreditQuotas port: what was spent of a data provider's quota, table `credit_quotas`.
 *
 * In: a provider's name, its limits, what a request costs. Out: granted, or why not and until when; what is spent so
 * far. Promises: who is granted has spent, in one step, however many ask at once and from however many processes; what
 * is spent survives restarts.
 */
import { Context, type Effect } from "effect"
import type { CreditQuota, QuotaLimits, QuotaVerdict } from "../domain/CreditQuota.ts"
import type { StoreError } from "./Store.ts"

export interface CreditSpending {
  readonly provider: string
  readonly limits: QuotaLimits
  readonly credits: number
  readonly nowMs: number
}

export class CreditQuotas extends Context.Service<CreditQuotas, {
  readonly spend: (spending: CreditSpending) => Effect.Effect<QuotaVerdict, StoreError>
  /** Spends what a request cost beyond what was asked for; is never refused. */
  readonly charge: (provider: string, credits: number, nowMs: number) => Effect.Effect<void, StoreError>
  /** The provider asked for silence until then; never shortened. */
  readonly block: (provider: string, untilMs: number, nowMs: number) => Effect.Effect<void, StoreError>
  /** As it stands at `nowMs`. */
  readonly state: (provider: string, nowMs: number) => Effect.Effect<CreditQuota, StoreError>
}>()("arbedge/CreditQuotas") {}
