/**
 * Lot rules that ship with the product, for the largest instruments of the venues we support first.
 *
 * In: venue and instrument. Out: amount step, least amount, least notional. Source: the venues' public trading rules
 * as of 2024-08. A live feed's own market data, and `lots` of the configuration, replace this table. An instrument that
 * is not here has no limits that we know of, and whoever uses it is told so.
 */
import type { Lot } from "./DetectConfig.ts"

export type Lots = { readonly [venue: string]: { readonly [instrument: string]: Lot } }

export const SHIPPED_LOTS: Lots = {
  binance: {
    "BTC/USDT": { step: "0.00001", minAmount: "0.00001", minNotional: "5" },
    "ETH/USDT": { step: "0.0001", minAmount: "0.0001", minNotional: "5" },
  },
  binanceusdm: {
    "BTC/USDT:USDT": { step: "0.001", minAmount: "0.001", minNotional: "100" },
    "ETH/USDT:USDT": { step: "0.001", minAmount: "0.001", minNotional: "20" },
  },
  binancecoinm: {
    "BTC/USD:BTC": { step: "1", minAmount: "1" },
    "ETH/USD:ETH": { step: "1", minAmount: "1" },
  },
  okx: {
    "BTC/USDT": { step: "0.00000001", minAmount: "0.00001" },
    "ETH/USDT": { step: "0.000001", minAmount: "0.001" },
  },
  bybit: {
    "BTC/USDT:USDT": { step: "0.001", minAmount: "0.001", minNotional: "5" },
    "ETH/USDT:USDT": { step: "0.01", minAmount: "0.01", minNotional: "5" },
  },
  kraken: {
    "BTC/USD": { step: "0.00000001", minAmount: "0.0001" },
    "ETH/USD": { step: "0.00000001", minAmount: "0.002" },
  },
}
