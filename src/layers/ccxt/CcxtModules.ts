/**
 * Loading one venue's class out of ccxt.
 *
 * In: a venue id that is ccxt's too. Out: its class. Promises: only that venue's code is loaded (all of ccxt costs
 * 130 MB); a class that lacks what this layer relies on is refused here, by name, not later in the middle of a frame.
 */
import { readdirSync } from "node:fs"
import type { CcxtClass } from "./CcxtShape.ts"

const RELIED_ON = [
  "client",
  "fetch",
  "fetchCurrencies",
  "fetchFundingIntervals",
  "fetchFundingRate",
  "fetchFundingRates",
  "fetchOrderBook",
  "fetchTicker",
  "fetchTickers",
  "fetchTrades",
  "handleErrors",
  "handleMessage",
  "handleRestResponse",
  "loadHttpProxyAgent",
  "loadMarkets",
  "market",
  "onConnected",
  "ping",
  "setMarketsFromExchange",
  "throttle",
  "watchBidsAsks",
  "watchFundingRate",
  "watchFundingRates",
  "watchMarkPrices",
  "watchOrderBook",
  "watchOrderBookForSymbols",
  "watchTicker",
  "watchTickers",
  "watchTrades",
  "watchTradesForSymbols",
] as const

const missing = (value: unknown): ReadonlyArray<string> => {
  const prototype: unknown = typeof value === "function" ? value.prototype : undefined
  if (typeof prototype !== "object" || prototype === null) return ["a class"]
  return RELIED_ON.filter((name) => typeof Reflect.get(prototype, name) !== "function")
}

const isCcxtClass = (value: unknown): value is CcxtClass => missing(value).length === 0

/** ccxt's package exports only the whole of it, so files are named by their place. */
const placeOf = (path: string): URL => new URL(`../../../node_modules/ccxt/js/src/${path}`, import.meta.url)

const idsIn = (folder: string): ReadonlyArray<string> =>
  readdirSync(placeOf(folder)).flatMap((name) => /^([a-z0-9]+)\.js$/.exec(name)?.[1] ?? [])

/** Every exchange ccxt knows; with a websocket or without. */
export const ccxtIds = (): { readonly socket: ReadonlyArray<string>; readonly rest: ReadonlyArray<string> } => {
  const socket = idsIn("pro/")
  return { socket, rest: idsIn("").filter((id) => !socket.includes(id)) }
}

/** The class with websockets, else the one that has REST only. Ids that ccxt does not have are refused unread. */
export const loadCcxtClass = async (id: string): Promise<CcxtClass> => {
  const { rest, socket } = ccxtIds()
  const path = socket.includes(id) ? `pro/${id}.js` : rest.includes(id) ? `${id}.js` : null
  if (path === null) throw new Error(`ccxt has no exchange ${id}`)
  const loaded: { readonly default?: unknown } = await import(/* @vite-ignore */ placeOf(path).href)
  if (isCcxtClass(loaded.default)) return loaded.default
  throw new Error(`ccxt's ${id} has no ${missing(loaded.default).join(", ")}`)
}
