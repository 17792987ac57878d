/**
 * Coinbase Exchange, public channels: tickers and matches (its level 2 wants a key, so there are no books).
 *
 * In: frames of ccxt's `coinbaseexchange`. Out: its `VenueAdapter`. Promises: a ticker is a quote where it states the
 * sizes of the best levels, and the last price in any case; an unknown size is never made up.
 */
import { inGroups } from "../Subscriptions.ts"
import { asText, type Json } from "../Values.ts"
import type { Part, VenueAdapter } from "../VenueAdapter.ts"

const PRODUCTS_A_CALL = 100
/** A match names the maker's side. */
const TAKER: Readonly<Record<string, string>> = { buy: "sell", sell: "buy" }

const readTicker = (message: Json): ReadonlyArray<Part> => {
  const wireId = asText(message["product_id"]), time = message["time"]
  const last: Part = { kind: "ticker", wireId, time, last: message["price"], baseVolume: message["volume_24h"] }
  if (message["best_bid_size"] === undefined || message["best_ask_size"] === undefined) return [last]
  return [{
    kind: "quote",
    wireId,
    time,
    seq: message["sequence"],
    bid: message["best_bid"],
    bidSize: message["best_bid_size"],
    ask: message["best_ask"],
    askSize: message["best_ask_size"],
  }, last]
}

const readTrade = (message: Json): Part => ({
  kind: "trade",
  wireId: asText(message["product_id"]),
  time: message["time"],
  tradeId: message["trade_id"],
  price: message["price"],
  size: message["size"],
  side: TAKER[asText(message["side"])],
})

export const coinbaseexchange: VenueAdapter = {
  id: "coinbaseexchange",
  marketTypes: ["spot"],
  subscribe: {
    quote: inGroups(PRODUCTS_A_CALL, (exchange, instruments) => [exchange.watchTickers([...instruments])]),
    trade: inGroups(PRODUCTS_A_CALL, (exchange, instruments) => [exchange.watchTradesForSymbols([...instruments])]),
  },
  wireId: (market) => market.id ?? "",
  read: (message) => {
    if (message["type"] === "ticker") return readTicker(message)
    return message["type"] === "match" ? [readTrade(message)] : []
  },
  isPong: () => false,
  // Its heartbeat channel speaks once a second from then on.
  ping: (n, wireIds) => n === 0 ? { type: "subscribe", product_ids: [...wireIds], channels: ["heartbeat"] } : null,
  bookHash: (instrument) => `level2:${instrument}`,
  restSnapshot: false,
  resync: "reconnect",
  ownOnly: () => false,
}
