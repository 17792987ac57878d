/**
 * One case a venue: what is subscribed, and on which channels of the fake venue that arrives.
 *
 * In: nothing. Out: the cases, in one shape. Promises: every kind the venue's adapter offers is in its case.
 */
import type { FeedKind } from "../../../src/domain/Feed.ts"
import { binance } from "./binance.ts"
import { binancecoinm } from "./binancecoinm.ts"
import { binanceusdm } from "./binanceusdm.ts"
import { bybit } from "./bybit.ts"
import { coinbaseexchange } from "./coinbaseexchange.ts"
import { kraken } from "./kraken.ts"
import { okx } from "./okx.ts"
import type { VenueScript } from "./VenueScript.ts"

export interface VenueCase {
  readonly id: string
  readonly script: (folder: string) => VenueScript
  readonly instruments: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<FeedKind>
  readonly channels: ReadonlyArray<string>
  /** The channel whose frames are one book of the first instrument; absent where the venue has no public books. */
  readonly book?: string
  /** The channel of best quotes that has the most frames. */
  readonly quote: string
}

const everything: ReadonlyArray<FeedKind> = ["quote", "book", "trade", "funding"]

export const cases: ReadonlyArray<VenueCase> = [
  {
    id: "binance",
    script: binance,
    instruments: ["NKN/USDT"],
    kinds: ["quote", "book", "trade"],
    channels: ["nknusdt@depth@100ms", "nknusdt@bookTicker", "nknusdt@aggTrade"],
    book: "nknusdt@depth@100ms",
    quote: "nknusdt@bookTicker",
  },
  {
    id: "binanceusdm",
    script: binanceusdm,
    instruments: ["SUSHI/USDT:USDT"],
    kinds: everything,
    channels: ["sushiusdt@depth@100ms", "sushiusdt@bookTicker", "sushiusdt@aggTrade", "sushiusdt@markPrice@1s"],
    book: "sushiusdt@depth@100ms",
    quote: "sushiusdt@bookTicker",
  },
  {
    id: "binancecoinm",
    script: binancecoinm,
    instruments: ["BCH/USD:BCH"],
    kinds: everything,
    channels: ["bchusd_perp@depth@100ms", "bchusd_perp@bookTicker", "bchusd_perp@aggTrade", "bchusd_perp@markPrice@1s"],
    book: "bchusd_perp@depth@100ms",
    quote: "bchusd_perp@bookTicker",
  },
  {
    id: "okx",
    script: okx,
    instruments: ["BTC/USDT", "ETH/USDT", "UNI/USD:UNI"],
    kinds: everything,
    channels: [
      "books:BTC-USDT",
      "books:ETH-USDT",
      "books:UNI-USD-SWAP",
      "bbo-tbt:BTC-USDT",
      "trades:BTC-USDT",
      "trades:UNI-USD-SWAP",
      "funding-rate:UNI-USD-SWAP",
    ],
    book: "books:BTC-USDT",
    quote: "bbo-tbt:BTC-USDT",
  },
  {
    id: "bybit",
    script: bybit,
    instruments: ["XRP/USDT:USDT"],
    kinds: everything,
    channels: ["orderbook.deep.XRPUSDT", "orderbook.1.XRPUSDT", "publicTrade.XRPUSDT", "tickers.XRPUSDT"],
    book: "orderbook.deep.XRPUSDT",
    quote: "orderbook.1.XRPUSDT",
  },
  {
    id: "kraken",
    script: kraken,
    instruments: ["BTC/USD"],
    kinds: ["quote", "book", "trade"],
    channels: ["book:BTC/USD", "ticker:BTC/USD", "trade:BTC/USD"],
    book: "book:BTC/USD",
    quote: "ticker:BTC/USD",
  },
  {
    id: "coinbaseexchange",
    script: coinbaseexchange,
    instruments: ["BAND/GBP", "BTC/USD"],
    kinds: ["quote", "trade"],
    channels: ["ticker:BAND-GBP", "matches:BAND-GBP", "ticker:BTC-USD"],
    quote: "ticker:BTC-USD",
  },
]
