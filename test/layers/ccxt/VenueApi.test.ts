/**
 * What venues answer over REST, through the real ccxt code, against local servers that speak in the venues' shapes.
 * In: the recorded lists of markets; bodies of books, tickers, rates and candles made by hand after the venues' public
 * documentation. Out: verdicts: the tick, or the reason; what was asked of the venue; what became of its budget.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { CandleQuery, LatestQuery, VenueQuery } from "../../../src/domain/MarketQuery.ts"
import { layer } from "../../../src/layers/ccxt/CcxtVenueApi.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { VenueApi } from "../../../src/layers/VenueApi.ts"
import { data, describeWith } from "../../support/available.ts"
import { cases } from "../../support/venues/cases.ts"
import { type FakeVenue, fakeVenue } from "../../support/venues/FakeVenue.ts"

const STAMP = 1_733_011_200_000
const CANDLE_MS = 60_000
/** The minute that has begun and is not over. */
const thisMinute = Math.floor(Date.now() / CANDLE_MS) * CANDLE_MS
const binanceCandle = (openMs: number) => [
  openMs,
  "0.9",
  "0.95",
  "0.88",
  "0.91",
  "120.5",
  openMs + CANDLE_MS - 1,
  "110",
  12,
  "60",
  "55",
  "0",
]

/** Hand-made bodies by venue and path. */
const bodies: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  binance: {
    "/api/v3/depth": { lastUpdateId: 77, bids: [["0.9000", "12.50"], ["0.8", "1"]], asks: [["0.9100", "3"]] },
    "/api/v3/ticker/24hr": {
      symbol: "NKNUSDT",
      lastPrice: "0.9050",
      volume: "1000.5",
      quoteVolume: "900.25",
      closeTime: STAMP,
      bidPrice: "0.9",
      askPrice: "0.91",
    },
    "/api/v3/klines": [-2, -1, 0].map((minute) => binanceCandle(thisMinute + minute * CANDLE_MS)),
  },
  binanceusdm: {
    "/fapi/v1/premiumIndex": {
      symbol: "SUSHIUSDT",
      markPrice: "7.61",
      indexPrice: "7.6",
      lastFundingRate: "0.00010000",
      interestRate: "0.0001",
      nextFundingTime: STAMP + 3_600_000,
      time: STAMP,
    },
  },
  okx: {
    "/api/v5/market/books": {
      code: "0",
      msg: "",
      data: [{ asks: [["30243.5", "1.5", "0", "4"]], bids: [["30243.4", "0.5", "0", "2"]], ts: String(STAMP) }],
    },
    "/api/v5/public/funding-rate": {
      code: "0",
      msg: "",
      data: [{
        instId: "UNI-USD-SWAP",
        instType: "SWAP",
        fundingRate: "-0.00000421",
        fundingTime: String(STAMP + 28_800_000),
        nextFundingTime: String(STAMP + 2 * 28_800_000),
        nextFundingRate: "",
        ts: String(STAMP),
      }],
    },
  },
  bybit: {
    "/v5/market/orderbook": {
      retCode: 0,
      retMsg: "OK",
      result: { s: "XRPUSDT", b: [["2.1", "10"]], a: [["2.2", "11"]], ts: STAMP, u: 5, seq: 6 },
      retExtInfo: {},
      time: STAMP,
    },
  },
  kraken: {
    "/0/public/Depth": {
      error: [],
      result: { XXBTZUSD: { asks: [["45285.2", "0.001", 1733011200]], bids: [["45283.5", "0.1", 1733011200]] } },
    },
  },
  coinbaseexchange: {
    "/products/BTC-USD/book": {
      sequence: 9,
      bids: [["6247.58", "6.3578146", 2]],
      asks: [["6251.52", "2", 2]],
      time: "2024-12-01T00:00:00Z",
    },
  },
}

const venueOf = (id: string, spoilt: Readonly<Record<string, unknown>> = {}) => {
  const found = cases.find((one) => one.id === id)
  if (found === undefined || !data.available) throw new Error(`no venue ${id}`)
  const script = found.script(data.path)
  return fakeVenue({
    ...script,
    rest: (url, played) => spoilt[url.pathname] ?? bodies[id]?.[url.pathname] ?? script.rest(url, played),
  })
}

const apiOf = (venue: FakeVenue, rateLimit = false) =>
  layer({ rateLimit, baseUrls: { [venue.script.id]: venue.origin } }).pipe(
    Layer.provide(EmbeddedRestBudgets.layer),
  )

const fetched = (query: VenueQuery) => Effect.flatMap(VenueApi, (api) => api.fetch(query))
const nkn: LatestQuery = { kind: "quote", venue: "binance", instrument: "NKN/USDT" }
const candles: CandleQuery = { ...nkn, kind: "candle", intervalMs: CANDLE_MS, limit: 10 }

describeWith(data, "A venue's REST API", () => {
  it.live("says quote, book and ticker as ticks, and asks for the list of markets once", () =>
    Effect.gen(function* () {
      const venue = yield* venueOf("binance")
      yield* Effect.gen(function* () {
        const [quote] = yield* fetched(nkn)
        assert.deepInclude(quote, { bid: "0.9", bidSize: "12.5", ask: "0.91", askSize: "3", seq: 77, kind: "quote" })
        const [book] = yield* fetched({ ...nkn, kind: "book" })
        assert.deepInclude(book, { snapshot: true, bids: [["0.9", "12.5"], ["0.8", "1"]], asks: [["0.91", "3"]] })
        const [ticker] = yield* fetched({ ...nkn, kind: "ticker" })
        assert.deepInclude(ticker, { last: "0.905", baseVolume: "1000.5", quoteVolume: "900.25", venueTime: STAMP })
      }).pipe(Effect.provide(apiOf(venue)))
      assert.strictEqual(venue.restRequests.filter((path) => path.includes("exchangeInfo")).length, 1)
      // Nobody's key is in any request: public paths without a signature.
      assert.isTrue(venue.restRequests.every((path) => !/signature|apiKey|recvWindow/i.test(path)))
    }))

  it.live("says closed candles, oldest first, by the time of their close", () =>
    Effect.gen(function* () {
      const venue = yield* venueOf("binance")
      const ticks = yield* fetched(candles).pipe(Effect.provide(apiOf(venue)))
      assert.deepStrictEqual(ticks.map(({ ingestTime }) => ingestTime), [thisMinute - CANDLE_MS, thisMinute])
      assert.deepInclude(ticks[0], { open: "0.9", high: "0.95", low: "0.88", close: "0.91", volume: "120.5" })
    }))

  const rates = [
    ["binanceusdm", "SUSHI/USDT:USDT", { rate: "0.0001", intervalMs: 4 * 3_600_000, venueTime: STAMP }],
    ["okx", "UNI/USD:UNI", { rate: "-0.00000421", intervalMs: 8 * 3_600_000, nextFundingTime: STAMP + 28_800_000 }],
  ] as const
  for (const [id, instrument, expected] of rates) {
    it.live(`says the funding rate of ${id} with the interval the venue states`, () =>
      Effect.gen(function* () {
        const venue = yield* venueOf(id)
        const [tick] = yield* fetched({ kind: "funding", venue: id, instrument }).pipe(Effect.provide(apiOf(venue)))
        assert.deepInclude(tick, { kind: "funding", predicted: true, ...expected })
      }))
  }

  const quotes = [
    ["okx", "BTC/USDT", "30243.4", "30243.5"],
    ["bybit", "XRP/USDT:USDT", "2.1", "2.2"],
    ["kraken", "BTC/USD", "45283.5", "45285.2"],
    ["coinbaseexchange", "BTC/USD", "6247.58", "6251.52"],
  ] as const
  for (const [id, instrument, bid, ask] of quotes) {
    it.live(`quotes the best of ${id}'s book`, () =>
      Effect.gen(function* () {
        const venue = yield* venueOf(id)
        const [tick] = yield* fetched({ kind: "quote", venue: id, instrument }).pipe(Effect.provide(apiOf(venue)))
        assert.deepInclude(tick, { kind: "quote", venue: id, instrument, bid, ask })
      }))
  }

  const wrong: ReadonlyArray<readonly [what: string, query: VenueQuery, reason: string]> = [
    ["a venue without a file", { ...nkn, venue: "nowhere" }, "unknown_venue"],
    ["an instrument it does not list", { ...nkn, instrument: "NOPE/USDT" }, "unknown_instrument"],
    ["the funding rate of a spot market", { ...nkn, kind: "funding" }, "unsupported"],
    ["candles of an odd interval", { ...candles, intervalMs: 61_000 }, "unsupported"],
  ]
  for (const [what, query, reason] of wrong) {
    it.live(`says of ${what} that it is ${reason}, and not to ask again`, () =>
      Effect.gen(function* () {
        const venue = yield* venueOf("binance")
        const error = yield* Effect.flip(fetched(query)).pipe(Effect.provide(apiOf(venue)))
        assert.strictEqual(error.reason, reason)
        assert.isFalse(error.retryable)
      }))
  }

  const spoilt: ReadonlyArray<readonly [what: string, body: unknown]> = [
    ["a crossed book", { lastUpdateId: 1, bids: [["0.92", "1"]], asks: [["0.91", "1"]] }],
    ["a book with a negative price", { lastUpdateId: 1, bids: [["-1", "1"]], asks: [["0.91", "1"]] }],
    ["a book with an empty side", { lastUpdateId: 1, bids: [], asks: [["0.91", "1"]] }],
  ]
  for (const [what, body] of spoilt) {
    it.live(`refuses ${what}`, () =>
      Effect.gen(function* () {
        const venue = yield* venueOf("binance", { "/api/v3/depth": body })
        const error = yield* Effect.flip(fetched(nkn)).pipe(Effect.provide(apiOf(venue)))
        assert.strictEqual(error.reason, "malformed", error.message)
      }))
  }

  it.live("is unreachable while the venue refuses, and works again when it does", () =>
    Effect.gen(function* () {
      const venue = yield* venueOf("binance")
      venue.refuse(true)
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(fetched(nkn))
        assert.deepInclude(error, { reason: "unreachable", venue: "binance" })
        assert.isTrue(error.retryable)
        venue.refuse(false)
        assert.strictEqual((yield* fetched(nkn)).length, 1)
      }).pipe(Effect.provide(apiOf(venue)))
    }))

  it.live("spends the venue's budget: after a 429 nothing leaves until the time the venue stated", () =>
    Effect.gen(function* () {
      const venue = yield* venueOf("binance")
      yield* Effect.gen(function* () {
        yield* fetched(nkn)
        venue.answerRest({ status: 429, headers: { "Retry-After": "60" }, body: { code: -1003, msg: "too many" } })
        assert.strictEqual((yield* Effect.flip(fetched(nkn))).reason, "rate_limited")
        venue.answerRest(null)
        const before = venue.restRequests.length
        assert.strictEqual((yield* Effect.flip(fetched(nkn))).reason, "rate_limited")
        assert.strictEqual(venue.restRequests.length, before)
      }).pipe(Effect.provide(apiOf(venue, true)))
    }))
})
