/**
 * Bybit v5: spot, linear and inverse, a socket each; sizes of inverse contracts in contracts of 1 USD.
 *
 * In: frames of ccxt's `bybit`. Out: its `VenueAdapter`. Promises: books verified by `u`, which counts by one (ccxt
 * does not look at it); best quotes (`orderbook.1`) never reach ccxt, which would write them into the deep book.
 */
import { byMarketType, depthOf, marketType } from "../Subscriptions.ts"
import { asList, asRecord, asText, type Json } from "../Values.ts"
import type { Part, ReadContext, VenueAdapter } from "../VenueAdapter.ts"

/** A spot socket takes ten topics a call. */
const TOPICS_A_CALL = 10

const scopeOf = (url: string): string => /\/v5\/public\/(\w+)/.exec(url)?.[1] ?? ""

/** The best level a side stands at after a change, or what it was. */
const best = (levels: unknown, before: unknown): unknown =>
  asList(levels).findLast((level) => Number(asList(level)[1]) > 0) ?? before

const readQuote = (wireId: string, message: Json, notes: Map<string, Json>): ReadonlyArray<Part> => {
  const data = asRecord(message["data"]), key = `quote ${wireId}`
  const before = message["type"] === "snapshot" ? {} : notes.get(key) ?? {}
  const bid = best(data["b"], before["bid"]), ask = best(data["a"], before["ask"])
  notes.set(key, { bid, ask })
  if (bid === undefined || ask === undefined) return []
  const [bidPrice, bidSize] = asList(bid), [askPrice, askSize] = asList(ask)
  return [{
    kind: "quote",
    wireId,
    time: message["ts"],
    seq: data["u"],
    bid: bidPrice,
    bidSize,
    ask: askPrice,
    askSize,
  }]
}

const readBook = (wireId: string, message: Json): Part => {
  const data = asRecord(message["data"]), snapshot = message["type"] === "snapshot"
  return {
    kind: "book",
    wireId,
    time: message["ts"],
    snapshot,
    firstSeq: snapshot ? null : data["u"],
    seq: data["u"],
    prevSeq: null,
    bids: data["b"],
    asks: data["a"],
    checksum: null,
  }
}

const readTrade = (wireId: string, row: Json): Part => ({
  kind: "trade",
  wireId,
  time: row["T"],
  tradeId: row["i"],
  price: row["p"],
  size: row["v"],
  side: asText(row["S"]).toLowerCase(),
})

const readFunding = (wireId: string, message: Json, context: ReadContext): ReadonlyArray<Part> => {
  const data = asRecord(message["data"]), key = `funding ${wireId}`
  // Changes come alone: what was said before still holds.
  const merged = message["type"] === "snapshot" ? data : { ...context.notes.get(key), ...data }
  context.notes.set(key, merged)
  const hours = Number(merged["fundingIntervalHour"])
  const intervalMs = hours > 0 ? hours * 3_600_000 : context.fundingIntervalMs.get(wireId)
  if (data["fundingRate"] === undefined || merged["fundingRate"] === "" || intervalMs === undefined) return []
  const { fundingRate, nextFundingTime } = merged
  return [{ kind: "funding", wireId, time: message["ts"], rate: fundingRate, intervalMs, nextFundingTime }]
}

export const bybit: VenueAdapter = {
  id: "bybit",
  marketTypes: ["spot", "linear", "inverse"],
  subscribe: {
    quote: byMarketType(TOPICS_A_CALL, (exchange, instruments) => [exchange.watchBidsAsks([...instruments])]),
    book: byMarketType(
      TOPICS_A_CALL,
      (exchange, instruments, depth) => [
        exchange.watchOrderBookForSymbols([...instruments], depthOf([50, 200, 1000], depth)),
      ],
    ),
    trade: byMarketType(TOPICS_A_CALL, (exchange, instruments) => [exchange.watchTradesForSymbols([...instruments])]),
    funding: byMarketType(TOPICS_A_CALL, (exchange, instruments) => {
      const perpetual = instruments.filter((instrument) => exchange.market(instrument).swap === true)
      return perpetual.length === 0 ? [] : [exchange.watchTickers(perpetual)]
    }),
  },
  wireId: (market) => {
    const scope = market.spot === true ? "spot" : market.inverse === true ? "inverse" : "linear"
    return `${scope}:${market.id ?? ""}`
  },
  read: (message, context) => {
    const [channel, ...rest] = asText(message["topic"]).split(".")
    const wireId = `${scopeOf(context.url)}:${rest.at(-1) ?? ""}`
    switch (channel) {
      case "orderbook":
        return rest[0] === "1" ? readQuote(wireId, message, context.notes) : [readBook(wireId, message)]
      case "publicTrade":
        return asList(message["data"]).map((row) => readTrade(wireId, asRecord(row)))
      case "tickers":
        return readFunding(wireId, message, context)
      default:
        return []
    }
  },
  isPong: () => false,
  ping: (n) => ({ req_id: `ping-${n}`, op: "ping" }),
  bookHash: (instrument) => `orderbook:${instrument}`,
  restSnapshot: false,
  // Subscribing twice to one topic is refused.
  resync: "reconnect",
  ownOnly: (part) => part.kind === "quote",
  fundingIntervals: (exchange, instruments) =>
    Promise.resolve(
      new Map(
        instruments.filter((instrument) => marketType(exchange, instrument) !== "spot").flatMap((instrument) => {
          const minutes = Number(asRecord(exchange.market(instrument).info)["fundingInterval"])
          return minutes > 0 ? [[instrument, minutes * 60_000] as const] : []
        }),
      ),
    ),
}
