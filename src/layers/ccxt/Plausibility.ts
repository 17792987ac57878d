/**
 * Whether a price, or a time, can be true given what came before it on the same stream.
 *
 * In: prices and event times in order of arrival. Out: yes or no. Promises: a refused value never becomes the
 * reference at once; a level that three values in a row agree on is a real move and is accepted, so a market that
 * truly jumped is shut out for two frames at most.
 */
const CONFIRMATIONS = 3

export class PriceGuard {
  readonly #maxJump: number
  #reference: number | null = null
  #candidate = 0
  #agreeing = 0

  /** `maxJump` 0.5 refuses what is more than half as much again, or less than two thirds, of the last price. */
  constructor(maxJump: number) {
    this.#maxJump = maxJump
  }

  accepts(price: number): boolean {
    if (this.#reference === null || this.#near(price, this.#reference)) return this.#settle(price)
    this.#agreeing = this.#agreeing > 0 && this.#near(price, this.#candidate) ? this.#agreeing + 1 : 1
    this.#candidate = price
    return this.#agreeing >= CONFIRMATIONS && this.#settle(price)
  }

  /** After a break the next price stands on its own. */
  reset(): void {
    this.#reference = null
    this.#agreeing = 0
  }

  #near(price: number, other: number): boolean {
    return price <= other * (1 + this.#maxJump) && other <= price * (1 + this.#maxJump)
  }

  #settle(price: number): true {
    this.#reference = price
    this.#agreeing = 0
    return true
  }
}

export class TimeGuard {
  readonly #toleranceMs: number
  #last = Number.NEGATIVE_INFINITY

  constructor(toleranceMs: number) {
    this.#toleranceMs = toleranceMs
  }

  /** A time refused becomes the new reference: a venue that set its clock back loses one frame, not all of them. */
  accepts(timeMs: number): boolean {
    const backwards = timeMs < this.#last - this.#toleranceMs
    if (backwards || timeMs > this.#last) this.#last = timeMs
    return !backwards
  }
}
