/** Analyses of markets made from live ticks: what a made leader looks like in the bucket and in the Store. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import * as Instrument from "../../src/domain/Instrument.ts"
import { MarketAnalysisJson } from "../../src/domain/MarketAnalysis.ts"
import * as Subject from "../../src/domain/Subject.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import * as TickCodec from "../../src/domain/TickCodec.ts"
import { AnalysisResults } from "../../src/layers/AnalysisResults.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { HeardMarkets } from "../../src/streams/HeardMarkets.ts"
import { analyseMarkets, EVERY, FIRST_AFTER, keepAnalysing } from "../../src/streams/MarketAnalyses.ts"
import { ANALYSIS_BUCKET, openBucket } from "../../src/streams/Topology.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, until, world } from "../support/actors.ts"
import { book, gap, quote } from "../support/ticks.ts"
import { BEGINS, told, type Walk, walk } from "../support/walks.ts"

const LATE = 300
const prices = walk(5, 2_000, 60)

const quotes = (venue: string, instrument: string, from: Walk): ReadonlyArray<Tick> =>
  from.map(([at, price]) =>
    quote(venue, instrument, t0 + at - BEGINS, [(price - 0.005).toFixed(6), (price + 0.005).toFixed(6)])
  )

const market: ReadonlyArray<Tick> = [
  ...quotes("okx", "BTC/USDT", told(prices, 6, 40, 0)),
  ...quotes("kraken", "BTC/USDT", told(prices, 7, 40, LATE)),
  ...quotes("okx", "ETH/USDT", told(prices.map(([at, price]) => [at, price / 16]), 8, 40, 0)),
  ...quotes("okx", "XRP/USDT", told(walk(9, 2_000, 60), 9, 40, 0)),
].toSorted((a, b) => a.ingestTime - b.ingestTime)

const decode = Schema.decodeUnknownSync(MarketAnalysisJson)
const entry = (key: string) =>
  Effect.gen(function* () {
    const found = yield* (yield* openBucket(ANALYSIS_BUCKET)).get(key)
    return Option.map(found, ({ value }) => decode(new TextDecoder().decode(value)))
  })

const publish = Effect.fnUntraced(function* (tick: Tick) {
  const bus = yield* Bus
  const instrument = Option.getOrThrow(Instrument.parse(tick.instrument))
  const data = new TextEncoder().encode(TickCodec.toLine(tick))
  yield* bus.publishLive({ subject: Subject.live(tick.venue, instrument, tick.kind), data })
})

const heardOf = (ticks: ReadonlyArray<Tick>): HeardMarkets => {
  const heard = new HeardMarkets(Duration.toMillis(EVERY))
  for (const tick of ticks) heard.push(tick)
  return heard
}

const round = (ticks: ReadonlyArray<Tick>) =>
  Effect.flatMap(openBucket(ANALYSIS_BUCKET), (bucket) => analyseMarkets(heardOf(ticks), bucket, "live"))

layer(Layer.provideMerge(EmbeddedBus.layer(), world), { timeout: "60 seconds" })("Analyses of markets", (it) => {
  it.effect("say in the bucket and in the Store which venue moves first, and what moves along", () =>
    Effect.gen(function* () {
      yield* fresh
      yield* round(market)
      const found = Option.getOrThrow(yield* entry("correlation.spot.BTC-USDT"))
      if (found.type !== "correlation") return assert.fail(found.type)
      const [pair] = found.pairs
      assert.deepStrictEqual([found.pairs.length, pair?.a.venue, pair?.b.venue, pair?.leader], [
        1,
        "kraken",
        "okx",
        "b",
      ])
      assert.approximately(pair?.lagMs ?? 0, -LATE, 50)
      assert.isAbove(pair?.atLag ?? 0, pair?.correlation ?? 1)
      const along = new Map(found.others.map(({ correlation, instrument }) => [instrument, correlation]))
      assert.isAbove(along.get("ETH/USDT") ?? 0, 0.5)
      assert.isBelow(Math.abs(along.get("XRP/USDT") ?? 1), 0.2)
      const results = yield* AnalysisResults
      assert.deepStrictEqual(yield* results.newest("correlation", "BTC/USDT", t0), Option.some(found))
      const state = Option.getOrThrow(yield* entry("market.spot.BTC-USDT"))
      if (state.type !== "market") return assert.fail(state.type)
      assert.deepStrictEqual(state.venues.map(({ venue }) => venue), ["kraken", "okx"])
      const [kraken, okx] = state.venues
      assert.approximately((kraken?.offMedianBps ?? 0) + (okx?.offMedianBps ?? 0), 0, 1e-3)
      assert.approximately(okx?.spreadBps ?? 0, 0.01 / (okx?.mid ?? 0) * 10_000, 1e-3)
      assert.isAbove(okx?.volatilityBps ?? 0, 0)
    }))

  it.effect("count markets that are alive, know books where nobody quotes, and lead across no gap", () =>
    Effect.gen(function* () {
      yield* fresh
      const late = t0 + 60_000
      const heard = heardOf([
        quote("okx", "BTC/USDT", t0, ["99", "101"]),
        book("kraken", "BTC/USDT", late, { bids: [["99", "1"], ["98", "1"]], asks: [["101", "1"]] }),
        book("binance", "BTC/USDT", late, { bids: [["99", "1"]], asks: [["101", "1"]] }),
        gap("binance", "BTC/USDT", late + 1),
        book("binance", "BTC/USDT", late + 2, { bids: [["109", "1"]], asks: [["111", "1"]] }),
        book("kraken", "BTC/USDT", late + 2, { bids: [["109", "1"]], asks: [["111", "1"]] }),
      ])
      assert.deepStrictEqual(
        heard.all().map(({ ask, bid, moves, venue }) => [venue, bid, ask, moves.length]),
        [["kraken", 109, 111, 1], ["binance", 109, 111, 0]],
      )
      assert.strictEqual(heard.spanMs, 60_002)
    }))

  it.effect("have room for 1,000 markets, where those that fell silent give way", () =>
    Effect.sync(() => {
      const of = (at: number, from: number) =>
        Array.from({ length: 1_001 }, (_, n) => quote("okx", `A${from + n}/USDT`, at, ["1", "2"]))
      const heard = heardOf(of(t0, 0))
      assert.deepStrictEqual([heard.refused, heard.all().length], [1, 1_000])
      for (const tick of of(t0 + 61_000, 5_000)) heard.push(tick)
      assert.deepStrictEqual([heard.refused, heard.all().length], [2, 1_000])
    }))

  it.effect("are made while a process runs: after a minute of hearing, and then every five minutes", () =>
    Effect.gen(function* () {
      yield* fresh
      const results = yield* AnalysisResults, now = Effect.clockWith((clock) => clock.currentTimeMillis)
      yield* Effect.forkScoped(keepAnalysing("one", "simulated"))
      const made = Effect.flatMap(now, (nowMs) => results.newest("market", "BTC/USDT", nowMs))
      const goOn = (by: Duration.Duration) =>
        Effect.gen(function* () {
          const nowMs = yield* now
          yield* publish(quote("okx", "BTC/USDT", nowMs, ["99", "101"]))
          yield* publish(quote("okx", "BTC/USDT", nowMs + 1, ["100", "102"]))
          yield* TestClock.adjust(by)
        })
      // Before it listens nothing is heard.
      yield* until(Effect.andThen(goOn(Duration.seconds(10)), Effect.map(made, Option.isSome)))
      const first = Option.getOrThrow(yield* made)
      assert.isTrue(first.simulated)
      assert.isAtLeast(first.at - t0, Duration.toMillis(FIRST_AFTER))
      const left = first.at + Duration.toMillis(EVERY) - (yield* now)
      yield* goOn(Duration.millis(left - 1))
      assert.strictEqual(Option.getOrThrow(yield* made).at, first.at)
      yield* goOn(Duration.millis(1))
      yield* until(Effect.map(made, (next) => Option.getOrThrow(next).at === first.at + Duration.toMillis(EVERY)))
    }).pipe(Effect.scoped))
})
