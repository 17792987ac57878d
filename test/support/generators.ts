/**
 * Random domain values for property tests: decimal texts, instrument names, ticks of every kind.
 *
 * Out: arbitraries that shrink. Promises: what `ticks` yields is valid by the Schema of ticks; `spoilt` changes one
 * field of such a tick into something odd, valid or not.
 */
import { Schema } from "effect"
import * as Arbitrary from "effect/Arbitrary"
import type { Level, Tick } from "../../src/domain/Tick.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const oneOf = <const A extends ReadonlyArray<string>>(values: A) => Arbitrary.schema(Schema.Literals(values))

export const integers = (minimum: number, maximum: number) => Arbitrary.schema(between(minimum, maximum))

/** Decimal texts above zero, in every notation that venues use. */
export const prices = Arbitrary.map(
  Arbitrary.all({
    whole: integers(0, 999_999),
    part: integers(1, 999_999),
    form: oneOf(["plain", "plain", "whole", "small", "large", "plus"]),
  }),
  ({ form, part, whole }): string => {
    switch (form) {
      case "plain":
        return `${whole}.${String(part).padStart(6, "0")}`
      case "whole":
        return String(whole + 1)
      case "small":
        return `${part}e-7`
      case "large":
        return `${part}.5E+3`
      case "plus":
        return `+${part}`
    }
  },
)

/** Decimal texts of zero or more. */
export const sizes = Arbitrary.map(
  Arbitrary.all({ price: prices, zero: integers(0, 4), form: oneOf(["0", "0.000", "0e3"]) }),
  ({ form, price, zero }) => zero === 0 ? form : price,
)

const odd = ["BTC", "1INCH", "$MYRO", "a-b", "_x", "ÄÖ", "币安人生", "😀", "A.B", "k'", "X+Y", "%", ">", "*", "\u0000"]

/** Asset codes, odd ones too: any characters but those that part a name. */
export const assets = Arbitrary.map(
  Arbitrary.all([Arbitrary.schema(Schema.String), integers(0, odd.length - 1), integers(0, 1)]),
  ([text, at, plain]) => {
    const allowed = Array.from(text.toWellFormed()).filter((char) => !/[/:|\s]/u.test(char)).slice(0, 12).join("")
    return plain === 1 || allowed === "" ? odd[at] ?? "BTC" : allowed
  },
)

/** Canonical names of all markets. */
export const instruments = Arbitrary.map(
  Arbitrary.all({
    base: assets,
    quote: assets,
    settle: assets,
    market: oneOf(["spot", "linear", "inverse", "dated"]),
    expiry: integers(100_000, 999_999),
  }),
  ({ base, expiry, market, quote, settle }) => {
    switch (market) {
      case "spot":
        return `${base}/${quote}`
      case "linear":
        return `${base}/${quote}:${settle}`
      case "inverse":
        return `${base}/${quote}:${base}`
      case "dated":
        return `${base}/${quote}:${settle}-${expiry}`
    }
  },
)

const levels = Arbitrary.array(
  Arbitrary.map(Arbitrary.all([prices, sizes]), ([price, size]): Level => [price, size]),
  { maxLength: 5 },
)
const sequences = Arbitrary.map(integers(-1, 1_000_000_000), (seq) => seq < 0 ? null : seq)

/** Valid ticks of every kind. */
export const ticks = Arbitrary.map(
  Arbitrary.all({
    kind: oneOf(["quote", "book", "ticker", "trade", "funding", "candle", "heartbeat", "gap"]),
    instrument: instruments,
    venue: oneOf(["binance", "okx", "kraken", "x_1"]),
    ingestTime: integers(0, 2_000_000_000_000),
    lag: integers(-2_000, 5_000),
    text: Arbitrary.schema(Schema.String),
    price: prices,
    other: prices,
    size: sizes,
    seq: sequences,
    bids: levels,
    asks: levels,
    flag: Arbitrary.schema(Schema.Boolean),
    interval: integers(1, 86_400_000),
  }),
  (g): Tick => {
    const { ingestTime, instrument, venue } = g
    const venueTime = g.lag > 4_000 || ingestTime - g.lag < 0 ? null : ingestTime - g.lag
    const head = { v: 1, venue, instrument, venueTime, ingestTime } as const
    switch (g.kind) {
      case "quote":
        return { ...head, kind: g.kind, seq: g.seq, bid: g.price, bidSize: g.size, ask: g.other, askSize: g.size }
      case "book": {
        const { asks, bids, flag: snapshot, seq } = g
        return { ...head, kind: g.kind, snapshot, firstSeq: seq, seq, prevSeq: null, bids, asks }
      }
      case "ticker":
        return g.flag
          ? { ...head, kind: g.kind, last: g.price }
          : { ...head, kind: g.kind, last: g.price, baseVolume: g.size, quoteVolume: g.size }
      case "trade":
        return { ...head, kind: g.kind, tradeId: g.text, price: g.price, size: g.size, side: g.flag ? "buy" : "sell" }
      case "funding":
        return {
          ...head,
          kind: g.kind,
          rate: g.flag ? `-${g.price.replace("+", "")}` : g.price,
          intervalMs: g.interval,
          nextFundingTime: g.flag ? null : ingestTime + 1,
          predicted: g.flag,
        }
      case "candle": {
        const { interval: intervalMs, other, price, size } = g
        return { ...head, kind: g.kind, intervalMs, open: price, high: other, low: price, close: other, volume: size }
      }
      case "heartbeat":
        return { ...head, kind: g.kind }
      case "gap":
        return { ...head, kind: g.kind, reason: "sequence" }
    }
  },
)

/** What stands in a field once something went wrong. `undefined` takes the field away. */
const ODD_VALUES: ReadonlyArray<unknown> = [
  undefined,
  null,
  "",
  "abc",
  "0",
  "-0",
  "-1",
  "1",
  "1.",
  ".5",
  "+1",
  " 1",
  "1e400",
  "-1e400",
  "1e-400",
  "-1e-400",
  "1e5",
  "1E-5",
  "0e5",
  "-0.000",
  "NaN",
  "Infinity",
  "0x10",
  "1_000",
  "٣",
  "1".repeat(40),
  "1".repeat(41),
  "buy",
  "quote",
  "sequence",
  "BTC/USDT",
  "BTC|/USDT",
  "\ud800/USDT",
  "Binance",
  "a/b/c",
  0,
  -0,
  1,
  -1,
  1.5,
  2 ** 53,
  Number.MAX_SAFE_INTEGER,
  true,
  false,
  [],
  {},
  [["1", "2"]],
  [["1", "0"]],
  [["0", "1"]],
  [["1"]],
  [["1", "2", "3"]],
  [[1, 2]],
  ["1", "2"],
  [null],
]

/** A tick with one field changed into something odd. */
export const spoilt = Arbitrary.map(
  Arbitrary.all([ticks, integers(0, 20), integers(0, ODD_VALUES.length - 1)]),
  ([tick, field, value]): Readonly<Record<string, unknown>> => {
    const names = Object.keys(tick)
    const name = names[field % names.length] ?? "v"
    const { [name]: _, ...others } = { ...tick } as Readonly<Record<string, unknown>>
    const odd = ODD_VALUES[value]
    return odd === undefined ? others : { ...others, [name]: odd }
  },
)
