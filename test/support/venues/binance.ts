/**
 * Binance spot as recorded in `raw/raw-binance.jsonl.gz`.
 * Comes in: the folder ARBEDGE_DATA names. Goes out: the venue's `VenueScript`.
 * Promises: the same shape as every other venue file here.
 */
import { binanceFamily } from "./binanceFamily.ts"
import type { VenueScript } from "./VenueScript.ts"

export const binance = (folder: string): VenueScript =>
  binanceFamily({
    id: "binance",
    folder,
    file: "raw/raw-binance.jsonl.gz",
    prefix: "/api/v3",
    marketIds: ["NKNUSDT", "LRCBTC"],
  })
