/**
 * Binance spot: best quotes without a venue time, books by U and u, aggregate trades.
 *
 * In: frames of ccxt's `binance`. Out: its `VenueAdapter`.
 * Promises: what binanceFamily.ts promises.
 */
import type { VenueAdapter } from "../VenueAdapter.ts"
import { binanceFamily } from "./binanceFamily.ts"

export const binance: VenueAdapter = binanceFamily({
  id: "binance",
  marketTypes: ["spot"],
  derivatives: false,
})
