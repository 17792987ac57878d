/**
 * Budgets of REST calls in this process alone: for commands that ask venues beside a service, or without a store.
 *
 * In: the RestBudgets port's calls. Out: the same. Promises: what the port promises, within one process; an end of the
 * process forgets all of it.
 */
import { Effect, Layer } from "effect"
import { blocked, FULL, type RestBudget, spend } from "../../domain/RestBudget.ts"
import { RestBudgets } from "../RestBudgets.ts"

const make = Effect.sync(() => {
  const budgets = new Map<string, RestBudget>()
  const of = (venue: string) => budgets.get(venue) ?? FULL
  return RestBudgets.of({
    spend: ({ allowance, nowMs, venue, weight }) =>
      Effect.sync(() => {
        const { budget, verdict } = spend(of(venue), allowance, weight, nowMs)
        budgets.set(venue, budget)
        return verdict
      }),
    block: ({ untilMs, venue, why }) =>
      Effect.sync(() => {
        const budget = blocked(of(venue), untilMs, why)
        budgets.set(venue, budget)
        return budget.blockedUntilMs
      }),
  })
})

export const layer: Layer.Layer<RestBudgets> = Layer.effect(RestBudgets, make)
