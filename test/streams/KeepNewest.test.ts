/** The newest of each market in the bucket: how soon it is there, what keeps it there, and how often it is written. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import type { MarketEntry } from "../../src/domain/MarketEntry.ts"
import { decode } from "../../src/domain/MarketEntry.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Bus } from "../../src/layers/Bus.ts"
import { Framing } from "../../src/streams/Framing.ts"
import { keepNewest } from "../../src/streams/KeepNewest.ts"
import { LatestMarkets } from "../../src/streams/LatestMarkets.ts"
import { MARKET_BUCKET } from "../../src/streams/Topology.ts"
import { busOf, newWorld, settle } from "../support/markets.ts"
import { book, gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const noBook = () => undefined

const begun = Effect.fnUntraced(function* (
  table: LatestMarkets,
  bookOf: Parameters<typeof keepNewest>[2] = noBook,
) {
  yield* TestClock.setTime(T0)
  yield* Effect.forkScoped(keepNewest(table, "live", bookOf), { startImmediately: true })
  const bucket = yield* (yield* Bus).bucket(MARKET_BUCKET)
  yield* settle
  return {
    keys: bucket.keys(">"),
    get: (key: string): Effect.Effect<MarketEntry | null> =>
      bucket.get(key).pipe(
        Effect.flatMap(Option.match({
          onNone: () => Effect.succeed(null),
          onSome: ({ value }) => Effect.succeed(Option.getOrThrow(decode(value))),
        })),
        Effect.orDie,
      ),
    revision: (key: string) =>
      Effect.map(bucket.get(key), Option.match({ onNone: () => 0, onSome: ({ revision }) => revision })),
  }
})

const after = (ms: number) => Effect.andThen(TestClock.adjust(ms), settle)
const btc = "okx.spot.BTC-USDT"

describe("The newest of each market that is ingested", () => {
  it.effect("is in the bucket within a second and a bit, once a second at most, under its subject's key", () =>
    Effect.gen(function* () {
      const table = new LatestMarkets(), bucket = yield* begun(table)
      table.push(quote("okx", "BTC/USDT", T0, ["100", "101"]))
      table.push(quote("okx", "BTC/USDT:USDT", T0, ["100", "102"]))
      table.push(book("kraken", "BTC/USD", T0, { bids: [["100", "1"]], asks: [["103", "1"]] }))
      table.push({ ...quote("okx", "BTC/USDT", T0, ["1", "2"]), kind: "ticker", last: "100.5" })
      yield* after(1_000)
      assert.sameMembers([...(yield* bucket.keys)], [
        btc,
        "okx.linear-USDT.BTC-USDT",
        "kraken.spot.BTC-USD",
        `${btc}.ticker`,
      ])
      assert.deepInclude(yield* bucket.get(btc), { v: 1, data: "live", source: "stream", asOf: T0, bpsPerS: null })
      const first = yield* bucket.revision(btc)
      for (let n = 0; n < 9; n++) {
        table.push(quote("okx", "BTC/USDT", T0 + 1_000 + n, [String(100 + n), "120"]))
        yield* after(100)
        assert.strictEqual(yield* bucket.revision(btc), first)
      }
      yield* after(100)
      const entry = yield* bucket.get(btc)
      assert.deepInclude(entry?.ticks[0], { bid: "108", ingestTime: T0 + 1_008 })
    }).pipe(Effect.provide(busOf(newWorld()))))

  it.effect("stays there, and says when it last held, as long as its quiet market is alive; and goes with it", () =>
    Effect.gen(function* () {
      const table = new LatestMarkets(), bucket = yield* begun(table)
      table.push(quote("okx", "BTC/USDT", T0, ["100", "101"]))
      for (let second = 1; second <= 180; second++) {
        yield* after(1_000)
        table.push(heartbeat("okx", "BTC/USDT", T0 + second * 1_000))
        const entry = yield* bucket.get(btc), nowMs = yield* Clock.currentTimeMillis
        assert.isNotNull(entry)
        assert.isAbove(entry?.expiresAt ?? 0, nowMs)
        assert.isAtMost(nowMs - (entry?.asOf ?? 0), 60_000 / 3 + 2_000)
      }
      // Three minutes without a move: it lives as long as an entry may.
      const quiet = yield* bucket.get(btc)
      assert.strictEqual((quiet?.expiresAt ?? 0) - (quiet?.asOf ?? 0), 60_000)
      table.push(gap("okx", "BTC/USDT", yield* Clock.currentTimeMillis))
      yield* after(61_000)
      assert.isNull(yield* bucket.get(btc))
    }).pipe(Effect.provide(busOf(newWorld()))))

  it.effect("has the whole book as it stands, which live ticks alone do not tell, and none after a gap", () =>
    Effect.gen(function* () {
      const table = new LatestMarkets(), framing = new Framing("test.1", "live")
      const bucket = yield* begun(table, ({ instrument, venue }) => framing.book(venue, instrument, 2))
      const told = (tick: Tick, live: boolean) => {
        framing.push(tick)
        if (live) table.push(tick)
      }
      const asks = [["103", "1"], ["104", "2"], ["105", "3"]] as const
      told(book("kraken", "BTC/USD", T0, { bids: [["100", "1"]], asks }), true)
      told(quote("okx", "BTC/USDT", T0, ["100", "101"]), true)
      yield* after(1_000)
      const delta = { snapshot: false, bids: [["101", "4"]], asks: [["103", "0"]] } as const
      told(book("kraken", "BTC/USD", T0 + 1_000, delta), false)
      yield* after(1_000)
      const entry = yield* bucket.get("kraken.spot.BTC-USD.book")
      assert.deepInclude(entry?.ticks[0], {
        snapshot: true,
        ingestTime: T0 + 1_000,
        bids: [["101", "4"], ["100", "1"]],
        asks: [["104", "2"], ["105", "3"]],
      })
      const revision = yield* bucket.revision("kraken.spot.BTC-USD.book")
      told(gap("kraken", "BTC/USD", T0 + 2_000), true)
      yield* after(10_000)
      assert.strictEqual(yield* bucket.revision("kraken.spot.BTC-USD.book"), revision)
      assert.notInclude(yield* bucket.keys, `${btc}.book`)
    }).pipe(Effect.provide(busOf(newWorld()))))

  it.effect("lives the shorter the faster its market moves", () =>
    Effect.gen(function* () {
      const table = new LatestMarkets(), bucket = yield* begun(table)
      for (let second = 0; second < 60; second++) {
        // Half a percent to and fro, every second.
        const bid = second % 2 === 0 ? "100" : "100.5"
        table.push(quote("okx", "BTC/USDT", T0 + second * 1_000, [bid, "101"]))
        table.push(quote("okx", "ETH/USDT", T0 + second * 1_000, ["100", second % 2 === 0 ? "101" : "101.02"]))
        yield* after(1_000)
      }
      const lives = (entry: MarketEntry | null) => (entry?.expiresAt ?? 0) - (entry?.asOf ?? 0)
      assert.strictEqual(lives(yield* bucket.get(btc)), 5_000)
      const calm = lives(yield* bucket.get("okx.spot.ETH-USDT"))
      assert.isAbove(calm, 15_000)
      assert.isBelow(calm, 25_000)
    }).pipe(Effect.provide(busOf(newWorld()))))

  it.effect("is written when the bucket is back, the newest only", () => {
    const world = newWorld({ cache: "fails" })
    return Effect.gen(function* () {
      const table = new LatestMarkets(), bucket = yield* begun(table)
      for (let second = 0; second < 5; second++) {
        table.push(quote("okx", "BTC/USDT", T0 + second * 1_000, [String(100 + second), "120"]))
        yield* after(1_000)
      }
      world.cache = "works"
      assert.strictEqual(yield* bucket.revision(btc), 0)
      yield* after(1_000)
      assert.deepInclude((yield* bucket.get(btc))?.ticks[0], { bid: "104" })
    }).pipe(Effect.provide(busOf(world)))
  })
})
