/**
 * Cases: how often what is alike has succeeded.
 *
 * In: numbers of judged and of successful cases. Out: a rate, and whether it proves anything. Promises: pure; few cases
 * are drawn towards one half, so that no short run of luck looks like knowledge.
 */

/** Cases alike: judged ones, and how many of them succeeded. */
export interface Cases {
  readonly judged: number
  readonly succeeded: number
}

export const NO_CASES: Cases = { judged: 0, succeeded: 0 }
/** Fewer judged cases prove nothing. */
export const PROVEN_CASES = 30
const PRIOR = 0.5
const PRIOR_WEIGHT = 30

/** Share of successes, drawn towards the prior by as many cases as it weighs: (s + 0.5 x 30) / (n + 30). */
export const successRate = ({ judged, succeeded }: Cases): number =>
  (succeeded + PRIOR * PRIOR_WEIGHT) / (judged + PRIOR_WEIGHT)

export const isProven = ({ judged }: Cases): boolean => judged >= PROVEN_CASES
