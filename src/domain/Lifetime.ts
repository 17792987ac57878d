/**
 * How long a cached price may be used: shorter the faster the market moves.
 *
 * In: mid prices and their times. Out: the pace of the market, in basis points a second, and from it a lifetime.
 * Promises: pure; a lifetime lies between 5 and 60 s, and a market that moves faster never gets a longer one.
 */

/** What is known of a market's pace after some price. */
export interface Pace {
  readonly mid: number
  readonly atMs: number
  /** Mean absolute move; null: only one price was seen. */
  readonly bpsPerS: number | null
}

export const LONGEST_MS = 60_000
export const SHORTEST_MS = 5_000
/** While the pace is not known. */
export const UNKNOWN_MS = 15_000
/** A lifetime is the time in which the price moves so far at its present pace. */
const TOLERATED_BPS = 20
/** A jump beyond it counts as it, so that one absurd price is forgotten again. */
const FASTEST_BPS_PER_S = 10_000
/** What was seen so long ago counts half. */
const HALF_LIFE_S = 30

/** An exponentially weighted mean of |move| / time; prices at or before the last one's time change nothing. */
export const paceAfter = (before: Pace | null, mid: number, atMs: number): Pace => {
  if (before === null) return { mid, atMs, bpsPerS: null }
  const seconds = (atMs - before.atMs) / 1000
  if (seconds <= 0 || !(before.mid > 0)) return before
  const bpsPerS = Math.min(FASTEST_BPS_PER_S, Math.abs(mid / before.mid - 1) * 10_000 / seconds)
  const weight = 1 - 2 ** (-seconds / HALF_LIFE_S)
  const mean = before.bpsPerS === null ? bpsPerS : before.bpsPerS + weight * (bpsPerS - before.bpsPerS)
  return { mid, atMs, bpsPerS: mean }
}

export const lifetimeMs = (bpsPerS: number | null): number =>
  bpsPerS === null
    ? UNKNOWN_MS
    : Math.round(Math.min(LONGEST_MS, Math.max(SHORTEST_MS, TOLERATED_BPS / Math.max(0, bpsPerS) * 1000)))
