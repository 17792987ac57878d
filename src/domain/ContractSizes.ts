/**
 * Contract sizes that ship with the product, for the derivatives of the venues we support first.
 *
 * In: venue and instrument. Out: how much one contract stands for: base units on linear contracts, quote units on
 * coin-margined ones. Source: the venues' public contract specifications, as of 2024-08; a live feed's own market
 * data and the operator's configuration go before this table. What is not known is none, never a guess.
 */
import { Option } from "effect"
import * as Decimal from "./Decimal.ts"
import { type Instrument, isInverse, type VenueId } from "./Instrument.ts"

type BySettlement = (instrument: Instrument) => string | undefined

const usdPerContract = (instrument: Instrument): string => instrument.base === "BTC" ? "100" : "10"

const OKX_LINEAR: Readonly<Record<string, string>> = {
  BTC: "0.01",
  ETH: "0.1",
  SOL: "1",
  XRP: "100",
  DOGE: "1000",
  LTC: "1",
  BCH: "0.1",
  ADA: "100",
  LINK: "1",
  DOT: "1",
  AVAX: "1",
}

const BY_VENUE: Readonly<Record<string, BySettlement>> = {
  // USD-M futures state sizes in base units.
  binanceusdm: (i) => isInverse(i) ? undefined : "1",
  // COIN-M: 100 USD a BTC contract, 10 USD any other.
  binancecoinm: (i) => isInverse(i) ? usdPerContract(i) : undefined,
  binance: (i) => isInverse(i) ? usdPerContract(i) : "1",
  okx: (i) => isInverse(i) ? usdPerContract(i) : OKX_LINEAR[i.base],
  // Linear in base units; coin-margined contracts of 1 USD.
  bybit: () => "1",
}

/** One contract of this instrument on this venue; spot is 1; none where the table does not know. */
export const contractSizeOf = (venue: VenueId, instrument: Instrument): Option.Option<Decimal.Decimal> =>
  instrument.market === "spot"
    ? Option.some(Decimal.ONE)
    : Option.map(Option.fromNullishOr(BY_VENUE[venue]?.(instrument)), Decimal.fromChecked)
