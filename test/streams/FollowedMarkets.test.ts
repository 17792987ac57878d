/** Followed markets: none is without a quote for a minute while its stream or its venue's API works. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Layer, Option, Ref, Stream } from "effect"
import { TestClock } from "effect/testing"
import { decode } from "../../src/domain/MarketEntry.ts"
import { Bus } from "../../src/layers/Bus.ts"
import { Exchange, ExchangeError } from "../../src/layers/Exchange.ts"
import { freshen, FRESHEN_EVERY } from "../../src/streams/FollowedMarkets.ts"
import { MARKET_BUCKET } from "../../src/streams/Topology.ts"
import type { SourceState } from "../../src/streams/MarketAccess.ts"
import { accessOf, busOf, newWorld, settle } from "../support/markets.ts"
import { T0 } from "../support/ticks.ts"

const listing = (instrument: string) => ({
  venue: "okx",
  instrument,
  contractSize: null,
  amountStep: null,
  minAmount: null,
  minNotional: null,
})

/** okx lists two markets, kraken's list cannot be had. */
const exchange = Layer.succeed(Exchange, {
  simulated: false,
  venues: ["okx", "kraken"],
  markets: (venue) =>
    venue === "okx"
      ? Effect.succeed(["BTC/USDT", "ETH/USDT"].map(listing))
      : Effect.fail(new ExchangeError({ reason: "unreachable", venue, detail: "away" })),
  feed: () => Stream.never,
})

const request = (venue: string) => ({ venue, instruments: ["BTC/USDT", "ETH/USDT", "NOPE/USDT"], kinds: [], depth: 50 })

describe("Followed markets whose stream is silent", () => {
  it.effect("have a quote younger than a minute in the bucket all the time, and only those the venue lists are asked for", () => {
    const world = newWorld({ apiMs: 300 })
    return Effect.gen(function* () {
      yield* TestClock.setTime(T0)
      const told = yield* Ref.make<ReadonlyArray<SourceState>>([])
      const round = freshen([request("okx"), request("kraken")], told)
      yield* Effect.forkScoped(Effect.forever(Effect.andThen(round, Effect.sleep(FRESHEN_EVERY))))
      const bucket = yield* (yield* Bus).bucket(MARKET_BUCKET)
      yield* TestClock.adjust("1 second")
      yield* settle
      let oldestMs = 0
      for (let second = 0; second < 300; second++) {
        for (const key of ["okx.spot.BTC-USDT", "okx.spot.ETH-USDT"]) {
          const found = Option.getOrThrow(yield* bucket.get(key))
          const { asOf } = Option.getOrThrow(decode(found.value))
          oldestMs = Math.max(oldestMs, (yield* Clock.currentTimeMillis) - asOf)
        }
        yield* TestClock.adjust("1 second")
        yield* settle
      }
      assert.isBelow(oldestMs, 60_000)
      assert.isTrue(world.calls.every(({ instrument, venue }) => venue === "okx" && instrument !== "NOPE/USDT"))
      // Two markets in five minutes; an API alone would have been asked at every round.
      assert.isAtMost(world.calls.length, 2 * 16)
      assert.sameMembers((yield* Ref.get(told)).map(({ source }) => source), ["stream", "cache", "api"])
    }).pipe(Effect.provide(Layer.merge(accessOf(world), exchange)), Effect.provide(busOf(world)))
  })
})
