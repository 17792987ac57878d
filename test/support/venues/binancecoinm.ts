/**
 * Binance COIN-M as recorded in `raw/raw-binance_delivery.jsonl.gz`.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { binanceFamily } from "./binanceFamily.ts"
import type { VenueScript } from "./VenueScript.ts"

export const binancecoinm = (folder: string): VenueScript =>
  binanceFamily({
    id: "binancecoinm",
    folder,
    file: "raw/raw-binance_delivery.jsonl.gz",
    prefix: "/dapi/v1",
    marketIds: ["BCHUSD_PERP", "ETHUSD_210924"],
  })
