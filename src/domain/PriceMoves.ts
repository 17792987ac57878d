/**
 * PriceMoves: when and by how much one market's price changed, over a span of time that moves along.
 *
 * In: prices with their ingest times, in order. Out: moves, each over the interval from the change before to its own; and
 * their sum of squares. Promises: a price that stands still is no move; nothing moves across a silence or a clock that
 * leapt back; what is older than the span, or the oldest beyond `CAPACITY`, goes.
 */

/** After a longer silence nobody knows what happened within it. */
export const SILENCE_MS = 60_000
/** A change every 40 ms for five minutes; 0.7 MB. Of a market that changes more often the last of them count. */
export const CAPACITY = 8_192

/** One change: the price stood from `from` (exclusive) and was another by `to` (ms); `by` is the simple return. */
export interface Move {
  readonly from: number
  readonly to: number
  readonly by: number
}

export class PriceMoves {
  readonly #spanMs: number
  readonly #capacity: number
  #moves: Array<Move> = []
  /** Those before it are forgotten. */
  #first = 0
  #heardAt = -Infinity
  /** The last change; what stood before it, where that is a move. */
  #changedAt = -Infinity
  #price = 0
  #before: number | null = null

  constructor(spanMs: number, capacity = CAPACITY) {
    this.#spanMs = spanMs
    this.#capacity = capacity
  }

  /** A price (> 0, finite; others are passed over) as of its ingest time (ms). */
  push(price: number, at: number): void {
    if (!(price > 0 && price < Infinity)) return
    const silence = at - this.#heardAt
    if (silence < 0 && silence > -SILENCE_MS) return
    this.#heardAt = at
    if (silence < 0) this.#moves = [], this.#first = 0
    if (silence < 0 || silence > SILENCE_MS) {
      this.#changedAt = at
      this.#price = price
      this.#before = null
    } else if (price !== this.#price) this.#changed(price, at)
    this.#forget(at)
  }

  /** What was heard before does not lead to what comes. */
  interrupt(): void {
    this.#heardAt = -Infinity
  }

  /** Oldest first. */
  get all(): ReadonlyArray<Move> {
    if (this.#first > 0) {
      this.#moves = this.#moves.slice(this.#first)
      this.#first = 0
    }
    return this.#moves
  }

  #changed(price: number, at: number): void {
    if (at > this.#changedAt) {
      this.#moves.push({ from: this.#changedAt, to: at, by: price / this.#price - 1 })
      this.#before = this.#price
      this.#changedAt = at
    } else if (this.#before !== null) {
      const last = this.#moves.pop()
      if (last !== undefined) this.#moves.push({ ...last, by: price / this.#before - 1 })
    }
    this.#price = price
  }

  #forget(at: number): void {
    const until = at - this.#spanMs
    while (this.#first < this.#moves.length) {
      const oldest = this.#moves[this.#first]
      if (oldest === undefined || (oldest.from >= until && this.#moves.length - this.#first <= this.#capacity)) break
      this.#first++
    }
    if (this.#first > this.#capacity) this.#moves = this.#moves.slice(this.#first), this.#first = 0
  }
}
