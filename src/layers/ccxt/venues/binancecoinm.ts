/**
 * Binance COIN-M futures: sizes in contracts of 100 USD (BTC) or 10 USD, books by pu.
 *
 * In: frames of ccxt's `binancecoinm`. Out: its `VenueAdapter`.
 * Promises: what binanceFamily.ts promises.
 */
import type { VenueAdapter } from "../VenueAdapter.ts"
import { binanceFamily } from "./binanceFamily.ts"

export const binancecoinm: VenueAdapter = binanceFamily({
  id: "binancecoinm",
  marketTypes: ["inverse"],
  derivatives: true,
})
