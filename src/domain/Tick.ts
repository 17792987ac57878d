/**
 * Ticks: normalised market events, the only form in which market data travels.
 *
 * In: what feeds and recordings produce. Out: one union, one Schema that defines it, and the closed list of reasons
 * for which an event is refused. Sizes are as the venue states them (contracts on derivatives); decimals are text;
 * times are integer milliseconds since the epoch. `heartbeat` and `gap` are ours: a subscription that is alive though
 * silent, and one whose continuity is broken. The fast codec is TickCodec.ts; a property test holds it to this Schema.
 */
import { Schema } from "effect"
import { isDecimalText, PATTERN as DECIMAL_PATTERN } from "./Decimal.ts"
import * as Instrument from "./Instrument.ts"
import { Option } from "effect"

const decimal = (description: string, isInRange: (value: number) => true | string) =>
  Schema.String.annotate({ description }).check(
    Schema.isPattern(DECIMAL_PATTERN),
    Schema.makeFilter((text: string) => isDecimalText(text) || "a decimal text"),
    Schema.makeFilter((text: string) => isInRange(Number(text))),
  )
const Decimal = decimal("A decimal, as text", () => true)
const Price = decimal("A decimal above zero, as text", (value) => value > 0 || "above zero")
/** Contracts on derivatives. */
const Size = decimal(
  "A decimal, zero or more, as text; as the venue states it",
  (value) => value >= 0 || "zero or more",
)
const TimeMs = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  .annotate({ description: "Milliseconds since the epoch (UTC)" })
const Sequence = Schema.NullOr(Schema.Int).annotate({ description: "The venue's own number; null where it has none" })
const InstrumentName = Schema.String.check(
  Schema.makeFilter((name: string) => Option.isSome(Instrument.parse(name)) || "a canonical instrument name"),
)

/** `[price, size]`; in a delta, size "0" removes the price. */
export const Level = Schema.Tuple([Price, Size])
export type Level = readonly [price: string, size: string]

const envelope = {
  v: Schema.Literal(1),
  venue: Instrument.VenueId,
  instrument: InstrumentName,
  venueTime: Schema.NullOr(TimeMs).annotate({ description: "The exchange's time, ms; null where it gives none" }),
  ingestTime: TimeMs.annotate({ description: "Ours, when the event arrived, ms" }),
}

export const Quote = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("quote"),
  seq: Sequence,
  bid: Price,
  bidSize: Size,
  ask: Price,
  askSize: Size,
})
export const BookEvent = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("book"),
  snapshot: Schema.Boolean,
  /** The venue's own numbers (Binance: U, u, pu); null where it has none. */
  firstSeq: Sequence,
  seq: Sequence,
  prevSeq: Sequence,
  bids: Schema.Array(Level),
  asks: Schema.Array(Level),
})
export const Ticker = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("ticker"),
  last: Price,
  baseVolume: Schema.optionalKey(Size),
  quoteVolume: Schema.optionalKey(Size),
})
export const Trade = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("trade"),
  tradeId: Schema.String,
  price: Price,
  size: Size,
  /** The side of the taker. */
  side: Schema.Literals(["buy", "sell"]),
})
export const Funding = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("funding"),
  /** Fraction per interval; negative: shorts pay. */
  rate: Decimal,
  intervalMs: Schema.Int.check(Schema.isGreaterThan(0)),
  nextFundingTime: Schema.NullOr(TimeMs),
  predicted: Schema.Boolean,
})
export const Candle = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("candle"),
  intervalMs: Schema.Int.check(Schema.isGreaterThan(0)),
  open: Price,
  high: Price,
  low: Price,
  close: Price,
  volume: Size,
})
export const Heartbeat = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("heartbeat"),
})
/** Why the continuity of a subscription broke; nothing between the last tick and the next snapshot may be used. */
export const GapReason = Schema.Literals(["sequence", "checksum", "disconnect", "owner_lost", "overflow"])
export type GapReason = typeof GapReason.Type
export const Gap = Schema.Struct({
  ...envelope,
  kind: Schema.Literal("gap"),
  reason: GapReason,
})

export const Tick = Schema.Union([Quote, BookEvent, Ticker, Trade, Funding, Candle, Heartbeat, Gap])
export type Tick = typeof Tick.Type
export type TickKind = Tick["kind"]
export type TickOf<K extends TickKind> = Extract<Tick, { readonly kind: K }>
export const TICK_KINDS: ReadonlyArray<TickKind> = [
  "quote",
  "book",
  "ticker",
  "trade",
  "funding",
  "candle",
  "heartbeat",
  "gap",
]

/** Every reason for which a market event is refused, counted under this name and quarantined. */
export const BadTickReason = Schema.Literals([
  "not_json",
  "not_an_object",
  "forbidden_key",
  "too_large",
  "unknown_version",
  "unknown_kind",
  "missing_field",
  "wrong_type",
  "bad_instrument",
  "bad_decimal",
  "not_positive",
  "bad_time",
  "time_backwards",
  "crossed",
  "absurd_jump",
  "unknown_market",
  "venue_error",
])
export type BadTickReason = typeof BadTickReason.Type

/** A refused event: why, which field, and the head of what was received. */
export interface BadTick {
  readonly _tag: "BadTick"
  readonly reason: BadTickReason
  readonly detail: string
}
export const badTick = (reason: BadTickReason, detail: string): BadTick => ({ _tag: "BadTick", reason, detail })

/** A best bid at or above the best ask: no real order book rests like that. */
export const isCrossed = (bid: string, ask: string): boolean => Number(bid) >= Number(ask)
