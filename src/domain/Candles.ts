/**
 * Candles of one instrument, built from its trades or taken whole from its venue.
 *
 * In: trades and the passing of ingest time; or whole candles. Out: closed candles, in order, none missing. Promises: an
 * interval without a trade is a flat candle of no volume, up to 5 in a row; after more, what came before no longer
 * counts and `broken` is said; a price twice or half the one before is not believed until three in a row agree.
 */
import { Schema } from "effect"
import type { RejectionReason } from "./Rejection.ts"

export const Candle = Schema.Struct({
  /** When it begins, ms. */
  from: Schema.Int,
  open: Schema.Finite,
  high: Schema.Finite,
  low: Schema.Finite,
  close: Schema.Finite,
  /** As the venue states sizes. */
  volume: Schema.Finite,
})
export type Candle = typeof Candle.Type

/** More intervals than these without a trade break the series. */
export const MAX_EMPTY = 5
/** A price further from the last one than this factor is doubted ... */
const JUMP = 2
/** ... until so many in a row lie within the factor of each other. */
const AGREE = 3

export const SeriesState = Schema.Struct({
  open: Schema.NullOr(Candle),
  empty: Schema.Int,
  lastPrice: Schema.NullOr(Schema.Finite),
  doubted: Schema.NullOr(Schema.Struct({ price: Schema.Finite, times: Schema.Int })),
  whole: Schema.Boolean,
  broken: Schema.Boolean,
})
export type SeriesState = typeof SeriesState.Type

/** What closed since the last call. `broken`: nothing before the first of them counts any more. */
export interface Closed {
  readonly broken: boolean
  readonly candles: ReadonlyArray<Candle>
}

const NOTHING: Closed = { broken: false, candles: [] }

const isNear = (price: number, other: number): boolean => price < other * JUMP && price * JUMP > other

const flat = (from: number, price: number): Candle => (
  { from, open: price, high: price, low: price, close: price, volume: 0 }
)

export class CandleSeries {
  readonly #intervalMs: number
  #open: Candle | null = null
  /** Flat candles in a row, the open one not counted. */
  #empty = 0
  #lastPrice: number | null = null
  #doubted: { readonly price: number; readonly times: number } | null = null
  /** The venue sends whole candles: trades build none. */
  #whole = false
  #broken = false

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs
  }

  /** Ingest time at which the open candle closes. */
  get closesAt(): number {
    return this.#open === null || this.#whole ? Infinity : this.#open.from + this.#intervalMs
  }

  /** Closes every interval that is over at `at`. */
  advance(at: number): Closed {
    if (at < this.closesAt) return NOTHING
    const candles: Array<Candle> = []
    while (this.#open !== null && at >= this.#open.from + this.#intervalMs) {
      const closed: Candle = this.#open
      if (closed.volume === 0 && ++this.#empty > MAX_EMPTY) return this.#break()
      if (closed.volume > 0) this.#empty = 0
      candles.push(closed)
      this.#open = flat(closed.from + this.#intervalMs, closed.close)
    }
    return this.#tell(candles)
  }

  /** To be called after `advance(at)`. Why the trade was left out; null: it was taken. */
  trade(price: number, size: number, at: number): RejectionReason | null {
    if (this.#whole) return null
    if (!(size > 0)) return "no_volume"
    if (this.#open !== null && at < this.#open.from) return "late_trade"
    const refusal = this.#doubt(price)
    if (refusal !== null) return refusal
    this.#lastPrice = price
    const open = this.#open
    if (open === null) {
      const from = Math.floor(at / this.#intervalMs) * this.#intervalMs
      this.#open = { ...flat(from, price), volume: size }
    } else if (open.volume === 0) this.#open = { ...flat(open.from, price), volume: size }
    else {
      const { from, high, low, volume } = open
      this.#open = {
        from,
        open: open.open,
        high: Math.max(high, price),
        low: Math.min(low, price),
        close: price,
        volume: volume + size,
      }
    }
    return null
  }

  /** A candle that the venue closed, heard of at `at`: from the first on they replace those of trades. */
  candle(values: Omit<Candle, "from">, at: number): Closed | RejectionReason {
    const { close, high, low, open, volume } = values
    if (high < Math.max(open, close) || low > Math.min(open, close) || volume < 0) return "implausible_price"
    if (!this.#whole) {
      this.#whole = true
      this.#open = null
      this.#empty = 0
      this.#broken = true
    }
    // Venues stamp the close with the last or with the first millisecond, and a little passes until it is heard of.
    const from = Math.round(at / this.#intervalMs) * this.#intervalMs - this.#intervalMs
    // Of whole candles `#open` is the last one closed.
    if (this.#open !== null && from <= this.#open.from) return "late_trade"
    const refusal = this.#doubt(close)
    if (refusal !== null) return refusal
    this.#lastPrice = close
    const last = this.#open
    const missing = last === null ? 0 : (from - last.from) / this.#intervalMs - 1
    const candles: Array<Candle> = []
    if (last === null || missing > MAX_EMPTY) this.#broken = true
    else for (let n = 1; n <= missing; n++) candles.push(flat(last.from + n * this.#intervalMs, last.close))
    this.#open = { from, ...values }
    return this.#tell([...candles, this.#open])
  }

  snapshot(): SeriesState {
    return {
      open: this.#open,
      empty: this.#empty,
      lastPrice: this.#lastPrice,
      doubted: this.#doubted,
      whole: this.#whole,
      broken: this.#broken,
    }
  }

  restore({ broken, doubted, empty, lastPrice, open, whole }: SeriesState): void {
    this.#open = open
    this.#empty = empty
    this.#lastPrice = lastPrice
    this.#doubted = doubted
    this.#whole = whole
    this.#broken = broken
  }

  #break(): Closed {
    this.#open = null
    this.#empty = 0
    this.#broken = false
    return { broken: true, candles: [] }
  }

  #tell(candles: ReadonlyArray<Candle>): Closed {
    const broken = this.#broken
    this.#broken = false
    return { broken, candles }
  }

  /** A jump that keeps being confirmed is the market's: what came before it no longer counts. */
  #doubt(price: number): RejectionReason | null {
    if (this.#lastPrice === null || isNear(price, this.#lastPrice)) {
      this.#doubted = null
      return null
    }
    const before = this.#doubted
    const times = before !== null && isNear(price, before.price) ? before.times + 1 : 1
    if (times < AGREE) {
      this.#doubted = { price, times }
      return "implausible_price"
    }
    this.#doubted = null
    this.#open = null
    this.#empty = 0
    this.#broken = true
    return null
  }
}
