/**
 * What a venue's REST calls may cost: a bucket of weight that refills with time, and a breaker that a refusal opens.
 *
 * In: what the venue allows, what a call weighs, the time. Out: granted, or when to ask again; the bucket after it.
 * Promises: pure. Where a venue counts in windows, no window's weight is ever more than it allows: a quarter may go at
 * once and half comes back steadily, so that it holds even where the clocks of those who spend differ by half a window.
 */

/** How fast a venue lets its weight be spent. */
export interface Allowance {
  /** Weight that may go at once. */
  readonly capacity: number
  readonly weightPerMs: number
}

/** What is known of one venue. The bucket is full from `fullAtMs` on; before it, it lacks what refills until then. */
export interface RestBudget {
  readonly fullAtMs: number
  /** The venue asked for silence until then; 0: it did not. */
  readonly blockedUntilMs: number
  /** What it said. */
  readonly blockedWhy: string
}

export type Verdict =
  | { readonly _tag: "Granted" }
  /** Nothing was spent. `blocked`: the breaker is open. `spent`: the weight is not there yet. */
  | { readonly _tag: "Wait"; readonly untilMs: number; readonly reason: "blocked" | "spent"; readonly why: string }

export const FULL: RestBudget = { fullAtMs: 0, blockedUntilMs: 0, blockedWhy: "" }

/**
 * `unitMs`: what one unit of weight takes (ccxt: `rateLimit`). `windowMs`: how long the venue counts (ccxt:
 * `rollingWindowSize`); 0: it wants a unit's time between one call and the next.
 */
export const allowanceOf = (unitMs: number, windowMs: number): Allowance =>
  windowMs > 0
    ? { capacity: Math.max(1, windowMs / unitMs / 4), weightPerMs: 0.5 / unitMs }
    : { capacity: 1, weightPerMs: 1 / unitMs }

/** How much the bucket may lack for a call of this weight; one above the capacity takes all and owes the rest. */
export const slackMs = ({ capacity, weightPerMs }: Allowance, weight: number): number =>
  (capacity - Math.min(weight, capacity)) / weightPerMs

export const costMs = ({ weightPerMs }: Allowance, weight: number): number => weight / weightPerMs

export const spend = (
  budget: RestBudget,
  allowance: Allowance,
  weight: number,
  nowMs: number,
): { readonly verdict: Verdict; readonly budget: RestBudget } => {
  const { blockedUntilMs, blockedWhy, fullAtMs } = budget
  if (blockedUntilMs > nowMs) {
    return { verdict: { _tag: "Wait", untilMs: blockedUntilMs, reason: "blocked", why: blockedWhy }, budget }
  }
  const enoughAtMs = fullAtMs - slackMs(allowance, weight)
  if (enoughAtMs > nowMs) {
    return { verdict: { _tag: "Wait", untilMs: Math.ceil(enoughAtMs), reason: "spent", why: "" }, budget }
  }
  return { verdict: { _tag: "Granted" }, budget: charged(budget, allowance, weight, nowMs) }
}

/** The bucket after a call was made, whether or not it was asked. */
export const charged = (budget: RestBudget, allowance: Allowance, weight: number, nowMs: number): RestBudget => ({
  ...budget,
  fullAtMs: Math.max(budget.fullAtMs, nowMs) + costMs(allowance, weight),
})

/** The breaker, open until then; never shortened. */
export const blocked = (budget: RestBudget, untilMs: number, why: string): RestBudget =>
  untilMs <= budget.blockedUntilMs ? budget : { ...budget, blockedUntilMs: untilMs, blockedWhy: why }
