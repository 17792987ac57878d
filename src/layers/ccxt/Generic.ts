/**
 * Following any venue of ccxt that has no file of its own here, by what ccxt says of it.
 *
 * In: a ccxt id and the exchange's `has`. Out: its `VenueAdapter`. Promises: one channel an instrument where the venue
 * has one, for that is what ccxt supports most widely; what has no channel is asked for over REST; what ccxt has in
 * neither way is not offered. Whether books are verified is what ccxt says of itself, and is told.
 */
import type { FeedKind } from "../../domain/Feed.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { byMarketType } from "./Subscriptions.ts"
import { asRecord } from "./Values.ts"
import type { Ask, Filed, Subscribe, VenueAdapter } from "./VenueAdapter.ts"

type Has = Readonly<Record<string, unknown>>

const KINDS: ReadonlyArray<FeedKind> = ["quote", "book", "trade", "funding"]

/** Channels of several instruments are asked for in groups that no venue is known to refuse. */
const GROUP = 20
const ASKED_AT_ONCE = 100

/** The first of these that the venue has. */
const firstOf = <A>(has: Has, ways: ReadonlyArray<readonly [name: string, way: A]>): A | undefined =>
  ways.find(([name]) => has[name] === true)?.[1]

const each = (start: (exchange: CcxtExchange, instrument: string) => unknown): Subscribe => (exchange, instruments) =>
  instruments.map((instrument) => start(exchange, instrument))

const together = (start: (exchange: CcxtExchange, instruments: Array<string>) => unknown): Subscribe =>
  byMarketType(GROUP, (exchange, instruments) => [start(exchange, [...instruments])])

const perpetual = (exchange: CcxtExchange, instruments: ReadonlyArray<string>) =>
  instruments.filter((instrument) => exchange.market(instrument).swap === true)

const ofPerpetuals = (start: Subscribe): Subscribe => (exchange, instruments, depth) =>
  start(exchange, perpetual(exchange, instruments), depth)

const channels = (has: Has): Readonly<Record<FeedKind, Subscribe | undefined>> => {
  const book = firstOf<Subscribe>(has, [
    ["watchOrderBook", each((exchange, instrument) => exchange.watchOrderBook(instrument))],
    ["watchOrderBookForSymbols", together((exchange, instruments) => exchange.watchOrderBookForSymbols(instruments))],
  ])
  const funding = firstOf<Subscribe>(has, [
    ["watchFundingRate", each((exchange, instrument) => exchange.watchFundingRate(instrument))],
    ["watchFundingRates", together((exchange, instruments) => exchange.watchFundingRates(instruments))],
  ])
  return {
    book,
    quote: firstOf<Subscribe>(has, [
      ["watchBidsAsks", together((exchange, instruments) => exchange.watchBidsAsks(instruments))],
      ["watchTicker", each((exchange, instrument) => exchange.watchTicker(instrument))],
      ["watchTickers", together((exchange, instruments) => exchange.watchTickers(instruments))],
    ]) ?? book,
    trade: firstOf<Subscribe>(has, [
      ["watchTrades", each((exchange, instrument) => exchange.watchTrades(instrument))],
      ["watchTradesForSymbols", together((exchange, instruments) => exchange.watchTradesForSymbols(instruments))],
    ]),
    funding: funding && ofPerpetuals(funding),
  }
}

/** One call a market type. */
const atOnce = (ask: (exchange: CcxtExchange, instruments: Array<string>) => Promise<unknown>): Ask => {
  const start = byMarketType(ASKED_AT_ONCE, (exchange, instruments) => [ask(exchange, [...instruments])])
  return (exchange, instruments) => Promise.all(start(exchange, instruments, 0))
}

/** One call an instrument, each after the one before. */
const inTurn = async (
  instruments: ReadonlyArray<string>,
  ask: (instrument: string) => Promise<unknown>,
): Promise<ReadonlyArray<unknown>> => {
  const answers: Array<unknown> = []
  for (const instrument of instruments) answers.push(await ask(instrument))
  return answers
}

const tickers = (has: Has): Ask | undefined =>
  firstOf<Ask>(has, [
    ["fetchTickers", atOnce((exchange, instruments) => exchange.fetchTickers(instruments))],
    ["fetchTicker", (exchange, instruments) => inTurn(instruments, (one) => exchange.fetchTicker(one))],
  ])

const fundingRates = (has: Has): Ask | undefined =>
  firstOf<Ask>(has, [
    ["fetchFundingRates", atOnce((exchange, instruments) => exchange.fetchFundingRates(instruments))],
    ["fetchFundingRate", (exchange, instruments) => inTurn(instruments, (one) => exchange.fetchFundingRate(one))],
  ])

/** Whether ccxt verifies the venue's books by their checksum, as its options say. */
const checksummed = ({ options }: CcxtExchange): boolean => asRecord(options["watchOrderBook"])["checksum"] === true

export const generic = (id: string, exchange: CcxtExchange): VenueAdapter => {
  const { has } = exchange, channel = channels(has)
  const byTicker = tickers(has), byFunding = fundingRates(has)
  const rest: Readonly<Record<FeedKind, boolean>> = {
    quote: byTicker !== undefined || has["fetchOrderBook"] === true,
    book: has["fetchOrderBook"] === true,
    trade: has["fetchTrades"] === true,
    funding: byFunding !== undefined,
  }
  const polled = KINDS.filter((kind) => channel[kind] === undefined && rest[kind])
  const filed: Filed = {
    polled,
    quotesByBook: channel.quote === undefined ? byTicker === undefined : channel.quote === channel.book,
    tickers: byTicker,
    funding: byFunding,
    checksummed: checksummed(exchange),
  }
  return {
    id,
    marketTypes: [],
    subscribe: Object.fromEntries(KINDS.flatMap((kind) => channel[kind] === undefined ? [] : [[kind, channel[kind]]])),
    wireId: ({ symbol }) => symbol,
    read: () => [],
    isPong: () => false,
    ping: () => null,
    bookHash: (instrument) => instrument,
    restSnapshot: false,
    resync: "reconnect",
    ownOnly: () => false,
    filed,
  }
}

/** How a venue is followed, for people. */
export const described = ({ filed, subscribe }: VenueAdapter): string => {
  const streamed = KINDS.filter((kind) => subscribe[kind] !== undefined)
  const polled = filed?.polled ?? []
  return [
    streamed.length > 0 ? `streamed: ${streamed.join(", ")}` : "no websocket",
    ...polled.length > 0 ? [`asked for over REST: ${polled.join(", ")}`] : [],
    ...subscribe.book === undefined
      ? []
      : [filed?.checksummed === true ? "books verified by checksum" : "books not verified: lost changes go unnoticed"],
  ].join("; ")
}
