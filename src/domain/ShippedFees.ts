/**
 * Taker fees that ship with the product, for the venues we support first: the lowest tier, no discounts.
 *
 * In: nothing. Out: fractions by venue. Source: the venues' public fee schedules as of 2024-08; check your own account's
 * tier and set ARBEDGE_DETECT_CONFIG. A venue that is not here takes no part until the operator names its fee.
 */
import type { DetectConfig } from "./DetectConfig.ts"

export const SHIPPED_FEES: Readonly<Record<string, { readonly taker: string }>> = {
  binance: { taker: "0.001" },
  binanceusdm: { taker: "0.0005" },
  binancecoinm: { taker: "0.0005" },
  okx: { taker: "0.001" },
  bybit: { taker: "0.001" },
  kraken: { taker: "0.004" },
  coinbase: { taker: "0.006" },
  coinbaseexchange: { taker: "0.006" },
}

/** The configuration of a service that was given none: shipped fees, every default, no parity. */
export const withShippedFees = (
  empty: DetectConfig,
  fees: Readonly<Record<string, { readonly taker: string }>> = SHIPPED_FEES,
): DetectConfig => ({
  ...empty,
  fees: Object.fromEntries(Object.entries(fees).map(([venue, { taker }]) => [venue, { taker, takerIn: "quote" }])),
})
