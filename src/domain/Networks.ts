/**
 * Networks: over which chains a currency leaves one venue and reaches another, at what price and how fast.
 *
 * In: what venues or the operator say of a currency's networks. Out: the open ways between two venues, the cheapest
 * first. Promises: deny by default (a status, fee or counterpart that nobody stated closes the way); a chain is
 * recognised under every name that venues give it, and two chains are never taken for one.
 */
import { Record, Schema } from "effect"
import { NotNegative } from "./ConfigValues.ts"
import * as Decimal from "./Decimal.ts"

/** One network of one currency on one venue. Null: the venue does not say. */
export const CurrencyNetwork = Schema.Struct({
  withdraw: Schema.NullOr(Schema.Boolean),
  deposit: Schema.NullOr(Schema.Boolean),
  /** Units of the currency, per withdrawal. */
  fee: Schema.NullOr(Schema.String),
  minWithdraw: Schema.NullOr(Schema.String),
  /** Typical time from the request to the credited deposit. */
  arrivalMs: Schema.NullOr(Schema.Int),
})
export type CurrencyNetwork = typeof CurrencyNetwork.Type

/** The same as an operator writes it: what is not open is closed; without a fee nothing is withdrawn. */
export const NetworkTerms = Schema.Struct({
  withdraw: Schema.Boolean,
  deposit: Schema.Boolean,
  fee: Schema.optionalKey(NotNegative),
  minWithdraw: Schema.optionalKey(NotNegative),
  arrivalMs: Schema.optionalKey(Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))),
})
export type NetworkTerms = typeof NetworkTerms.Type

/** currency -> network -> terms, of one venue. */
export type VenueNetworks = Readonly<Record<string, Readonly<Record<string, CurrencyNetwork>>>>
export type ConfiguredNetworks = Readonly<Record<string, Readonly<Record<string, NetworkTerms>>>>

/**
 * Names of one chain. Source: the network codes that ccxt unifies (`defaultNetworkCodeReplacements` and each venue's
 * `options.networks`, 4.5) and the names the venues' deposit pages show.
 */
const CHAINS: Readonly<Record<string, ReadonlyArray<string>>> = {
  BITCOIN: ["BTC"],
  ETHEREUM: ["ETH", "ERC20", "ERC-20"],
  TRON: ["TRX", "TRC20", "TRC-20"],
  BSC: ["BEP20", "BEP20(BSC)", "BNB SMART CHAIN", "BSC_BNB"],
  SOLANA: ["SOL", "SPL"],
  POLYGON: ["MATIC", "POL", "POLYGON POS"],
  ARBITRUM: ["ARB", "ARBONE", "ARBITRUM ONE", "ARBITRUMONE"],
  OPTIMISM: ["OP", "OPTIMISM MAINNET"],
  BASE: ["BASEMAINNET", "BASE MAINNET"],
  "AVALANCHE C": ["AVAXC", "AVALANCHE C-CHAIN", "C-CHAIN", "CAVAX"],
  "AVALANCHE X": ["AVAXX", "AVALANCHE X-CHAIN", "X-CHAIN"],
  RIPPLE: ["XRP", "XRPL"],
  LITECOIN: ["LTC"],
  DOGECOIN: ["DOGE"],
  "BITCOIN CASH": ["BCH", "BITCOINCASH"],
  CARDANO: ["ADA"],
  POLKADOT: ["DOT"],
  STELLAR: ["XLM", "STELLAR LUMENS"],
  COSMOS: ["ATOM"],
  NEAR: ["NEAR PROTOCOL"],
  TON: ["TONCOIN", "THE OPEN NETWORK"],
  APTOS: ["APT"],
  SUI: ["SUI NETWORK"],
  ALGORAND: ["ALGO"],
}

const BY_NAME: ReadonlyMap<string, string> = new Map(
  Object.entries(CHAINS).flatMap(([chain, names]) => [chain, ...names].map((name) => [name, chain] as const)),
)

/** One name for each chain; a chain we do not know keeps its own, in capitals. */
export const chainOf = (name: string): string => {
  const plain = name.trim().toUpperCase()
  return BY_NAME.get(plain) ?? plain
}

const isAmount = (text: string | null): text is string =>
  text !== null && Decimal.isDecimalText(text) && Number(text) >= 0

/** What an operator would write of what a venue told. */
export const stated = (networks: VenueNetworks): ConfiguredNetworks =>
  Record.map(networks, (byName) =>
    Record.map(byName, ({ arrivalMs, deposit, fee, minWithdraw, withdraw }) => ({
      withdraw: withdraw === true,
      deposit: deposit === true,
      ...(isAmount(fee) ? { fee } : {}),
      ...(isAmount(minWithdraw) ? { minWithdraw } : {}),
      ...(arrivalMs === null ? {} : { arrivalMs }),
    })))

/** A way from one venue to another. */
export interface Way {
  readonly network: string
  /** Units of the currency. */
  readonly fee: string
  readonly minWithdraw: string
  /** The slower of what the two venues say; null where neither does. */
  readonly arrivalMs: number | null
}

const cheapestFirst = (a: Way, b: Way): number =>
  Decimal.compare(Decimal.fromChecked(a.fee), Decimal.fromChecked(b.fee)) ||
  (a.arrivalMs ?? Infinity) - (b.arrivalMs ?? Infinity) || (a.network < b.network ? -1 : 1)

/** Open for withdrawal at `source` and for deposit at `target`, with a known fee; by fee, then arrival, then name. */
export const ways = (
  source: ConfiguredNetworks | undefined,
  target: ConfiguredNetworks | undefined,
  currency: string,
): ReadonlyArray<Way> => {
  const deposits = new Map(
    Object.entries(target?.[currency] ?? {}).map(([name, terms]) => [chainOf(name), terms] as const),
  )
  return Object.entries(source?.[currency] ?? {}).flatMap(([name, out]): ReadonlyArray<Way> => {
    const network = chainOf(name), into = deposits.get(network)
    if (!out.withdraw || out.fee === undefined || into?.deposit !== true) return []
    const arrivals = [out.arrivalMs, into.arrivalMs].filter((ms) => ms !== undefined)
    const arrivalMs = arrivals.length === 0 ? null : Math.max(...arrivals)
    return [{ network, fee: out.fee, minWithdraw: out.minWithdraw ?? "0", arrivalMs }]
  }).sort(cheapestFirst)
}
