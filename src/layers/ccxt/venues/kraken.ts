/**
 * Kraken spot, websocket v2.
 *
 * In: frames of ccxt's `kraken`. Out: its `VenueAdapter`. Promises: books have no numbers and are verified by the
 * venue's checksum of the best ten levels (ccxt leaves it off); quotes come from the ticker at every best change.
 */
import { krakenChecksum } from "../Checksum.ts"
import { depthOf, inGroups } from "../Subscriptions.ts"
import { asList, asRecord, asText, type Json, sequence } from "../Values.ts"
import type { Part, VenueAdapter } from "../VenueAdapter.ts"

const PAIRS_A_CALL = 100

const levels = (rows: unknown): ReadonlyArray<unknown> =>
  asList(rows).map((row) => [asRecord(row)["price"], asRecord(row)["qty"]])

const readBook = (row: Json, snapshot: boolean): Part => ({
  kind: "book",
  wireId: asText(row["symbol"]),
  time: row["timestamp"],
  snapshot,
  firstSeq: null,
  seq: null,
  prevSeq: null,
  bids: levels(row["bids"]),
  asks: levels(row["asks"]),
  checksum: sequence(row["checksum"]),
})

const readQuote = (row: Json): Part => ({
  kind: "quote",
  wireId: asText(row["symbol"]),
  time: row["timestamp"],
  seq: null,
  bid: row["bid"],
  bidSize: row["bid_qty"],
  ask: row["ask"],
  askSize: row["ask_qty"],
})

const readTrade = (row: Json): Part => ({
  kind: "trade",
  wireId: asText(row["symbol"]),
  time: row["timestamp"],
  tradeId: row["trade_id"],
  price: row["price"],
  size: row["qty"],
  side: row["side"],
})

export const kraken: VenueAdapter = {
  id: "kraken",
  marketTypes: ["spot"],
  subscribe: {
    quote: inGroups(PAIRS_A_CALL, (exchange, instruments) => [exchange.watchBidsAsks([...instruments])]),
    book: inGroups(
      PAIRS_A_CALL,
      (exchange, instruments, depth) => [
        exchange.watchOrderBookForSymbols([...instruments], depthOf([10, 25, 100, 500, 1000], depth)),
      ],
    ),
    trade: inGroups(PAIRS_A_CALL, (exchange, instruments) => [exchange.watchTradesForSymbols([...instruments])]),
  },
  // ccxt sends its own names, which are Kraken's of v2.
  wireId: (market) => market.symbol,
  read: (message) => {
    const rows = asList(message["data"]).map(asRecord), snapshot = message["type"] === "snapshot"
    switch (message["channel"]) {
      case "book":
        return rows.map((row) => readBook(row, snapshot))
      case "ticker":
        return rows.map(readQuote)
      case "trade":
        // The snapshot repeats trades from before the subscription.
        return snapshot ? [] : rows.map(readTrade)
      default:
        return []
    }
  },
  isPong: () => false,
  ping: (n) => ({ method: "ping", req_id: 1_000_000_000 + n }),
  bookHash: (instrument) => `orderbook@${instrument}`,
  restSnapshot: false,
  resync: "reconnect",
  ownOnly: () => false,
  checksum: (bids, asks, market) => {
    const info = asRecord(market.info)
    return krakenChecksum(bids, asks, Number(info["pair_decimals"]), Number(info["lot_decimals"]))
  },
}
