/**
 * The fee table: what venues publish that they charge, per market and account tier.
 *
 * In: nothing. Out: maker and taker rates with the page they come from, when the venue published them (where the page
 * says so) and when they were read. Promises: standard rates without discounts for paying in a venue's own token, so
 * nothing looks cheaper than it is; a change of any rate is a new `VERSION`, and a test holds it to that.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"

/** Stamped into what was priced with this table. */
export const VERSION = "2026-11-21"

/** The tier of an account without volume or holdings. Others are named as venues do, or by 30-day volume in USD. */
export const REGULAR = "regular"

export type FeeMarket = "spot" | "linear" | "inverse"

export interface FeeEntry {
  readonly venues: ReadonlyArray<string>
  readonly market: FeeMarket
  readonly source: string
  /** The day the page itself bears; null where it bears none. */
  readonly published: string | null
  readonly read: string
  /** Percent, as published. */
  readonly rates: Readonly<Record<string, readonly [maker: string, taker: string]>>
}

const READ = "2026-11-21"

export const FEE_TABLE: ReadonlyArray<FeeEntry> = [
  {
    venues: ["binance"],
    market: "spot",
    source: "https://www.binance.com/en/fee/schedule",
    published: "2024-07-11",
    read: READ,
    rates: {
      regular: ["0.1000", "0.1000"],
      vip1: ["0.0900", "0.1000"],
      vip2: ["0.0800", "0.1000"],
      vip3: ["0.0420", "0.0600"],
      vip4: ["0.0420", "0.0540"],
      vip5: ["0.0360", "0.0480"],
      vip6: ["0.0300", "0.0420"],
      vip7: ["0.0240", "0.0360"],
      vip8: ["0.0180", "0.0300"],
      vip9: ["0.0120", "0.0240"],
    },
  },
  {
    venues: ["binance", "binanceusdm"],
    market: "linear",
    source: "https://www.binance.com/en/fee/futureFee",
    published: null,
    read: READ,
    rates: {
      regular: ["0.0200", "0.0500"],
      vip1: ["0.0160", "0.0400"],
      vip2: ["0.0140", "0.0350"],
      vip3: ["0.0120", "0.0320"],
      vip4: ["0.0100", "0.0300"],
      vip5: ["0.0080", "0.0270"],
      vip6: ["0.0060", "0.0250"],
      vip7: ["0.0040", "0.0220"],
      vip8: ["0.0020", "0.0200"],
      vip9: ["0.0000", "0.0170"],
    },
  },
  {
    venues: ["binance", "binancecoinm"],
    market: "inverse",
    source: "https://www.binance.com/en/fee/deliveryFee",
    published: null,
    read: READ,
    rates: {
      regular: ["0.0100", "0.0500"],
      vip1: ["0.0080", "0.0450"],
      vip2: ["0.0050", "0.0400"],
      vip3: ["0.0030", "0.0300"],
      vip4: ["0.0000", "0.0250"],
    },
  },
  {
    venues: ["okx"],
    market: "spot",
    source: "https://www.okx.com/fees",
    published: null,
    read: READ,
    rates: {
      regular: ["0.080", "0.100"],
      lv2: ["0.075", "0.095"],
      lv3: ["0.070", "0.090"],
      lv4: ["0.065", "0.085"],
      lv5: ["0.060", "0.080"],
      vip1: ["0.060", "0.080"],
      vip2: ["0.050", "0.070"],
      vip3: ["0.030", "0.060"],
      vip4: ["0.020", "0.050"],
      vip5: ["0.000", "0.040"],
      vip6: ["-0.002", "0.030"],
      vip7: ["-0.005", "0.025"],
      vip8: ["-0.005", "0.020"],
    },
  },
  {
    venues: ["okx"],
    market: "linear",
    source: "https://www.okx.com/fees",
    published: null,
    read: READ,
    rates: { regular: ["0.020", "0.050"] },
  },
  {
    venues: ["okx"],
    market: "inverse",
    source: "https://www.okx.com/fees",
    published: null,
    read: READ,
    rates: { regular: ["0.020", "0.050"] },
  },
  {
    venues: ["bybit"],
    market: "spot",
    source: "https://www.bybit.com/en/help-center/article/Trading-Fee-Structure",
    published: null,
    read: READ,
    rates: {
      regular: ["0.1000", "0.1000"],
      vip1: ["0.0675", "0.0800"],
      vip2: ["0.0650", "0.0775"],
      vip3: ["0.0625", "0.0750"],
      vip4: ["0.0500", "0.0600"],
      vip5: ["0.0400", "0.0500"],
      supreme: ["0.0300", "0.0450"],
    },
  },
  ...(["linear", "inverse"] as const).map((market): FeeEntry => ({
    venues: ["bybit"],
    market,
    source: "https://www.bybit.com/en/help-center/article/Trading-Fee-Structure",
    published: null,
    read: READ,
    rates: {
      regular: ["0.0200", "0.0550"],
      vip1: ["0.0180", "0.0400"],
      vip2: ["0.0160", "0.0375"],
      vip3: ["0.0140", "0.0350"],
      vip4: ["0.0120", "0.0320"],
      vip5: ["0.0100", "0.0320"],
      supreme: ["0.0000", "0.0300"],
    },
  })),
  {
    venues: ["kraken"],
    market: "spot",
    source: "https://www.kraken.com/features/fee-schedule",
    published: null,
    read: READ,
    rates: {
      regular: ["0.25", "0.40"],
      "10k": ["0.20", "0.35"],
      "50k": ["0.14", "0.24"],
      "100k": ["0.12", "0.22"],
      "250k": ["0.10", "0.20"],
      "500k": ["0.08", "0.18"],
      "1m": ["0.06", "0.16"],
      "2.5m": ["0.04", "0.14"],
      "5m": ["0.02", "0.12"],
      "10m": ["0.00", "0.10"],
    },
  },
  {
    venues: ["coinbaseexchange"],
    market: "spot",
    source: "https://help.coinbase.com/en/exchange/trading-and-funding/exchange-fees",
    published: null,
    read: READ,
    rates: {
      regular: ["0.40", "0.60"],
      "10k": ["0.25", "0.40"],
      "50k": ["0.15", "0.25"],
      "100k": ["0.10", "0.20"],
      "1m": ["0.08", "0.18"],
      "15m": ["0.06", "0.16"],
      "75m": ["0.03", "0.12"],
    },
  },
  {
    venues: ["coinbase"],
    market: "spot",
    source: "https://help.coinbase.com/en/coinbase/trading-and-funding/advanced-trade/advanced-trade-fees",
    published: null,
    read: READ,
    rates: { regular: ["0.60", "1.20"] },
  },
]

/** Venues that take a spot buyer's fee from the coins bought; the others take quote currency. */
const TAKES_BASE: ReadonlySet<string> = new Set(["binance", "okx", "bybit"])

export const takerIn = (venue: string, market: FeeMarket): "quote" | "base" =>
  market === "spot" && TAKES_BASE.has(venue) ? "base" : "quote"

const PERCENT = Decimal.fromChecked("0.01")
const fraction = (percent: string): string => Decimal.format(Decimal.multiply(Decimal.fromChecked(percent), PERCENT))

/** Fractions. A tier that a venue publishes for another market only pays the regular rate here; none: not in the table. */
export const ratesOf = (
  venue: string,
  market: FeeMarket,
  tier: string,
): Option.Option<{ readonly maker: string; readonly taker: string }> => {
  const entry = FEE_TABLE.find((one) => one.market === market && one.venues.includes(venue))
  const rates = tiersOf(venue).includes(tier) ? entry?.rates[tier] ?? entry?.rates[REGULAR] : undefined
  return Option.map(Option.fromNullishOr(rates), ([maker, taker]) => ({
    maker: fraction(maker),
    taker: fraction(taker),
  }))
}

/** Every tier that a venue publishes for any market; empty for a venue that the table does not know. */
export const tiersOf = (venue: string): ReadonlyArray<string> => [
  ...new Set(FEE_TABLE.filter(({ venues }) => venues.includes(venue)).flatMap(({ rates }) => Object.keys(rates))),
]

/** Every venue of the table. */
export const venues: ReadonlyArray<string> = [...new Set(FEE_TABLE.flatMap((entry) => entry.venues))]
