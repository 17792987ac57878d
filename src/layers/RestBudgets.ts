/**
 * The RestBudgets port: one weighted budget of REST calls for each venue, whoever spends it, table `rest_budgets`.
 *
 * Implementations: `sql/` (shared by all processes of a Store, kept over restarts) and `embedded/` (this process alone).
 * In: what a call weighs and what the venue allows; what a venue said when it refused. Out: granted, or when to ask
 * again. Promises: who is granted has spent, in one step, however many ask at once; a breaker is never shortened.
 */
import { Context, type Effect } from "effect"
import type { Allowance, Verdict } from "../domain/RestBudget.ts"
import type { StoreError } from "./Store.ts"

export interface Spending {
  readonly venue: string
  /** In the venue's own units, as ccxt counts them; zero or more. */
  readonly weight: number
  readonly allowance: Allowance
  readonly nowMs: number
}

export interface Blocking {
  readonly venue: string
  readonly untilMs: number
  /** What the venue said, for people. */
  readonly why: string
  readonly nowMs: number
}

export class RestBudgets extends Context.Service<RestBudgets, {
  readonly spend: (spending: Spending) => Effect.Effect<Verdict, StoreError>
  /** Opens the breaker for everyone. Out: until when it is open now. */
  readonly block: (blocking: Blocking) => Effect.Effect<number, StoreError>
}>()("arbedge/RestBudgets") {}
