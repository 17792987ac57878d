/**
 * Slots: the market state of one instrument on one venue, as the detectors read it.
 *
 * In: quotes, book events, heartbeats, gaps. Out: the book, best prices net of the taker fee as floats for screening,
 * and exact depth in base units for pricing. Promises: a book that is broken, empty or crossed screens as unusable
 * (bid 0, ask infinite), so that no price from it is ever used.
 */
import { Option } from "effect"
import { Book } from "../../domain/Book.ts"
import { contractSizeOf } from "../../domain/ContractSizes.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { DetectConfig, Lot, VenueFees } from "../../domain/DetectConfig.ts"
import * as Instrument from "../../domain/Instrument.ts"
import type { Depth } from "../../domain/Pricing.ts"
import { SHIPPED_LOTS } from "../../domain/ShippedLots.ts"
import type { TickOf } from "../../domain/Tick.ts"

/** What the operator must know of an instrument that takes part, or why it takes none. */
export type SlotNote = "no_fee" | "unknown_contract_size" | "no_lot_limits" | "contract_size_assumed_1"

export class Slot {
  readonly venue: string
  readonly instrument: Instrument.Instrument
  readonly fees: VenueFees
  readonly fee: Decimal.Decimal
  readonly contractSize: Decimal.Decimal
  readonly lot: Lot
  readonly book = new Book()
  readonly #bidFactor: number
  readonly #askFactor: number
  /** Best bid after the selling fee; 0 while unusable. */
  netBid = 0
  /** Best ask with the buying fee; infinite while unusable. */
  netAsk = Infinity
  /** Ingest time of the last frame or heartbeat of this subscription, ms. */
  seenAt = -Infinity
  readonly #lastAt = { quote: -1, book: -1 }
  readonly #ordinal = { quote: 0, book: 0 }

  constructor(
    venue: string,
    instrument: Instrument.Instrument,
    fees: VenueFees,
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

  /** Remembers a triggering tick; out: its ordinal among equals (same kind, same ingest time), part of an id. */
  stamp(kind: "quote" | "book", ingestTime: number): number {
    const ordinal = ingestTime === this.#lastAt[kind] ? this.#ordinal[kind] + 1 : 0
    this.#ordinal[kind] = ordinal
    this.#lastAt[kind] = ingestTime
    this.seenAt = ingestTime
    return ordinal
  }

  /** What `stamp` remembers, to be saved ... */
  lastStamp(kind: "quote" | "book"): { readonly at: number; readonly ordinal: number } {
    return { at: this.#lastAt[kind], ordinal: this.#ordinal[kind] }
  }

  /** ... and put back. */
  restoreStamp(kind: "quote" | "book", at: number, ordinal: number): void {
    this.#lastAt[kind] = at
    this.#ordinal[kind] = ordinal
  }

  quote(bid: string, bidSize: string, ask: string, askSize: string, seq: number | null): void {
    if (this.book.quote(bid, bidSize, ask, askSize, seq) === "applied") this.refresh()
  }

  event(tick: TickOf<"book">): "applied" | "buffered" | "ignored" | "gap" {
    const applied = this.book.apply(tick)
    if (applied === "applied" || applied === "gap") this.refresh()
    return applied
  }

  break(): void {
    this.book.break()
    this.refresh()
  }

  refresh(): void {
    const bid = this.book.bids.best, ask = this.book.asks.best
    const usable = !(bid !== undefined && ask !== undefined && bid >= ask)
    this.netBid = usable && bid !== undefined ? bid * this.#bidFactor : 0
    this.netAsk = usable && ask !== undefined ? ask * this.#askFactor : Infinity
  }

  /** Amount step in base units at this price; none where no limit is known. */
  stepAt(price: Decimal.Decimal): Option.Option<Decimal.Decimal> {
    return Option.map(Option.fromNullishOr(this.lot.step), (step) => this.#base(Decimal.fromChecked(step), price))
  }

  minAmountAt(price: Decimal.Decimal): Option.Option<Decimal.Decimal> {
    return Option.map(
      Option.fromNullishOr(this.lot.minAmount),
      (least) => this.#base(Decimal.fromChecked(least), price),
    )
  }

  depth(side: "bids" | "asks"): Depth {
    const levels = this.book[side]
    const prices: Array<Decimal.Decimal> = [], sizes: Array<Decimal.Decimal> = []
    const price = (at: number) => prices[at] ??= Decimal.fromChecked(levels.at(at)?.[0] ?? "0")
    const size = (at: number) => sizes[at] ??= this.#base(Decimal.fromChecked(levels.at(at)?.[1] ?? "0"), price(at))
    return { length: levels.length, price, size }
  }

  /** Contracts behind `base` units filled over `levels`; null on spot. */
  contracts(levels: ReadonlyArray<readonly [price: Decimal.Decimal, size: Decimal.Decimal]>): string | null {
    if (this.instrument.market === "spot") return null
    const inverse = Instrument.isInverse(this.instrument)
    let units = Decimal.ZERO
    for (const [price, size] of levels) units = Decimal.add(units, inverse ? Decimal.multiply(price, size) : size)
    return Decimal.format(Decimal.divide(units, this.contractSize, inverse ? 6 : Decimal.SCALE.size))
  }

  #base(size: Decimal.Decimal, price: Decimal.Decimal): Decimal.Decimal {
    return Instrument.toBase(this.instrument, this.contractSize, size, price)
  }
}

/** The slot of an instrument under a configuration, or why it takes no part; and what to tell the operator. */
export const makeSlot = (
  config: DetectConfig,
  venue: string,
  instrument: Instrument.Instrument,
): { readonly slot: Option.Option<Slot>; readonly notes: ReadonlyArray<SlotNote> } => {
  const fees = config.fees[venue]
  if (fees === undefined) return { slot: Option.none(), notes: ["no_fee"] }
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
  return { slot: Option.some(new Slot(venue, instrument, fees, contractSize, lot ?? {})), notes }
}
