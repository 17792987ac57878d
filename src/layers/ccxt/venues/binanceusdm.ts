/**
 * Binance USD-M futures: sizes in base units, books by pu, funding from the mark price stream.
 *
 * In: frames of ccxt's `binanceusdm`. Out: its `VenueAdapter`.
 * Promises: what binanceFamily.ts promises.
 */
import type { VenueAdapter } from "../VenueAdapter.ts"
import { binanceFamily } from "./binanceFamily.ts"

export const binanceusdm: VenueAdapter = binanceFamily({
  id: "binanceusdm",
  marketTypes: ["linear"],
  derivatives: true,
})
