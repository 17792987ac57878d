/**
 * One side of an order book, as levels in order of price.
 *
 * In: levels as venues state them. Out: the same, best first. Promises: prices keep the venue's text; one level a
 * price. Prices are kept worst first, as plain numbers: most changes come near the best price, so they move few
 * numbers however deep the book, and a changed size moves none.
 */
import { isZeroText } from "./Decimal.ts"
import type { Level } from "./Tick.ts"

export class BookSide {
  /** `sign * price` grows towards the best. */
  readonly #sign: 1 | -1
  readonly #prices: Array<number> = []
  readonly #levels = new Map<number, Level>()
  /** The one level of a side that came from a quote, kept apart: quotes are many, and need no order. */
  #only: Level | undefined = undefined
  /** The best price as a number; none while the side is empty. */
  best: number | undefined = undefined

  constructor(side: "bids" | "asks") {
    this.#sign = side === "bids" ? 1 : -1
  }

  get length(): number {
    return this.#only === undefined ? this.#prices.length : 1
  }

  /** The level at `rank`, 0 being the best. */
  at(rank: number): Level | undefined {
    if (this.#only !== undefined) return rank === 0 ? this.#only : undefined
    const price = this.#prices[this.#prices.length - 1 - rank]
    return price === undefined ? undefined : this.#levels.get(price)
  }

  /** The best `most` levels, best first. */
  levels(most = this.length): ReadonlyArray<Level> {
    const out: Array<Level> = []
    for (let rank = 0; rank < most; rank++) {
      const level = this.at(rank)
      if (level === undefined) break
      out.push(level)
    }
    return out
  }

  clear(): void {
    this.#prices.length = 0
    this.#levels.clear()
    this.#only = this.best = undefined
  }

  /** Replaces the level at that price; size zero removes it. */
  set(level: Level): void {
    if (this.#only !== undefined) this.fill([this.#only])
    const price = Number(level[0])
    if (isZeroText(level[1])) {
      if (!this.#levels.delete(price)) return
      this.#prices.splice(this.#place(price), 1)
    } else {
      if (!this.#levels.has(price)) this.#insert(price)
      this.#levels.set(price, level)
    }
    this.best = this.#prices[this.#prices.length - 1]
  }

  /** Replaces everything. */
  fill(levels: ReadonlyArray<Level>): void {
    this.clear()
    for (const level of levels) if (!isZeroText(level[1])) this.#levels.set(Number(level[0]), level)
    this.#prices.push(...this.#levels.keys())
    this.#prices.sort((a, b) => this.#sign * (a - b))
    this.best = this.#prices.at(-1)
  }

  /** Replaces everything by one level; size zero empties. */
  single(price: string, size: string): void {
    if (isZeroText(size)) return this.clear()
    if (this.#only?.[0] !== price) {
      this.clear()
      this.best = Number(price)
    }
    this.#only = [price, size]
  }

  #insert(price: number): void {
    const place = this.#place(price)
    if (place === this.#prices.length) this.#prices.push(price)
    else this.#prices.splice(place, 0, price)
  }

  /** Where `price` stands, or would. */
  #place(price: number): number {
    const prices = this.#prices, sign = this.#sign
    let low = 0, high = prices.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sign * ((prices[middle] ?? 0) - price) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
