/**
 * How far a venue's clock is from ours.
 *
 * In: pairs of our receive time and the venue's event time. Out: the estimate "venue minus ours" in ms: the smallest
 * delay seen in the last ten to twenty minutes, negated (the fastest frame has the least network in it).
 * Promises: one frame with a lying time does not move it: a jump of more than five seconds is believed only when a
 * second frame confirms it.
 */
const WINDOW_MS = 600_000
const SUSPICIOUS_MS = 5_000

export class ClockOffset {
  #current = Number.POSITIVE_INFINITY
  #previous = Number.POSITIVE_INFINITY
  #windowStart = Number.NEGATIVE_INFINITY
  #unconfirmed: number | null = null
  #reported: number | null = null

  /** Null until the first frame with a time. */
  get offsetMs(): number | null {
    const delay = Math.min(this.#current, this.#previous)
    return Number.isFinite(delay) ? 0 - delay : null
  }

  /** The estimate if it is not what was taken last. */
  news(): number | null {
    const estimate = this.offsetMs
    if (estimate === null || estimate === this.#reported) return null
    this.#reported = estimate
    return estimate
  }

  observe(receivedMs: number, eventMs: number): void {
    const delay = receivedMs - eventMs
    if (receivedMs - this.#windowStart >= WINDOW_MS) this.#roll(receivedMs)
    const known = Math.min(this.#current, this.#previous)
    if (Number.isFinite(known) && delay < known - SUSPICIOUS_MS) {
      const confirmed = this.#unconfirmed !== null && Math.abs(delay - this.#unconfirmed) <= SUSPICIOUS_MS
      this.#unconfirmed = delay
      if (!confirmed) return
    } else this.#unconfirmed = null
    this.#current = Math.min(this.#current, delay)
  }

  #roll(nowMs: number): void {
    this.#previous = this.#current
    this.#current = Number.POSITIVE_INFINITY
    this.#windowStart = nowMs
  }
}
