/**
 * Lead and lag: how strongly two prices move together, and which of them moves first.
 *
 * In: moves of two prices, each at times of its own. Out: their correlation at once and at lags, and who leads by how
 * much. Promises: pure; nothing is interpolated or sampled, so that a slow market does not seem to follow for its slowness
 * alone; exchanged arguments give the mirrored answer; nothing but sums, products, quotients and a root, which are the
 * same to the last bit on every runtime.
 */
import type { Move } from "./PriceMoves.ts"

type Moves = ReadonlyArray<Move>

export interface LagGrid {
  /** Lags are multiples of it, ms. */
  readonly stepMs: number
  /** Both ways, ms. */
  readonly maxMs: number
}

export const LIVE_LAGS: LagGrid = { stepMs: 50, maxMs: 2_000 }

export interface LeadLag {
  /** At lag 0. Near -1 to 1; an estimate may lie a little outside. */
  readonly correlation: number
  /** Where the correlation is strongest: above 0 what `a` did `b` does so many ms later; below 0 the other way round. */
  readonly lagMs: number
  readonly atLag: number
  /**
   * Squared correlations with `a` ahead over those with `b` ahead (Huth and Abergel's lead/lag ratio): above 1 `a` tells
   * more of what `b` will do than the other way round. Infinity where only `a` tells anything; 1 where nobody does.
   */
  readonly ratio: number
  /** Of the two, the fewer. */
  readonly moves: number
  /** Null: nobody leads by more than chance would have it. */
  readonly leader: "a" | "b" | null
}

const energy = (moves: Moves): number => {
  let sum = 0
  for (const { by } of moves) sum += by * by
  return sum
}

/**
 * Covariance of `a` with what `b` does `lagMs` later: the sum of products of moves whose intervals overlap, those of `b`
 * moved back by the lag. Hayashi and Yoshida, "On covariance estimation of non-synchronously observed diffusion
 * processes", Bernoulli 11 (2005), 359-379; with a lag: Hoffmann, Rosenbaum and Yoshida, "Estimation of the lead-lag
 * parameter from non-synchronous data", Bernoulli 19 (2013), 426-461. Intervals are open below and closed above.
 */
export const covariance = (a: Moves, b: Moves, lagMs: number): number => {
  let sum = 0, first = 0
  for (const { by, from, to } of a) {
    for (let past = b[first]; past !== undefined && past.to - lagMs <= from; past = b[first]) first++
    for (let at = first, other = b[at]; other !== undefined && other.from - lagMs < to; other = b[++at]) {
      sum += by * other.by
    }
  }
  return sum
}

/** What `covariance` adds up, each squared: the variance that it has where the two know nothing of each other. */
const squared = (moves: Moves): Moves => moves.map(({ by, from, to }) => ({ by: by * by, from, to }))

/** How far a correlation at the strongest lag must stand out, in standard errors of one of independent prices. */
const STANDS_OUT = 4
/** And how far above that at lag 0. */
const EXCEEDS = 2
/** Of fewer moves nobody leads. */
export const LEAST_MOVES = 30

/** None where one of them never moved. */
export const leadLag = (a: Moves, b: Moves, { maxMs, stepMs }: LagGrid = LIVE_LAGS): LeadLag | null => {
  const scale = Math.sqrt(energy(a) * energy(b)), moves = Math.min(a.length, b.length)
  if (!(scale > 0)) return null
  const at = (lagMs: number): number => covariance(a, b, lagMs) / scale
  const correlation = at(0)
  let lagMs = 0, atLag = correlation, ahead = 0, behind = 0
  for (let lag = stepMs; lag <= maxMs; lag += stepMs) {
    const forth = at(lag), back = at(-lag)
    ahead += forth * forth
    behind += back * back
    // As strong both ways says nothing of who is first.
    if (Math.abs(forth) > Math.max(Math.abs(atLag), Math.abs(back))) lagMs = lag, atLag = forth
    else if (Math.abs(back) > Math.max(Math.abs(atLag), Math.abs(forth))) lagMs = -lag, atLag = back
  }
  const ratio = behind > 0 ? ahead / behind : ahead > 0 ? Infinity : 1
  const error = Math.sqrt(covariance(squared(a), squared(b), 0)) / scale
  const isTold = moves >= LEAST_MOVES && Math.abs(atLag) >= STANDS_OUT * error &&
    Math.abs(atLag) - Math.abs(correlation) >= EXCEEDS * error
  const leader = !isTold ? null : lagMs > 0 && ratio > 1 ? "a" : lagMs < 0 && ratio < 1 ? "b" : null
  return { correlation, lagMs, atLag, ratio, moves, leader }
}
