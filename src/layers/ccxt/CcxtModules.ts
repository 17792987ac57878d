/**
 * Loading one venue's class out of ccxt.
 *
 * In: a venue id that is ccxt's too. Out: its class. Promises: only that venue's code is loaded (all of ccxt costs
 * 130 MB); a class that lacks what this layer relies on is refused here, by name, not later in the middle of a frame.
 */
import type { CcxtClass } from "./CcxtShape.ts"

const RELIED_ON = [
  "client",
  "fetchFundingIntervals",
  "handleMessage",
  "loadHttpProxyAgent",
  "loadMarkets",
  "market",
  "onConnected",
  "setMarketsFromExchange",
  "watchBidsAsks",
  "watchFundingRates",
  "watchMarkPrices",
  "watchOrderBookForSymbols",
  "watchTickers",
  "watchTradesForSymbols",
] as const

const missing = (value: unknown): ReadonlyArray<string> => {
  const prototype: unknown = typeof value === "function" ? value.prototype : undefined
  if (typeof prototype !== "object" || prototype === null) return ["a class"]
  return RELIED_ON.filter((name) => typeof Reflect.get(prototype, name) !== "function")
}

const isCcxtClass = (value: unknown): value is CcxtClass => missing(value).length === 0

/** ccxt's package exports only the whole of it, so the file is named by its place. */
const placeOf = (id: string): string => new URL(`../../../node_modules/ccxt/js/src/pro/${id}.js`, import.meta.url).href

export const loadCcxtClass = async (id: string): Promise<CcxtClass> => {
  const loaded: { readonly default?: unknown } = await import(/* @vite-ignore */ placeOf(id))
  if (isCcxtClass(loaded.default)) return loaded.default
  throw new Error(`ccxt's ${id} has no ${missing(loaded.default).join(", ")}`)
}
