/**
 * Peak: the most that a route has earned since it last stood below.
 *
 * In: what each check finds. Out: whether it is more than before, so that only then what costs time is gathered (its
 * evidence): Dedup keeps of a route what it was at its best. Promises: forgets with `below`, and after a silence in which
 * Dedup may have closed the route; whoever begins anew (after a restart) takes the first for the most.
 */
import * as Decimal from "../../domain/Decimal.ts"

/** Dedup closes a route that was silent for 30 s: what comes then is told as new. */
const FORGOTTEN_AFTER_MS = 10_000

export class Peak {
  #most: Decimal.Decimal | null = null
  #at = -Infinity

  above(profit: Decimal.Decimal, atMs: number): boolean {
    const isMore = this.#most === null || atMs - this.#at > FORGOTTEN_AFTER_MS || Decimal.isGreater(profit, this.#most)
    this.#at = atMs
    if (isMore) this.#most = profit
    return isMore
  }

  below(): void {
    this.#most = null
  }
}
