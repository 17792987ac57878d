/**
 * Slots: the market state of one instrument on one venue, as the detectors read it.
 *
 * In: quotes, book events, heartbeats, gaps. Out: the book, best prices net of the taker fee as floats for screening,
 * and exact depth in base units for pricing. Promises: a book that is broken, empty or crossed screens as unusable
 * (bid 0, ask infinite), so that no price from it is ever used.
 */
import { Option } from "effect"
import { Book, type BookUpdate } from "../../domain/Book.ts"
import { contractSizeOf } from "../../domain/ContractSizes.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig, Lot } from "../../domain/DetectConfig.ts"
import { feesOf, type MarketFees } from "../../domain/Fees.ts"
import * as Instrument from "../../domain/Instrument.ts"
import { type Depth, visible } from "../../domain/Depth.ts"
import { contractsOf, limitAt, type MarketView } from "../../domain/MarketView.ts"
import { SHIPPED_LOTS } from "../../domain/ShippedLots.ts"
import { Volatility } from "../../domain/Volatility.ts"

/** What the operator must know of an instrument that takes part, or why it takes none. */
export type SlotNote =
  | "no_fee"
  | "unknown_contract_size"
  | "no_lot_limits"
  | "contract_size_assumed_1"
  | "cycles_left_out"

/** Ticks that can bring an opportunity about. */
export const STAMPED_KINDS = ["quote", "book", "trade", "funding", "candle"] as const
export type StampedKind = typeof STAMPED_KINDS[number]

export class Slot implements MarketView {
  readonly venue: string
  readonly instrument: Instrument.Instrument
  readonly fees: MarketFees
  readonly fee: Decimal.Decimal
  readonly contractSize: Decimal.Decimal
  readonly lot: Lot
  readonly book = new Book()
  readonly volatility = new Volatility()
  /** Both sides as `depth` has read them; none since the book changed. */
  #bids: Depth | null = null
  #asks: Depth | null = null
  readonly #bidFactor: number
  readonly #askFactor: number
  /** Best bid after the selling fee; 0 while unusable. */
  netBid = 0
  /** Best ask with the buying fee; infinite while unusable. */
  netAsk = Infinity
  /** Ingest time of the last frame or heartbeat of this subscription, ms. */
  seenAt = -Infinity
  readonly #lastAt = { quote: -1, book: -1, trade: -1, funding: -1, candle: -1 }
  readonly #ordinal = { quote: 0, book: 0, trade: 0, funding: 0, candle: 0 }

  constructor(
    venue: string,
    instrument: Instrument.Instrument,
    fees: MarketFees,
    contractSize: Decimal.Decimal,
    lot: Lot,
  ) {
    this.venue = venue
    this.instrument = instrument
    this.fees = fees
    this.fee = Decimal.fromChecked(fees.taker)
    this.contractSize = contractSize
    this.lot = lot
    const taker = Number(fees.taker)
    this.#bidFactor = 1 - taker
    this.#askFactor = fees.takerIn === "base" ? 1 / (1 - taker) : 1 + taker
  }

  /**
   * Remembers a triggering tick; out: its ordinal among equals (same kind, same ingest time), part of an id. Only the
   * book's own ticks keep the book fresh.
   */
  stamp(kind: StampedKind, ingestTime: number): number {
    const ordinal = ingestTime === this.#lastAt[kind] ? this.#ordinal[kind] + 1 : 0
    this.#ordinal[kind] = ordinal
    this.#lastAt[kind] = ingestTime
    if (kind === "quote" || kind === "book") this.seenAt = ingestTime
    return ordinal
  }

  /** What `stamp` remembers, to be saved ... */
  lastStamp(kind: StampedKind): { readonly at: number; readonly ordinal: number } {
    return { at: this.#lastAt[kind], ordinal: this.#ordinal[kind] }
  }

  /** ... and put back. */
  restoreStamp(kind: StampedKind, at: number, ordinal: number): void {
    this.#lastAt[kind] = at
    this.#ordinal[kind] = ordinal
  }

  quote(bid: string, bidSize: string, ask: string, askSize: string, seq: number | null): void {
    if (this.book.quote(bid, bidSize, ask, askSize, seq) === "applied") this.refresh()
  }

  event(update: BookUpdate): "applied" | "buffered" | "ignored" | "gap" {
    const applied = this.book.apply(update)
    if (applied === "applied" || applied === "gap") this.refresh()
    return applied
  }

  break(): void {
    this.book.break()
    this.refresh()
  }

  refresh(): void {
    this.#bids = this.#asks = null
    const bid = this.book.bids.best, ask = this.book.asks.best
    const usable = !(bid !== undefined && ask !== undefined && bid >= ask)
    this.netBid = usable && bid !== undefined ? bid * this.#bidFactor : 0
    this.netAsk = usable && ask !== undefined ? ask * this.#askFactor : Infinity
  }

  /** Has the mid price measured where that is due. A book that is empty on a side or crossed has none. */
  measure(ingestTime: number): void {
    if (!this.volatility.isDue(ingestTime)) return
    const bid = this.book.bids.best, ask = this.book.asks.best
    if (bid === undefined || ask === undefined || bid >= ask) return
    this.volatility.sample((bid + ask) / 2, ingestTime)
  }

  stepAt(price: Decimal.Decimal): Option.Option<Decimal.Decimal> {
    return limitAt(this, this.lot.step, price)
  }

  minAmountAt(price: Decimal.Decimal): Option.Option<Decimal.Decimal> {
    return limitAt(this, this.lot.minAmount, price)
  }

  /** As it stands: parsed level by level as it is asked for, once until the book changes. */
  depth(side: "bids" | "asks"): Depth {
    return side === "bids" ? this.#bids ??= this.#read("bids") : this.#asks ??= this.#read("asks")
  }

  visible(side: "bids" | "asks"): Decimal.Decimal {
    return visible(this.depth(side))
  }

  #read(side: "bids" | "asks"): Depth {
    const levels = this.book[side]
    const prices: Array<Decimal.Decimal> = [], sizes: Array<Decimal.Decimal> = []
    const price = (at: number) => prices[at] ??= Decimal.fromChecked(levels.at(at)?.[0] ?? "0")
    const size = (at: number) =>
      sizes[at] ??= Instrument.toBase(
        this.instrument,
        this.contractSize,
        Decimal.fromChecked(levels.at(at)?.[1] ?? "0"),
        price(at),
      )
    return { length: levels.length, price, size }
  }

  contracts(levels: ReadonlyArray<readonly [price: Decimal.Decimal, size: Decimal.Decimal]>): string | null {
    return contractsOf(this, levels)
  }
}

/** The slot of an instrument under a configuration, or why it takes no part; and what to tell the operator. */
export const makeSlot = (
  config: DetectConfig,
  venue: string,
  instrument: Instrument.Instrument,
): { readonly slot: Option.Option<Slot>; readonly notes: ReadonlyArray<SlotNote> } => {
  const fees = feesOf(config.fees, venue, instrument)
  if (Option.isNone(fees)) return { slot: Option.none(), notes: ["no_fee"] }
  const configured = Option.map(
    Option.fromNullishOr(config.contractSizes[venue]?.[instrument.name]),
    Decimal.fromChecked,
  )
  const size = Option.orElse(configured, () => contractSizeOf(venue, instrument))
  if (Option.isNone(size) && Instrument.isInverse(instrument)) {
    return { slot: Option.none(), notes: ["unknown_contract_size"] }
  }
  const lot = (config.lots ?? SHIPPED_LOTS)[venue]?.[instrument.name]
  const notes: ReadonlyArray<SlotNote> = [
    ...(lot === undefined ? ["no_lot_limits" as const] : []),
    ...(Option.isNone(size) ? ["contract_size_assumed_1" as const] : []),
  ]
  const contractSize = Option.getOrElse(size, () => Decimal.ONE)
  return { slot: Option.some(new Slot(venue, instrument, fees.value, contractSize, lot ?? {})), notes }
}
