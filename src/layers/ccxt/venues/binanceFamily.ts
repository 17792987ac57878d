/**
 * Reading Binance's three venues: spot, USD-M and COIN-M speak alike.
 *
 * In: which ccxt class and which markets. Out: a `VenueAdapter`. Promises: trades are aggregate trades (one a taker
 * order and price); depth is verified by U/u on spot and by pu on futures; the snapshot comes over REST.
 */
import { depthOf, inGroups } from "../Subscriptions.ts"
import { asRecord, asText, type Json } from "../Values.ts"
import type { Part, VenueAdapter } from "../VenueAdapter.ts"

const EIGHT_HOURS_MS = 28_800_000
const STREAMS_A_CALL = 100
const SNAPSHOT_DEPTHS = [100, 500, 1000]

const readBook = (frame: Json): Part => ({
  kind: "book",
  wireId: asText(frame["s"]),
  time: frame["E"],
  snapshot: false,
  firstSeq: frame["U"],
  seq: frame["u"],
  prevSeq: frame["pu"],
  bids: frame["b"],
  asks: frame["a"],
  checksum: null,
})

const readQuote = (frame: Json): Part => ({
  kind: "quote",
  wireId: asText(frame["s"]),
  // Spot best quotes carry no time.
  time: frame["E"],
  seq: frame["u"],
  bid: frame["b"],
  bidSize: frame["B"],
  ask: frame["a"],
  askSize: frame["A"],
})

const readTrade = (frame: Json): Part => ({
  kind: "trade",
  wireId: asText(frame["s"]),
  time: frame["T"],
  tradeId: frame["a"] ?? frame["t"],
  price: frame["p"],
  size: frame["q"],
  // m: the buyer was the maker, so the taker sold.
  side: frame["m"] === true ? "sell" : frame["m"] === false ? "buy" : undefined,
})

const readFunding = (frame: Json, intervalMs: ReadonlyMap<string, number>): ReadonlyArray<Part> => {
  const wireId = asText(frame["s"])
  // Dated contracts have mark prices without a rate.
  if (frame["r"] === undefined || frame["r"] === "") return []
  return [{
    kind: "funding",
    wireId,
    time: frame["E"],
    rate: frame["r"],
    intervalMs: intervalMs.get(wireId) ?? EIGHT_HOURS_MS,
    nextFundingTime: frame["T"],
  }]
}

export const binanceFamily = (
  own: Pick<VenueAdapter, "id" | "marketTypes"> & { readonly derivatives: boolean },
): VenueAdapter => ({
  id: own.id,
  marketTypes: own.marketTypes,
  subscribe: {
    quote: inGroups(STREAMS_A_CALL, (exchange, instruments) => [exchange.watchBidsAsks([...instruments])]),
    book: inGroups(
      STREAMS_A_CALL,
      (exchange, instruments, depth) => [
        exchange.watchOrderBookForSymbols([...instruments], depthOf(SNAPSHOT_DEPTHS, depth)),
      ],
    ),
    trade: inGroups(
      STREAMS_A_CALL,
      (exchange, instruments) => [
        exchange.watchTradesForSymbols([...instruments], undefined, undefined, { name: "aggTrade" }),
      ],
    ),
    ...(own.derivatives && {
      funding: inGroups(STREAMS_A_CALL, (exchange, instruments) => [exchange.watchMarkPrices([...instruments])]),
    }),
  },
  wireId: (market) => market.id ?? "",
  read: (message, { fundingIntervalMs }) => {
    const frame = "stream" in message ? asRecord(message["data"]) : message
    switch (frame["e"]) {
      case "depthUpdate":
        return [readBook(frame)]
      case "aggTrade":
      case "trade":
        return [readTrade(frame)]
      case "markPriceUpdate":
        return readFunding(frame, fundingIntervalMs)
      case "bookTicker":
        return [readQuote(frame)]
      case undefined:
        // Spot best quotes do not say what they are; acknowledgements have neither a market nor a number.
        return "s" in frame && "u" in frame ? [readQuote(frame)] : []
      default:
        return []
    }
  },
  isPong: () => false,
  // There is no ping on market streams; the list of subscriptions is the cheapest question that is answered.
  ping: (n) => ({ method: "LIST_SUBSCRIPTIONS", id: 1_000_000_000 + n }),
  bookHash: (instrument) => `orderbook::${instrument}`,
  restSnapshot: true,
  // The stream goes on; only the snapshot is fetched again. ccxt replays what it buffered by the rule of futures when
  // told so, which is COIN-M's rule too (for "delivery" it applies that of spot and loses deltas).
  resync: async (exchange, client, instrument, depth) => {
    const limit = depthOf(SNAPSHOT_DEPTHS, depth), type = own.derivatives ? "future" : "spot"
    exchange.orderbooks[instrument] = exchange.orderBook({}, limit)
    await exchange.fetchOrderBookSnapshot?.(client, {}, { symbol: instrument, limit, type, params: {} })
  },
  ownOnly: () => false,
  ...(own.derivatives && {
    fundingIntervals: async (exchange, instruments) => {
      // The venue lists only markets whose interval is not eight hours.
      const listed = asRecord(await exchange.fetchFundingIntervals([...instruments]))
      return new Map(
        Object.entries(listed).flatMap(([instrument, rate]) => {
          const hours = Number.parseInt(asText(asRecord(rate)["interval"]), 10)
          return Number.isInteger(hours) && hours > 0 ? [[instrument, hours * 3_600_000] as const] : []
        }),
      )
    },
  }),
})
