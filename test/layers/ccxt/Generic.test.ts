/**
 * Venues without an adapter of their own, followed by what ccxt says of them.
 * In: frames of Bitstamp, Bitfinex and Kraken Futures as recorded, bitFlyer's REST answers as written by hand, played
 * to the real ccxt code. Out: verdicts: books end where an independent reckoning of the recording ends, what is lost
 * breaks them, what has no channel is asked for, and a name that ccxt does not have is refused.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Logger, Schema, Stream } from "effect"
import { gzipSync } from "node:zlib"
import { Tick } from "../../../src/domain/Tick.ts"
import { layer } from "../../../src/layers/ccxt/CcxtExchange.ts"
import { unpack } from "../../../src/layers/ccxt/Unpack.ts"
import * as EmbeddedRestBudgets from "../../../src/layers/embedded/RestBudgets.ts"
import { Exchange } from "../../../src/layers/Exchange.ts"
import { data, describeWith } from "../../support/available.ts"
import { bitfinex } from "../../support/venues/bitfinex.ts"
import { bitflyer } from "../../support/venues/bitflyer.ts"
import { bitstamp } from "../../support/venues/bitstamp.ts"
import { type FakeVenue, fakeVenue } from "../../support/venues/FakeVenue.ts"
import * as faults from "../../support/venues/faults.ts"
import { type FeedProbe, probe } from "../../support/venues/FeedProbe.ts"
import { krakenfutures } from "../../support/venues/krakenfutures.ts"
import { asJson, asList, type Frame } from "../../support/venues/VenueScript.ts"

const DEPTH = 5

type Side = Map<number, number>
type Levels = ReadonlyArray<readonly [price: number, size: number]>

const put = (side: Side, price: unknown, size: unknown): void => {
  if (Number(size) === 0) side.delete(Number(price))
  else side.set(Number(price), Number(size))
}

/** The best levels of a book that was reckoned here. */
const bestOf = (bids: Side, asks: Side): readonly [Levels, Levels] => [
  [...bids].sort(([a], [b]) => b - a).slice(0, DEPTH),
  [...asks].sort(([a], [b]) => a - b).slice(0, DEPTH),
]

/** The best levels that the feed told last. */
const told = (feed: FeedProbe, instrument: string): readonly [Levels, Levels] => {
  const book = feed.ticksOf("book").findLast((one) => one.instrument === instrument)
  const levels = (side: ReadonlyArray<readonly [string, string]> = []): Levels =>
    side.map(([price, size]) => [Number(price), Number(size)])
  return [levels(book?.bids), levels(book?.asks)]
}

const framesOf = (venue: FakeVenue, ...channels: ReadonlyArray<string>) =>
  venue.script.frames.filter(({ channel }) => channels.includes(channel))

const parsed = (frames: ReadonlyArray<Frame>): ReadonlyArray<unknown> => frames.map(({ text }) => JSON.parse(text))

const ends = (feed: FeedProbe, instrument: string, truth: readonly [Levels, Levels]) =>
  feed.until(
    `the book of ${instrument} at ${JSON.stringify(truth)}`,
    (seen) => JSON.stringify(told(seen, instrument)) === JSON.stringify(truth),
  )

/** Every tick is one by its Schema, and no book claims to build on another. */
const sound = (feed: FeedProbe) =>
  Effect.gen(function* () {
    for (const tick of feed.ticks()) yield* Schema.decodeUnknownEffect(Tick)(tick)
    assert.isTrue(feed.ticksOf("book").every((book) => book.snapshot && book.prevSeq === null))
  })

const bookOf = {
  /** The REST snapshot, then every difference that is newer. */
  bitstamp: (venue: FakeVenue, snapshot: unknown, channel: string) => {
    const bids: Side = new Map(), asks: Side = new Map(), start = asJson(snapshot)
    for (const row of asList(start["bids"])) put(bids, asList(row)[0], asList(row)[1])
    for (const row of asList(start["asks"])) put(asks, asList(row)[0], asList(row)[1])
    for (const frame of parsed(framesOf(venue, channel))) {
      const change = asJson(asJson(frame)["data"])
      if (Number(change["microtimestamp"]) <= Number(start["microtimestamp"])) continue
      for (const row of asList(change["bids"])) put(bids, asList(row)[0], asList(row)[1])
      for (const row of asList(change["asks"])) put(asks, asList(row)[0], asList(row)[1])
    }
    return bestOf(bids, asks)
  },
  /** `[price, count, amount]`: no count removes, a negative amount is an ask. */
  bitfinex: (frames: ReadonlyArray<Frame>) => {
    const bids: Side = new Map(), asks: Side = new Map()
    for (const frame of parsed(frames)) {
      const body = asList(asList(frame)[1])
      for (const row of Array.isArray(body[0]) ? body : [body]) {
        const [price, count, amount] = asList(row)
        if (typeof price !== "number") continue
        put(Number(amount) < 0 ? asks : bids, price, count === 0 ? 0 : Math.abs(Number(amount)))
      }
    }
    return bestOf(bids, asks)
  },
  krakenfutures: (frames: ReadonlyArray<Frame>) => {
    const bids: Side = new Map(), asks: Side = new Map()
    for (const frame of parsed(frames).map(asJson)) {
      for (const row of asList(frame["bids"])) put(bids, asJson(row)["price"], asJson(row)["qty"])
      for (const row of asList(frame["asks"])) put(asks, asJson(row)["price"], asJson(row)["qty"])
      if (frame["feed"] === "book") put(frame["side"] === "sell" ? asks : bids, frame["price"], frame["qty"])
    }
    return bestOf(bids, asks)
  },
}

const everything = ["quote", "book", "trade"] as const

describeWith(data, "a venue that only ccxt knows", () => {
  it.live("bitstamp: its book is told whole, from a snapshot over REST and recorded differences; quotes come from it", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(bitstamp(data.path)), channel = "diff_order_book_ethusd"
      const feed = yield* probe(venue, { instruments: ["ETH/USD"], kinds: everything, depth: DEPTH })
      yield* Effect.promise(() => venue.subscribed([channel, "live_trades_ethusd"]))
      const frames = framesOf(venue, channel, "live_trades_ethusd")
      // ccxt asks for the snapshot once it has kept a few differences.
      yield* Effect.promise(() => venue.play(faults.clean(frames.slice(0, 30))))
      yield* feed.until("the snapshot", ({ ticksOf }) => ticksOf("book").length > 0)
      yield* Effect.promise(() => venue.play(faults.clean(frames.slice(30))))
      const snapshot = venue.script.rest(new URL("/api/v2/order_book/ethusd/", venue.origin), () => [])
      yield* ends(feed, "ETH/USD", bookOf.bitstamp(venue, snapshot, channel))
      yield* sound(feed)
      assert.isAbove(feed.ticksOf("book").length, 20)
      const [bid, ask] = told(feed, "ETH/USD").map((side) => side[0]), quote = feed.ticksOf("quote").at(-1)
      assert.deepStrictEqual([Number(quote?.bid), Number(quote?.bidSize)], [...bid ?? []])
      assert.deepStrictEqual([Number(quote?.ask), Number(quote?.askSize)], [...ask ?? []])
      const trades = parsed(framesOf(venue, "live_trades_ethusd")).map((frame) => asJson(asJson(frame)["data"]))
      assert.deepStrictEqual(feed.ticksOf("trade").map(({ tradeId }) => tradeId), trades.map(({ id }) => String(id)))
      assert.deepStrictEqual(feed.bad(), [])
      assert.deepStrictEqual(feed.ticksOf("gap"), [])
    }))

  const iot = "IOTA/ETH", iotBook = "book:tIOTETH"
  const iotFeed = (settings = {}) =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(bitfinex(data.path))
      const feed = yield* probe(venue, { instruments: [iot], kinds: everything, depth: DEPTH }, settings)
      yield* Effect.promise(() => venue.subscribed([iotBook, "ticker:tIOTETH", "trades:tIOTETH"]))
      return { venue, feed, frames: framesOf(venue, iotBook).slice(0, 60) }
    })

  it.live("bitfinex: lists on numbered channels become quotes, a book, and only the trades after the subscription", () =>
    Effect.gen(function* () {
      const { feed, venue } = yield* iotFeed()
      const frames = framesOf(venue, iotBook, "ticker:tIOTETH", "trades:tIOTETH")
      yield* Effect.promise(() => venue.play(faults.clean(frames)))
      const [channel] = asList(parsed(framesOf(venue, "trades:tIOTETH"))[0])
      const trade = [channel, "te", [670155999, 1618677600000, -11.5, 0.0010241]]
      yield* Effect.promise(() => venue.play([{ kind: "say", channel: "trades:tIOTETH", text: JSON.stringify(trade) }]))
      yield* feed.until("the trade", ({ ticksOf }) => ticksOf("trade").length > 0)
      yield* ends(feed, iot, bookOf.bitfinex(framesOf(venue, iotBook)))
      yield* sound(feed)
      const { price, side, size, tradeId, venueTime } = feed.ticksOf("trade")[0] ?? {}
      assert.deepStrictEqual([tradeId, price, size, side, venueTime], [
        "670155999",
        "0.0010241",
        "11.5",
        "sell",
        1618677600000,
      ])
      const quotes = parsed(framesOf(venue, "ticker:tIOTETH")).flatMap((frame) => {
        const row = asList(asList(frame)[1])
        return row.length === 0 ? [] : [row.slice(0, 4).map(Number)]
      })
      assert.deepStrictEqual(
        feed.ticksOf("quote").map(({ ask, askSize, bid, bidSize }) => [bid, bidSize, ask, askSize].map(Number)),
        quotes,
      )
      assert.deepStrictEqual(feed.bad(), [])
    }))

  const breaking: ReadonlyArray<readonly [name: string, change: (text: string) => string, reason: string]> = [
    ["that is cut off", faults.truncate, "not_json"],
    ["with a __proto__ key", () => '{"__proto__":{"polluted":1}}', "forbidden_key"],
    ["of 20 MB", () => `{"event":"info"${" ".repeat(20 * 1024 * 1024)}}`, "too_large"],
  ]
  for (const [name, change, reason] of breaking) {
    it.live(`bitfinex: a frame ${name} breaks the book, whose change it may have held, and the book comes back`, () =>
      Effect.gen(function* () {
        const { feed, frames, venue } = yield* iotFeed()
        yield* Effect.promise(() => venue.play(faults.clean(frames.slice(0, 30))))
        yield* ends(feed, iot, bookOf.bitfinex(frames.slice(0, 30)))
        yield* Effect.promise(() => venue.play(faults.replaced(frames.slice(30, 31), 0, change)))
        yield* Effect.promise(() => venue.subscribed([iotBook], 2))
        yield* Effect.promise(() => venue.play(faults.clean(frames.slice(31))))
        yield* ends(feed, iot, bookOf.bitfinex(frames))
        assert.deepStrictEqual(feed.bad().map((bad) => bad.reason), [reason])
        assert.strictEqual(feed.ticksOf("gap")[0]?.reason, "sequence")
        const kinds = feed.ticks().map(({ kind }) => kind)
        assert.notInclude(kinds.slice(kinds.indexOf("gap"), kinds.lastIndexOf("gap")), "book")
        assert.isUndefined(Reflect.get({}, "polluted"))
      }))
  }

  it.live("bitfinex: a checksum that is not the book's is a gap, and the book comes back", () =>
    Effect.gen(function* () {
      const { feed, frames, venue } = yield* iotFeed()
      yield* Effect.promise(() => venue.play(faults.clean(frames)))
      yield* ends(feed, iot, bookOf.bitfinex(frames))
      const [channel] = asList(parsed(frames)[0])
      yield* Effect.promise(() =>
        venue.play([{ kind: "say", channel: iotBook, text: JSON.stringify([channel, "cs", 12345]) }])
      )
      yield* feed.until("the gap", ({ ticksOf }) => ticksOf("gap").length > 0)
      assert.strictEqual(feed.ticksOf("gap")[0]?.reason, "checksum")
      const books = feed.ticksOf("book").length
      yield* feed.until("the book again", ({ ticksOf }) => ticksOf("book").length > books)
      assert.deepStrictEqual(feed.bad(), [])
    }))

  const refusals = [
    {
      how: "ccxt rejects",
      script: krakenfutures,
      instrument: "XRP/USD:XRP",
      channel: "trade:PI_XRPUSD",
      answer: { event: "alert", message: "Failed to subscribe" },
      detail: "Failed to subscribe",
    },
    {
      how: "ccxt throws",
      script: bitstamp,
      instrument: "ETH/USD",
      channel: "live_trades_ethusd",
      answer: { event: "bts:error", channel: "", data: { code: 4009, message: "Connection is unauthorized." } },
      detail: "AuthenticationError",
    },
  ]
  for (const { answer, channel, detail, how, instrument, script } of refusals) {
    it.live(`whose refusal of a subscription ${how} is told with it, and asked again`, () =>
      Effect.gen(function* () {
        const recorded = script(data.path)
        let asked = 0
        const answers: typeof recorded.answers = (message) => asked++ === 0 ? [answer] : recorded.answers(message)
        const venue = yield* fakeVenue({ ...recorded, answers })
        const feed = yield* probe(venue, { instruments: [instrument], kinds: ["trade"], depth: DEPTH })
        yield* Effect.promise(() => venue.subscribed([channel], 2))
        yield* feed.until("the return", ({ states }) => states().filter((one) => one === "connected").length === 2)
        assert.deepStrictEqual(feed.bad().map(({ reason }) => reason), ["venue_error"])
        assert.include(feed.bad()[0]?.detail, detail)
      }))
  }

  it.live("krakenfutures: its light tickers have no sizes, so quotes come from its book; its funding is asked for", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(krakenfutures(data.path)), book = "book:PI_XRPUSD"
      const request = { instruments: ["XRP/USD:XRP"], kinds: ["quote", "funding"] as const, depth: DEPTH }
      const feed = yield* probe(venue, request, { pollEveryMs: 50 })
      yield* Effect.promise(() => venue.subscribed(["ticker_lite:PI_XRPUSD"]))
      assert.notInclude(venue.subscriptions, book)
      yield* Effect.promise(() => venue.play(faults.clean(framesOf(venue, "ticker_lite:PI_XRPUSD").slice(0, 1))))
      yield* Effect.promise(() => venue.subscribed([book]))
      yield* Effect.promise(() => venue.play(faults.clean(framesOf(venue, book))))
      const [bids, asks] = bookOf.krakenfutures(framesOf(venue, book))
      const best = [...bids[0] ?? [], ...asks[0] ?? []]
      yield* feed.until(`a quote of ${best}`, ({ ticksOf }) => {
        const { ask, askSize, bid, bidSize } = ticksOf("quote").at(-1) ?? {}
        return JSON.stringify([bid, bidSize, ask, askSize].map(Number)) === JSON.stringify(best)
      })
      yield* feed.until("funding asked for twice", ({ ticksOf }) => ticksOf("funding").length >= 2)
      const { intervalMs, rate } = feed.ticksOf("funding")[0] ?? {}
      assert.deepStrictEqual([rate, intervalMs], ["0.0001", 3_600_000])
      assert.deepStrictEqual(feed.ticksOf("book"), [])
      assert.deepStrictEqual(feed.bad(), [])
      yield* sound(feed)
    }))

  const xrp = "XRP/USD:XRP", xrpBook = "book:PI_XRPUSD"
  const xrpFeed = (settings = {}) =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(krakenfutures(data.path))
      const feed = yield* probe(venue, { instruments: [xrp], kinds: ["book"], depth: DEPTH }, settings)
      yield* Effect.promise(() => venue.subscribed([xrpBook]))
      const frames = framesOf(venue, xrpBook).slice(0, 30)
      yield* Effect.promise(() => venue.play(faults.clean(frames)))
      const truth = bookOf.krakenfutures(frames), ask = truth[1][0]?.[0] ?? 0
      yield* ends(feed, xrp, truth)
      /** The venue says that so much is bid, or asked, at a price. */
      const level = (side: "buy" | "sell", price: number, qty: number) => {
        const frame = { feed: "book", product_id: "PI_XRPUSD", side, seq: 1, price, qty, timestamp: 1626994999000 }
        return Effect.promise(() => venue.play([{ kind: "say", channel: xrpBook, text: JSON.stringify(frame) }]))
      }
      return { venue, feed, ask, level }
    })

  const comesBack = (feed: FeedProbe) =>
    Effect.suspend(() => {
      const books = feed.ticksOf("book").length
      return feed.until("the book again", ({ ticksOf }) => ticksOf("book").length > books)
    })

  it.live("krakenfutures: a frame that ccxt stumbles over is refused, and breaks the book it may have been of", () =>
    Effect.gen(function* () {
      const { feed, venue } = yield* xrpFeed()
      // A change of a book that nobody subscribed to: ccxt has none to apply it to.
      const [, other] = framesOf(venue, "book:PI_ETHUSD")
      yield* Effect.promise(() => venue.play([{ kind: "say", channel: xrpBook, text: other?.text ?? "" }]))
      yield* feed.until("the gap", ({ ticksOf }) => ticksOf("gap").length > 0)
      assert.deepStrictEqual(feed.bad().map(({ reason }) => reason), ["wrong_type"])
      assert.match(feed.bad()[0]?.detail ?? "", /^ccxt: TypeError/)
      yield* comesBack(feed)
    }))

  it.live("krakenfutures: a price that cannot be breaks the book it got into", () =>
    Effect.gen(function* () {
      const { feed, level } = yield* xrpFeed()
      yield* level("sell", -1, 5)
      yield* feed.until("the gap", ({ ticksOf }) => ticksOf("gap").length > 0)
      assert.deepStrictEqual(feed.bad().map(({ reason }) => reason), ["not_positive"])
      yield* comesBack(feed)
      yield* sound(feed)
    }))

  it.live("krakenfutures: sides that cross between two frames say nothing, and mean nothing", () =>
    Effect.gen(function* () {
      const { ask, feed, level } = yield* xrpFeed()
      yield* level("buy", ask, 77)
      yield* level("sell", ask, 0)
      yield* feed.until("the new best bid", ({ ticksOf }) => ticksOf("book").at(-1)?.bids[0]?.[1] === "77")
      assert.isTrue(feed.ticksOf("book").every(({ asks, bids }) => Number(bids[0]?.[0]) < Number(asks[0]?.[0])))
      assert.deepStrictEqual([feed.ticksOf("gap").length, feed.bad().length], [0, 0])
    }))

  it.live("krakenfutures: a book that stays crossed is broken, though nothing more comes", () =>
    Effect.gen(function* () {
      const { ask, feed, level } = yield* xrpFeed({ heartbeatMs: 50 })
      yield* level("buy", ask, 77)
      yield* feed.until("the gap", ({ ticksOf }) => ticksOf("gap").length > 0)
      assert.deepStrictEqual(feed.bad().map(({ reason }) => reason), ["crossed"])
      yield* comesBack(feed)
    }))

  it.live("krakenfutures: whose consumer is too slow is told what it lost, and the book again", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(krakenfutures(data.path))
      const open = yield* Deferred.make<void>()
      const request = { instruments: [xrp], kinds: ["book"] as const, depth: DEPTH }
      const slow = { queueCapacity: 8, heartbeatMs: 20, snapshotEveryMs: 40 }
      const feed = yield* probe(venue, request, slow, Deferred.await(open))
      yield* Effect.promise(() => venue.subscribed([xrpBook]))
      const frames = framesOf(venue, xrpBook).slice(0, 200)
      yield* Effect.promise(() => venue.play(faults.clean(frames)))
      yield* Deferred.succeed(open, undefined)
      yield* ends(feed, xrp, bookOf.krakenfutures(frames))
      assert.strictEqual(feed.ticksOf("gap")[0]?.reason, "overflow")
    }))

  it.live("krakenfutures: funding that is refused for a while is told, and its streams go on", () =>
    Effect.gen(function* () {
      const venue = yield* fakeVenue(krakenfutures(data.path)), book = "book:PI_XRPUSD"
      const lines: Array<string> = []
      yield* Effect.gen(function* () {
        const request = { instruments: ["XRP/USD:XRP"], kinds: ["book", "funding"] as const, depth: DEPTH }
        const feed = yield* probe(venue, request, { pollEveryMs: 50 })
        yield* feed.until("a rate", ({ ticksOf }) => ticksOf("funding").length > 0)
        yield* Effect.promise(() => venue.subscribed([book]))
        venue.answerRest({ status: 500, headers: {}, body: {} })
        const asked = venue.restRequests.length
        yield* Effect.promise(() => venue.play(faults.clean(framesOf(venue, book))))
        yield* ends(feed, "XRP/USD:XRP", bookOf.krakenfutures(framesOf(venue, book)))
        yield* Effect.promise(() => venue.requested("tickers", asked + 1))
        venue.answerRest(null)
        const rates = feed.ticksOf("funding").length
        yield* feed.until("a rate again", ({ ticksOf }) => ticksOf("funding").length > rates)
        assert.deepStrictEqual(feed.ticksOf("gap"), [])
        assert.deepStrictEqual(feed.states(), ["connecting", "connected"])
      }).pipe(Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(`${message}`))])))
      assert.include(lines.join("\n"), "krakenfutures over REST: unreachable")
    }))

  it.live("whose followed market has no channel at all is asked for what it has over REST, in turns", () =>
    Effect.gen(function* () {
      let executions: ReadonlyArray<unknown> | null = null
      const venue = yield* fakeVenue(bitflyer(() => executions === null ? {} : { "/v1/getexecutions": executions }))
      const feed = yield* probe(venue, { instruments: ["BTC/JPY"], kinds: everything, depth: DEPTH }, {
        pollEveryMs: 50,
        backoffBaseMs: 20,
      })
      yield* feed.until("two rounds", ({ ticksOf }) => ticksOf("book").length >= 2)
      const [quote] = feed.ticksOf("quote")
      assert.deepStrictEqual([quote?.bid, quote?.bidSize, quote?.ask, quote?.askSize], [
        "8700000",
        "0.1",
        "8701000",
        "0.2",
      ])
      // What was traded before is no news; what is new is told once.
      assert.deepStrictEqual(feed.ticksOf("trade"), [])
      const known = asList(bitflyer().rest(new URL("http://venue/v1/getexecutions"), () => []))
      executions = [{ ...asJson(known[0]), id: 3, side: "BUY" }, ...known]
      yield* feed.until("the new trade", ({ ticksOf }) => ticksOf("trade").length > 0)
      const rounds = feed.ticksOf("book").length
      yield* feed.until("another round", ({ ticksOf }) => ticksOf("book").length > rounds + 1)
      assert.deepStrictEqual(feed.ticksOf("trade").map(({ side, tradeId }) => [tradeId, side]), [["3", "buy"]])
      assert.deepStrictEqual(feed.ticksOf("heartbeat"), [], "nothing is known between two answers")

      venue.answerRest({ status: 500, headers: {}, body: {} })
      yield* feed.until("the loss", ({ states }) => states().includes("disconnected"))
      assert.strictEqual(feed.ticksOf("gap")[0]?.reason, "disconnect")
      venue.answerRest(null)
      yield* feed.until("the return", ({ states }) => states().filter((state) => state === "connected").length === 2)
      assert.strictEqual(venue.dials(), 0)
      yield* sound(feed)
    }))
})

describe("the live exchange on any name", () => {
  const failing = (venue: string) =>
    Effect.gen(function* () {
      const exchange = yield* Exchange
      return yield* exchange.feed({ venue, instruments: ["BTC/USDT"], kinds: ["quote"], depth: 1 }).pipe(
        Stream.runDrain,
        Effect.flip,
      )
    }).pipe(Effect.provide(Layer.provide(layer(), EmbeddedRestBudgets.layer)))

  it.live("refuses one that ccxt does not have, for good, and names those near it", () =>
    Effect.gen(function* () {
      const misspelt = yield* failing("krakn")
      assert.deepStrictEqual([misspelt.reason, misspelt.retryable], ["unknown_venue", false])
      assert.match(misspelt.detail, /"krakn" is not one of the \d+ exchanges of ccxt; near it: kraken/)
      assert.strictEqual((yield* failing("../kraken")).reason, "unknown_venue")
      assert.include((yield* failing("zzzzzzzzzz")).detail, "add-a-venue.md")
    }))
})

describe("A packed frame", () => {
  const gunzip = { gunzip: true }
  it("is unpacked, as far as the limit", () => {
    assert.strictEqual(unpack(gunzip, gzipSync('{"a":1}'), 100), '{"a":1}')
    assert.deepInclude(unpack(gunzip, gzipSync(" ".repeat(10_000)), 100), { reason: "too_large" })
  })
  it("that is none is refused; bytes that ccxt reads itself are left to it", () => {
    assert.deepInclude(unpack(gunzip, new Uint8Array([1, 2, 3]), 100), { reason: "not_json" })
    assert.isNull(unpack({ decompressBinary: false }, new Uint8Array([1, 2, 3]), 100))
    assert.deepInclude(unpack({ decompressBinary: false }, new Uint8Array(101), 100), { reason: "too_large" })
    assert.strictEqual(unpack({}, new TextEncoder().encode("pong"), 100), "pong")
  })
})
