/**
 * Asset identity: whether a ticker on one venue is the same asset as that ticker on another. EXAMPLES rule 7.
 *
 * In: the curated map below, the operator's bounds and what an administrator decided. Out: the asset behind a venue's
 * symbol, and how two of them may be compared. Promises: a pair that an administrator denied is never compared; one that
 * is suspected stays so, whatever its spread does, until an administrator approves it; nobody is asked twice.
 */
import { Schema } from "effect"
import { withDefault } from "./ConfigValues.ts"
import { VenueId } from "./Instrument.ts"

/** `verified`: the curated map knows it. `approved` and `denied`: an administrator said so. */
export const IdentityStatus = Schema.Literals(["verified", "suspect", "approved", "denied"])
export type IdentityStatus = typeof IdentityStatus.Type

export const VenueSymbol = Schema.Struct({ venue: VenueId, symbol: Schema.String })
export type VenueSymbol = typeof VenueSymbol.Type

/** Two symbols that claim to be one asset; `a` comes before `b`. */
export interface IdentityPair {
  readonly asset: string
  readonly a: VenueSymbol
  readonly b: VenueSymbol
}

const nameOf = ({ symbol, venue }: VenueSymbol): string => `${venue}|${symbol}`

/** The same whichever is named first. */
export const pairOf = (asset: string, one: VenueSymbol, other: VenueSymbol): IdentityPair => {
  const [a, b] = nameOf(one) < nameOf(other) ? [one, other] as const : [other, one] as const
  return { asset, a, b }
}

export const pairKey = (pair: Pick<IdentityPair, "a" | "b">): string => `${nameOf(pair.a)}~${nameOf(pair.b)}`

/** What a detector saw: gross spread as a fraction, without fees, above the bound of the asset. */
export const Suspicion = Schema.Struct({
  asset: Schema.String,
  a: VenueSymbol,
  b: VenueSymbol,
  spread: Schema.String,
  bound: Schema.Finite,
  /** Ingest time, ms. */
  at: Schema.Int,
})
export type Suspicion = typeof Suspicion.Type

export interface Decision extends IdentityPair {
  readonly status: IdentityStatus
}

/** Gross spread (a fraction) above which two prices are not believed to be of one asset. */
export const DEFAULT_BOUND = 0.5

/**
 * Coins whose ticker is the native coin of its own chain, or a token of one issuer, on each of these venues. Source: the
 * asset pages of the venues (deposit network and contract), as ccxt 4.5 maps their codes.
 */
const VERIFIED_ASSETS: ReadonlySet<string> = new Set(
  "BTC ETH SOL XRP DOGE LTC BCH ADA DOT AVAX LINK XLM TRX ATOM UNI AAVE ETC FIL NEAR USDT USDC DAI".split(" "),
)
const VERIFIED_VENUES: ReadonlySet<string> = new Set(
  "binance binanceusdm binancecoinm okx bybit kraken coinbase coinbaseexchange".split(" "),
)

/**
 * Symbols that mean another asset than their letters say, by venue. What ccxt renames itself (XBT, XDG, Kraken's LUNA) is
 * not here: instruments carry ccxt's names. Source: the venues' listings of Terra 2.0 perpetuals (LUNA2USDT), 2022-05.
 */
const RENAMED: Readonly<Record<string, string>> = {
  "binanceusdm|LUNA2": "LUNA",
  "binance|LUNA2": "LUNA",
  "bybit|LUNA2": "LUNA",
}

const RENAMED_SYMBOLS: ReadonlySet<string> = new Set(Object.keys(RENAMED).map((name) => name.split("|")[1] ?? ""))

/** Whether any venue means another asset by it. */
export const isRenamed = (symbol: string): boolean => RENAMED_SYMBOLS.has(symbol)

/** The asset a symbol stands for on that venue. */
export const assetOf = (venue: string, symbol: string): string => RENAMED[`${venue}|${symbol}`] ?? symbol

/** How two symbols of one asset may be compared. */
export interface Comparison {
  /** `denied` and `suspect`: not at all. `approved`: without a bound. */
  readonly status: IdentityStatus | "unknown"
  /** Above it prices of a `verified` pair are not believed, and an `unknown` one becomes a suspect. */
  readonly bound: number
}

const Bound = Schema.Finite.check(Schema.isGreaterThan(0))

/** What an administrator, or the operator in the configuration, said of a pair. */
const PairDecision = Schema.Struct({
  asset: Schema.String,
  a: VenueSymbol,
  b: VenueSymbol,
  status: Schema.Literals(["suspect", "approved", "denied"]),
})

export const IdentityConfig = Schema.Struct({
  /** Gross spread as a fraction: 0.5 is 50%. */
  maxSpread: withDefault(Bound, DEFAULT_BOUND),
  /** By asset, before `maxSpread`. */
  bounds: withDefault(Schema.Record(Schema.String, Bound), {}),
  pairs: withDefault(Schema.Array(PairDecision), []),
})
export type IdentityConfig = typeof IdentityConfig.Type

export class Identities {
  readonly #config: IdentityConfig
  readonly #decided: ReadonlyMap<string, IdentityStatus>

  constructor(config: IdentityConfig) {
    this.#config = config
    this.#decided = new Map(
      config.pairs.map(({ a, asset, b, status }) => [pairKey(pairOf(asset, a, b)), status] as const),
    )
  }

  compare(pair: IdentityPair): Comparison {
    const bound = this.#config.bounds[pair.asset] ?? this.#config.maxSpread
    return { status: this.#decided.get(pairKey(pair)) ?? (isVerified(pair) ? "verified" : "unknown"), bound }
  }
}

const isVerified = ({ a, asset, b }: IdentityPair): boolean =>
  VERIFIED_ASSETS.has(asset) && VERIFIED_VENUES.has(a.venue) && VERIFIED_VENUES.has(b.venue)
