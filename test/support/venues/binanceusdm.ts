/**
 * Binance USD-M as recorded in `raw/raw-binance_futures.jsonl.gz`.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { binanceFamily } from "./binanceFamily.ts"
import type { VenueScript } from "./VenueScript.ts"

export const binanceusdm = (folder: string): VenueScript =>
  binanceFamily({
    id: "binanceusdm",
    folder,
    file: "raw/raw-binance_futures.jsonl.gz",
    prefix: "/fapi/v1",
    marketIds: ["SUSHIUSDT", "CTKUSDT"],
  })
