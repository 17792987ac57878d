/**
 * OKX: spot, swaps and dated futures on one public socket; sizes of derivatives in contracts.
 *
 * In: frames of ccxt's `okx`. Out: its `VenueAdapter`. Promises: books of 400 levels, verified by seqId/prevSeqId and
 * by the checksum where the venue still sends one (ccxt looks at the numbers only).
 */
import { okxChecksum } from "../Checksum.ts"
import { inGroups } from "../Subscriptions.ts"
import { asList, asRecord, asText, type Json, sequence } from "../Values.ts"
import type { Part, VenueAdapter } from "../VenueAdapter.ts"

const CHANNELS_A_CALL = 50

const readQuote = (wireId: string, row: Json): ReadonlyArray<Part> => {
  const bid = asList(asList(row["bids"])[0]), ask = asList(asList(row["asks"])[0])
  // One side of a book may be empty; then there is no quote.
  if (bid.length === 0 || ask.length === 0) return []
  const [bidPrice, bidSize] = bid, [askPrice, askSize] = ask
  return [{
    kind: "quote",
    wireId,
    time: row["ts"],
    seq: row["seqId"],
    bid: bidPrice,
    bidSize,
    ask: askPrice,
    askSize,
  }]
}

const readBook = (wireId: string, row: Json, snapshot: boolean): Part => {
  const checksum = sequence(row["checksum"])
  return {
    kind: "book",
    wireId,
    time: row["ts"],
    snapshot,
    firstSeq: null,
    seq: row["seqId"],
    prevSeq: snapshot ? null : row["prevSeqId"],
    bids: row["bids"],
    asks: row["asks"],
    checksum: checksum === 0 ? null : checksum,
  }
}

const readTrade = (wireId: string, row: Json): Part => ({
  kind: "trade",
  wireId,
  time: row["ts"],
  tradeId: row["tradeId"],
  price: row["px"],
  size: row["sz"],
  side: row["side"],
})

const readFunding = (wireId: string, row: Json): Part => ({
  kind: "funding",
  wireId,
  time: row["ts"],
  rate: row["fundingRate"],
  intervalMs: Number(row["nextFundingTime"]) - Number(row["fundingTime"]),
  nextFundingTime: row["fundingTime"],
})

export const okx: VenueAdapter = {
  id: "okx",
  marketTypes: ["spot", "swap", "future"],
  subscribe: {
    quote: inGroups(CHANNELS_A_CALL, (exchange, instruments) => [exchange.watchBidsAsks([...instruments])]),
    book: inGroups(CHANNELS_A_CALL, (exchange, instruments) => [exchange.watchOrderBookForSymbols([...instruments])]),
    trade: inGroups(CHANNELS_A_CALL, (exchange, instruments) => [exchange.watchTradesForSymbols([...instruments])]),
    funding: inGroups(CHANNELS_A_CALL, (exchange, instruments) => {
      const perpetual = instruments.filter((instrument) => exchange.market(instrument).swap === true)
      return perpetual.length === 0 ? [] : [exchange.watchFundingRates(perpetual)]
    }),
  },
  wireId: (market) => market.id ?? "",
  read: (message) => {
    if ("event" in message) return []
    const arg = asRecord(message["arg"])
    const wireId = asText(arg["instId"])
    const rows = asList(message["data"]).map(asRecord)
    switch (arg["channel"]) {
      case "bbo-tbt":
        return rows.flatMap((row) => readQuote(wireId, row))
      case "books":
        return rows.map((row) => readBook(wireId, row, message["action"] === "snapshot"))
      case "trades":
        return rows.map((row) => readTrade(wireId, row))
      case "funding-rate":
        return rows.map((row) => readFunding(wireId, row))
      default:
        return []
    }
  },
  isPong: (text) => text === "pong",
  ping: () => "ping",
  bookHash: (instrument) => `books:${instrument}`,
  restSnapshot: false,
  // A snapshot comes with every new subscription, so the old one is ended first.
  resync: async (exchange, _client, instrument) => {
    await exchange.unWatchOrderBookForSymbols([instrument])
    await exchange.watchOrderBookForSymbols([instrument])
  },
  ownOnly: () => false,
  checksum: okxChecksum,
}
