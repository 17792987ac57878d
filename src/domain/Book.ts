/**
 * One order book, rebuilt from snapshots and deltas, or from quotes as a book of one level.
 *
 * In: `book` and `quote` ticks of one instrument, gaps. Out: levels best first. Promises: no price from a broken span
 * is ever readable: after a gap the book is empty until the next snapshot. Deltas that come before their snapshot are
 * kept (at most 5,000; then the oldest go) and replayed on it, so the delta that spans the snapshot may come first.
 */
import { type Level, type TickOf } from "./Tick.ts"

type Delta = TickOf<"book">

export type BookState = "empty" | "synced" | "broken"

/** What became of an event: `gap` means that the book was dropped and waits for a snapshot. */
export type Applied = "applied" | "buffered" | "ignored" | "gap"

const MAX_BUFFERED = 5_000

/** One side, best level first, as parallel arrays. */
export interface Side {
  readonly prices: Array<number>
  readonly priceTexts: Array<string>
  readonly sizeTexts: Array<string>
}

const emptySide = (): Side => ({ prices: [], priceTexts: [], sizeTexts: [] })

const clear = (side: Side): void => {
  side.prices.length = 0
  side.priceTexts.length = 0
  side.sizeTexts.length = 0
}

const isZeroSize = (size: string): boolean => size === "0" || Number(size) === 0

/** `sign` is 1 for asks (ascending), -1 for bids (descending). */
const setLevel = (side: Side, sign: 1 | -1, level: Level): void => {
  const price = Number(level[0])
  const { prices } = side
  let low = 0, high = prices.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (sign * ((prices[middle] ?? 0) - price) < 0) low = middle + 1
    else high = middle
  }
  const found = prices[low] === price
  if (isZeroSize(level[1])) {
    if (!found) return
    prices.splice(low, 1)
    side.priceTexts.splice(low, 1)
    side.sizeTexts.splice(low, 1)
  } else if (found) {
    side.sizeTexts[low] = level[1]
  } else {
    prices.splice(low, 0, price)
    side.priceTexts.splice(low, 0, level[0])
    side.sizeTexts.splice(low, 0, level[1])
  }
}

const fill = (side: Side, sign: 1 | -1, levels: ReadonlyArray<Level>): void => {
  clear(side)
  const sorted = levels.filter((level) => !isZeroSize(level[1])).sort((a, b) => sign * (Number(a[0]) - Number(b[0])))
  for (const [price, size] of sorted) {
    side.prices.push(Number(price))
    side.priceTexts.push(price)
    side.sizeTexts.push(size)
  }
}

export class Book {
  readonly bids: Side = emptySide()
  readonly asks: Side = emptySide()
  state: BookState = "empty"
  /** The venue's number of the last event applied. */
  seq: number | null = null
  /** True while the book came from quotes: one level a side. */
  fromQuotes = false
  /** Deltas applied since the beginning. */
  deltas = 0
  #afterSnapshot = false
  #buffered: Array<Delta> = []

  get crossed(): boolean {
    const bid = this.bids.prices[0], ask = this.asks.prices[0]
    return bid !== undefined && ask !== undefined && bid >= ask
  }

  /** A quote becomes the whole book, unless deeper knowledge is at hand. */
  quote(bid: string, bidSize: string, ask: string, askSize: string, seq: number | null): Applied {
    if (this.state === "synced" && !this.fromQuotes) return "ignored"
    setSingle(this.bids, bid, bidSize)
    setSingle(this.asks, ask, askSize)
    this.seq = seq
    this.state = "synced"
    this.fromQuotes = true
    return "applied"
  }

  apply(tick: Delta): Applied {
    return tick.snapshot ? this.#load(tick) : this.#delta(tick)
  }

  /** Continuity is lost: nothing may be read until the next snapshot (or quote). */
  break(): void {
    clear(this.bids)
    clear(this.asks)
    this.state = "broken"
    this.fromQuotes = false
    this.seq = null
    this.#buffered = []
  }

  #load(tick: Delta): Applied {
    fill(this.bids, -1, tick.bids)
    fill(this.asks, 1, tick.asks)
    this.seq = tick.seq
    this.state = "synced"
    this.fromQuotes = false
    this.#afterSnapshot = true
    const waiting = this.#buffered
    this.#buffered = []
    for (const delta of waiting) if (this.#delta(delta) === "gap") return "gap"
    return "applied"
  }

  #delta(tick: Delta): Applied {
    if (this.state !== "synced" || this.fromQuotes) {
      if (this.#buffered.length >= MAX_BUFFERED) this.#buffered.shift()
      this.#buffered.push(tick)
      return "buffered"
    }
    if (this.seq !== null && tick.seq !== null) {
      if (tick.seq <= this.seq) return "ignored"
      if (!this.#follows(tick, this.seq)) {
        this.break()
        this.#buffered.push(tick)
        return "gap"
      }
    }
    this.#afterSnapshot = false
    for (const level of tick.bids) setLevel(this.bids, -1, level)
    for (const level of tick.asks) setLevel(this.asks, 1, level)
    if (tick.seq !== null) this.seq = tick.seq
    this.deltas++
    return "applied"
  }

  /** The first delta after a snapshot may span it; later ones must follow on exactly. */
  #follows(tick: Delta, seq: number): boolean {
    if (this.#afterSnapshot && tick.firstSeq !== null) return tick.firstSeq <= seq + 1
    if (tick.prevSeq !== null) return this.#afterSnapshot ? tick.prevSeq <= seq : tick.prevSeq === seq
    return tick.firstSeq === null || tick.firstSeq <= seq + 1
  }
}

const setSingle = (side: Side, price: string, size: string): void => {
  if (isZeroSize(size)) return clear(side)
  side.prices.length = side.priceTexts.length = side.sizeTexts.length = 1
  if (side.priceTexts[0] !== price) {
    side.priceTexts[0] = price
    side.prices[0] = Number(price)
  }
  side.sizeTexts[0] = size
}
