/**
 * One side of an order book, as levels in order of price.
 *
 * In: levels as venues state them, one by one or as the text of a frame (domain/Levels.ts). Out: the same, best first.
 * Promises: prices keep the venue's text; one level a price. Levels are kept worst first, and found in a few steps from
 * the end, where most changes come. A level that goes leaves its place empty, for the next at its price: venues quote on a
 * grid, so few changes move others. A level that came in a text stays a piece of it until somebody reads it; and texts
 * wait as they are for what they say of levels below `#floor`, until somebody looks so deep: mostly the next snapshot
 * comes before.
 */
import { isZeroText } from "./Decimal.ts"
import { EXACT_DIGITS, type Packed, priceOf, scaled, unpack } from "./Levels.ts"
import type { Level } from "./Tick.ts"

/** A level, or "price size" not yet taken apart; null: none at this price now. */
type Kept = Level | string | null

const SPACE = 32
const ZERO = 48
const NINE = 57
const POINT = 46
/** So many places may be empty before it is looked whether they are too many. */
const EMPTY_KEPT = 128
/** Levels above the floor, when it is set; and the length of texts that may wait. */
const ABOVE_FLOOR = 16
const WAITING_LENGTH = 262144

export class BookSide {
  /** `sign * price` grows towards the best. */
  readonly #sign: 1 | -1
  readonly #prices: Array<number> = []
  /** In the order of `#prices`. The last is never empty. */
  readonly #levels: Array<Kept> = []
  /** Levels that are there. */
  #count = 0
  /** The one level of a side that came from a quote, kept apart: quotes are many, and need no order. */
  #only: Level | undefined = undefined
  /** Below this (`sign * price`) levels may lag behind: `#waiting` says what has changed since. */
  #floor = -Infinity
  #waiting: Array<Packed> = []
  /** Where in each of them the levels below the floor begin. */
  #waitingFrom: Array<number> = []
  #waitingLength = 0
  /** The best price as a number; none while the side is empty. */
  best: number | undefined = undefined

  constructor(side: "bids" | "asks") {
    this.#sign = side === "bids" ? 1 : -1
  }

  get length(): number {
    this.#catchUp()
    return this.#only === undefined ? this.#count : 1
  }

  /** The level at `rank`, 0 being the best. */
  at(rank: number): Level | undefined {
    if (this.#only !== undefined) return rank === 0 ? this.#only : undefined
    let place = this.#levels.length - 1
    for (let left = rank; place >= 0; place--) if (this.#levels[place] !== null && left-- === 0) break
    if (this.#lags(place)) return this.#catchUp(), this.at(rank)
    return this.#read(place)
  }

  /** The best `most` levels, best first. */
  levels(most = this.length): ReadonlyArray<Level> {
    const out: Array<Level> = []
    if (this.#only !== undefined) return most > 0 ? [this.#only] : out
    for (let place = this.#levels.length - 1; out.length < most; place--) {
      if (this.#lags(place)) return this.#catchUp(), this.levels(most)
      if (place < 0) break
      const level = this.#read(place)
      if (level !== undefined) out.push(level)
    }
    return out
  }

  clear(): void {
    this.#prices.length = this.#levels.length = this.#count = 0
    this.#only = this.best = undefined
    this.#forget()
  }

  /** Replaces the levels at these prices; size zero removes. */
  change(levels: ReadonlyArray<Level> | Packed): void {
    if (this.#only !== undefined) this.fill([this.#only])
    if (typeof levels === "string") {
      const left = this.#take(levels, 0, this.#floor, null)
      if (left < levels.length) this.#wait(levels, left)
    } else {
      this.#catchUp()
      for (const [price, size] of levels) {
        this.#put(priceOf(price, 0, price.length), isZeroText(size) ? null : [price, size])
      }
    }
    if (this.#lags(this.#prices.length - 1)) this.#catchUp()
    this.best = this.#prices[this.#prices.length - 1]
  }

  /** Replaces everything; sorted once, whatever order it comes in. */
  fill(levels: ReadonlyArray<Level> | Packed): void {
    this.clear()
    const sorted = (typeof levels === "string" ? unpack(levels) : levels)
      .map((level) => [Number(level[0]), level] as const)
      .sort(([a], [b]) => this.#sign * (a - b))
    for (const [price, level] of sorted) this.#put(price, isZeroText(level[1]) ? null : level)
    this.#setFloor()
    this.best = this.#prices[this.#prices.length - 1]
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

  /**
   * Takes levels from a place in a text on, as far as `floor`, but none of `seen`'s prices from later texts; answers how
   * far it came. Each price and size is looked at once, character by character.
   */
  #take(text: Packed, from: number, floor: number, seen: Map<number, Packed> | null): number {
    const length = text.length, sign = this.#sign
    let at = from
    while (at < length) {
      let between = at, digits = 0, point = -1, isPlain = true
      for (let code = text.charCodeAt(at); code !== SPACE; code = text.charCodeAt(++between)) {
        if (code >= ZERO && code <= NINE) digits = digits * 10 + code - ZERO
        else if (code === POINT) point = between
        else isPlain = false
      }
      const price = !isPlain || between - at > EXACT_DIGITS
        ? priceOf(text, at, between)
        : scaled(digits, point < 0 ? 0 : between - point - 1)
      if (sign * price < floor) break
      let end = between + 1, isZero = true
      isPlain = true
      for (; end < length; end++) {
        const code = text.charCodeAt(end)
        if (code === SPACE) break
        if (code > NINE) isPlain = false
        else if (code > ZERO) isZero = false
      }
      const later = seen?.get(price)
      if (later === undefined || later === text) {
        seen?.set(price, text)
        // "0e5" is zero as well.
        if (!isPlain) isZero = isZeroText(text.slice(between + 1, end))
        this.#put(price, isZero ? null : text.slice(at, end))
      }
      at = end + 1
    }
    return at
  }

  /** Whether what stands at a place, or stood before the first, may be outdated. */
  #lags(place: number): boolean {
    return this.#waiting.length > 0 && (place < 0 || this.#sign * (this.#prices[place] ?? 0) < this.#floor)
  }

  #wait(text: Packed, from: number): void {
    this.#waiting.push(text)
    this.#waitingFrom.push(from)
    this.#waitingLength += text.length
    if (this.#waitingLength > WAITING_LENGTH) this.#catchUp()
  }

  /** Reads what waits, the latest first: nothing lags behind any more. */
  #catchUp(): void {
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting, from = this.#waitingFrom, seen = new Map<number, Packed>()
    this.#forget()
    for (let k = waiting.length - 1; k >= 0; k--) this.#take(waiting[k] ?? "", from[k] ?? 0, -Infinity, seen)
    this.#setFloor()
    this.best = this.#prices[this.#prices.length - 1]
  }

  #forget(): void {
    this.#waiting = []
    this.#waitingFrom = []
    this.#waitingLength = 0
    this.#floor = -Infinity
  }

  /** Only while nothing waits. */
  #setFloor(): void {
    const place = this.#prices.length - ABOVE_FLOOR
    this.#floor = place < 0 ? -Infinity : this.#sign * (this.#prices[place] ?? 0)
  }

  /** The level at a place, taken apart; none where it is empty. */
  #read(place: number): Level | undefined {
    const kept = this.#levels[place]
    if (kept === null || kept === undefined) return undefined
    if (typeof kept !== "string") return kept
    const between = kept.indexOf(" ")
    return this.#levels[place] = [kept.slice(0, between), kept.slice(between + 1)]
  }

  #put(price: number, kept: Kept): void {
    const prices = this.#prices, levels = this.#levels
    const place = this.#place(price)
    if (prices[place] === price) {
      this.#count += (kept === null ? 0 : 1) - (levels[place] === null ? 0 : 1)
      levels[place] = kept
      if (kept === null) this.#tidy()
    } else if (kept !== null) {
      this.#count++
      prices.splice(place, 0, price)
      levels.splice(place, 0, kept)
    }
  }

  /** The best place is never empty, and no more places are empty than filled, but for a few. */
  #tidy(): void {
    const prices = this.#prices, levels = this.#levels
    while (levels.length > 0 && levels[levels.length - 1] === null) {
      prices.pop()
      levels.pop()
    }
    if (levels.length < EMPTY_KEPT || levels.length < 2 * this.#count) return
    let filled = 0
    for (let place = 0; place < levels.length; place++) {
      const kept = levels[place] ?? null
      if (kept === null) continue
      levels[filled] = kept
      prices[filled++] = prices[place] ?? 0
    }
    prices.length = levels.length = filled
  }

  /** Where `price` stands, or would: in growing steps from the best, then by halves. */
  #place(price: number): number {
    const prices = this.#prices, sign = this.#sign, wanted = sign * price
    let high = prices.length, step = 1
    while (high - step >= 0 && sign * (prices[high - step] ?? 0) >= wanted) {
      high -= step
      step *= 2
    }
    let low = Math.max(0, high - step)
    if (low < high && sign * (prices[low] ?? 0) < wanted) low++
    while (low < high) {
      const middle = (low + high) >>> 1
      if (sign * (prices[middle] ?? 0) < wanted) low = middle + 1
      else high = middle
    }
    return low
  }
}
