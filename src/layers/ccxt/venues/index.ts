/**
 * The venues whose live data can be had.
 *
 * In: one file a venue. Out: their adapters by id. Promises: what is listed here has a golden file and passes every
 * fault of the tests; how to add one stands in docs/guides/add-a-venue.md.
 */
import type { VenueAdapter } from "../VenueAdapter.ts"
import { binance } from "./binance.ts"
import { binancecoinm } from "./binancecoinm.ts"
import { binanceusdm } from "./binanceusdm.ts"
import { bybit } from "./bybit.ts"
import { coinbaseexchange } from "./coinbaseexchange.ts"
import { kraken } from "./kraken.ts"
import { okx } from "./okx.ts"

const all: ReadonlyArray<VenueAdapter> = [binance, binanceusdm, binancecoinm, okx, bybit, kraken, coinbaseexchange]

export const venues: ReadonlyMap<string, VenueAdapter> = new Map(all.map((adapter) => [adapter.id, adapter]))
