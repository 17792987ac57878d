/**
 * Evidence: everything that was used to price an opportunity, so that anybody can price it again.
 *
 * In: market views and terms at the moment of pricing. Out: one tagged union, part of the public object, and market views
 * made of it. Promises: decimals are exact text in base units; of each side of a book it holds the levels that were looked
 * at, one beyond the last that pays among them, at most `MAX_LEVELS`: a side that was looked at further is marked `cut`.
 */
import { Option, Schema } from "effect"
import { Candle } from "./Candles.ts"
import { DecimalText, FeeRate, NotNegative, Positive } from "./ConfigValues.ts"
import * as Decimal from "./Decimal.ts"
import { Lot, TradeMode } from "./DetectConfig.ts"
import { StatedRate } from "./FundingRates.ts"
import * as Instrument from "./Instrument.ts"
import { contractsOf, limitAt, type MarketView, type Side, watched, type WatchedDepth } from "./MarketView.ts"
import { SIGNALS, TechnicalConfig } from "./TechnicalRules.ts"

type Exact = Decimal.Decimal

/** Of one side of one book; about 30 B a level. */
export const MAX_LEVELS = 200

const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** One side of a book. */
export const Slice = Schema.Struct({
  /** `[price, base units]`, best first. */
  levels: Schema.Array(Schema.Tuple([Positive, Positive])),
  /** Levels that the side had in all; those beyond `levels` decided nothing, unless `cut`. */
  count: Count,
  /** More levels decided than are kept: it cannot be priced again from this alone. */
  cut: Schema.Boolean,
  /** Base units on the whole side; null where nothing depends on them. */
  visible: Schema.NullOr(NotNegative),
})
export type Slice = typeof Slice.Type

const InstrumentName = Schema.String.check(
  Schema.makeFilter((name: string) => Option.isSome(Instrument.parse(name)) || "an instrument such as BTC/USDT"),
)

export const MarketEvidence = Schema.Struct({
  venue: Instrument.VenueId,
  instrument: InstrumentName,
  /** Null: this side was not walked. */
  bids: Schema.NullOr(Slice),
  asks: Schema.NullOr(Slice),
  /** Taker fee as a fraction, what a buyer pays it in, and the version of the fee table it is from; null: the operator's. */
  feeRate: FeeRate,
  feeIn: Schema.Literals(["quote", "base"]),
  feeTable: Schema.NullOr(Schema.String),
  /** As the venue states it. */
  lot: Lot,
  contractSize: Positive,
  /** The venue's sequence of the book; null where it has none. */
  seq: Schema.NullOr(Schema.Int),
  /** Since its last frame or heartbeat; null: nothing was ever heard of its book (a signal needs trades alone). */
  ageMs: Schema.NullOr(Schema.Int),
})
export type MarketEvidence = typeof MarketEvidence.Type

/** How the selling leg's currency becomes the buying leg's. */
export const ConversionEvidence = Schema.Union([
  Schema.Struct({ kind: Schema.Literal("same") }),
  /** Declared by the operator: one unit becomes numerator / denominator. */
  Schema.Struct({ kind: Schema.Literal("parity"), numerator: Positive, denominator: Positive }),
  Schema.Struct({ kind: Schema.Literal("book"), side: Schema.Literals(["buy", "sell"]), market: MarketEvidence }),
])
export type ConversionEvidence = typeof ConversionEvidence.Type

/** When it was priced (ingest time, ms), and the net basis points that a telling must lie above. */
const priced = { at: Schema.Int, openBps: DecimalText }
const VisibleShare = Schema.NullOr(Positive)

export const CrossExchangeEvidence = Schema.Struct({
  type: Schema.Literal("cross_exchange"),
  ...priced,
  mode: TradeMode,
  buy: MarketEvidence,
  sell: MarketEvidence,
  conversion: ConversionEvidence,
  /** Null when pre-funded; `fee` and `minWithdraw` in base units. */
  way: Schema.NullOr(Schema.Struct({
    network: Schema.String,
    fee: NotNegative,
    minWithdraw: NotNegative,
    arrivalMs: Schema.NullOr(Schema.Int),
  })),
  /** Flat, in the buying leg's currency; and a fraction of what is paid. */
  otherCosts: NotNegative,
  rebalancing: NotNegative,
  /** Base units at most, and share of what both sides show at most; null: no cap. */
  maxSize: Schema.NullOr(Positive),
  visibleShare: VisibleShare,
})

export const TriangularEvidence = Schema.Struct({
  type: Schema.Literal("triangular"),
  ...priced,
  start: Schema.String,
  /** Of the start asset; null: no cap. */
  maxStart: Schema.NullOr(Positive),
  visibleShare: VisibleShare,
  /** In the order in which they are gone through; of each the side that was walked. */
  markets: Schema.Array(MarketEvidence).check(Schema.isMinLength(2)),
})

const KnownRates = Schema.Struct({ predicted: Schema.NullOr(StatedRate), settled: Schema.NullOr(StatedRate) })

export const FundingEvidence = Schema.Struct({
  type: Schema.Literal("funding"),
  ...priced,
  /** Both sides of both books: what is bought is sold again. */
  long: MarketEvidence,
  short: MarketEvidence,
  /** Both kinds as they were known; reckoned with was the one, on both sides alike. */
  pricedBy: Schema.Literals(["predicted", "settled"]),
  longRates: KnownRates,
  shortRates: KnownRates,
  /** A rate further from zero is refused; a fraction per interval. */
  maxRate: Positive,
  /** A unit of the short leg's currency in the long leg's, by a declared parity; "1" where they are the same. */
  conversion: Positive,
  horizonHours: Schema.Finite.check(Schema.isBetween({ minimum: 1, maximum: 8_760 })),
  /** Of the long leg, in its quote currency. */
  maxNotional: Positive,
  maxSize: Schema.NullOr(Positive),
  visibleShare: Positive,
})

export const TechnicalEvidence = Schema.Struct({
  type: Schema.Literal("technical"),
  at: Schema.Int,
  signal: Schema.Literals(SIGNALS),
  direction: Schema.Literals(["buy", "sell"]),
  /** The best level of both sides, where the price is the middle of a fresh book. */
  market: MarketEvidence,
  /** The last trade, where there was no fresh book. */
  lastTrade: Schema.NullOr(Schema.Struct({ price: Positive, ageMs: Schema.Int })),
  /** Candles that the indicators were computed from, oldest first; the last two whole. */
  closes: Schema.Array(Schema.Finite),
  volumes: Schema.Array(Schema.Finite),
  candles: Schema.Array(Candle),
  rules: TechnicalConfig,
})

export const Inputs = Schema.Union([
  CrossExchangeEvidence,
  TriangularEvidence,
  FundingEvidence,
  TechnicalEvidence,
])
export type Inputs = typeof Inputs.Type
export type InputsOf<T extends Inputs["type"]> = Extract<Inputs, { readonly type: T }>

export const Evidence = Schema.Struct({
  /** The tick that opened it, of which its id is made; `ordinal` among equals in the partition. */
  openedBy: Schema.Struct({
    venue: Instrument.VenueId,
    instrument: InstrumentName,
    kind: Schema.Literals(["quote", "book", "gap", "trade", "funding", "candle"]),
    ingestTime: Schema.Int,
    ordinal: Schema.Int,
  }),
  /** What the figures told were computed from: those of its best revision. */
  inputs: Inputs,
  /** First 32 hex digits of SHA-256 over both, as docs/evidence.md says: tells a changed digit that decides nothing. */
  digest: Schema.String,
})
export type Evidence = typeof Evidence.Type

// --- keeping --------------------------------------------------------------------------------------------------------

const sliceOf = (depth: WatchedDepth | undefined, visible: Exact | null): Slice | null => {
  if (depth === undefined) return null
  const kept = Math.min(depth.seen, MAX_LEVELS)
  return {
    levels: Array.from(
      { length: kept },
      (_, at) => [Decimal.format(depth.price(at)), Decimal.format(depth.size(at))] as const,
    ),
    count: depth.length,
    cut: depth.seen > kept,
    visible: visible === null ? null : Decimal.format(visible),
  }
}

/**
 * To be taken after pricing and before the book changes. `walked`: the sides that were priced through; `capped`: how much
 * they show decided too.
 */
export const marketEvidence = (
  market: MarketView,
  walked: Readonly<Partial<Record<Side, WatchedDepth>>>,
  atMs: number,
  capped = false,
): MarketEvidence => ({
  venue: market.venue,
  instrument: market.instrument.name,
  bids: sliceOf(walked.bids, capped ? market.visible("bids") : null),
  asks: sliceOf(walked.asks, capped ? market.visible("asks") : null),
  feeRate: market.fees.taker,
  feeIn: market.fees.takerIn,
  feeTable: market.fees.table,
  lot: market.lot,
  contractSize: Decimal.format(market.contractSize),
  seq: market.book.seq,
  ageMs: market.seenAt === -Infinity ? null : atMs - market.seenAt,
})

// --- reading --------------------------------------------------------------------------------------------------------

/** A market as evidence kept it, and which of its sides were asked for more than is kept. */
export interface KeptMarket extends MarketView {
  readonly overrun: () => ReadonlyArray<Side>
}

const NOTHING: Slice = { levels: [], count: 0, cut: false, visible: "0" }

/** A level that is not kept reads as one unit at price 1: whoever asks for it is told of by `overrun`. */
const depthOf = ({ count, levels }: Slice): WatchedDepth => {
  const parsed = levels.map(([price, size]) => [Decimal.fromChecked(price), Decimal.fromChecked(size)] as const)
  return watched({
    length: Math.min(Math.max(count, parsed.length), parsed.length + 1),
    price: (at) => parsed[at]?.[0] ?? Decimal.ONE,
    size: (at) => parsed[at]?.[1] ?? Decimal.ONE,
  })
}

/** None: its instrument's name says nothing. */
export const keptMarket = (kept: MarketEvidence, atMs: number): Option.Option<KeptMarket> =>
  Option.map(Instrument.parse(kept.instrument), (instrument) => {
    const slices = { bids: kept.bids ?? NOTHING, asks: kept.asks ?? NOTHING }
    const depths = { bids: depthOf(slices.bids), asks: depthOf(slices.asks) }
    const sized = { instrument, contractSize: Decimal.fromChecked(kept.contractSize) }
    return {
      ...sized,
      venue: kept.venue,
      fees: { taker: kept.feeRate, maker: null, takerIn: kept.feeIn, table: kept.feeTable },
      fee: Decimal.fromChecked(kept.feeRate),
      lot: kept.lot,
      book: { seq: kept.seq },
      seenAt: kept.ageMs === null ? -Infinity : atMs - kept.ageMs,
      depth: (side) => depths[side],
      visible: (side) => Decimal.fromChecked(slices[side].visible ?? "0"),
      stepAt: (price) => limitAt(sized, kept.lot.step, price),
      minAmountAt: (price) => limitAt(sized, kept.lot.minAmount, price),
      contracts: (levels) => contractsOf(sized, levels),
      overrun: () => (["bids", "asks"] as const).filter((side) => depths[side].seen > slices[side].levels.length),
    }
  })

/** JSON with its keys in order and no space: one text for one value, whichever store it came through. */
export const canonical = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null"
  const members = Object.entries(value).filter(([, member]) => member !== undefined).sort(([a], [b]) => a < b ? -1 : 1)
  return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`
}
