/** Market access: which source answers, how old it may be, what is left when sources fail, and how seldom APIs are asked. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Option, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { entryOf } from "../../src/domain/MarketEntry.ts"
import { LATEST_KINDS, type LatestQuery } from "../../src/domain/MarketQuery.ts"
import type { Bus } from "../../src/layers/Bus.ts"
import { MarketAccess } from "../../src/streams/MarketAccess.ts"
import { openMarketCache } from "../../src/streams/MarketCache.ts"
import { accessOf, busOf, newWorld, type Part, say, settle, type World } from "../support/markets.ts"
import { gap, heartbeat, quote, T0 } from "../support/ticks.ts"

const btc: LatestQuery = { kind: "quote", venue: "okx", instrument: "BTC/USDT" }
const A_SECOND = 1_000

/** A test at T0 with market access over the world. */
const inWorld = <A, E>(
  world: World,
  body: Effect.Effect<A, E, MarketAccess | Bus | Scope.Scope>,
) => Effect.andThen(TestClock.setTime(T0), Effect.provide(Effect.andThen(settle, body), layers(world)))

const layers = (world: World) => Layer.provideMerge(accessOf(world), busOf(world))

/** The answer, and how long it took; time goes on only as far as it must. */
const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const beganMs = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.forkChild(Effect.exit(effect), { startImmediately: true })
    while (true) {
      yield* settle
      const nowMs = yield* Clock.currentTimeMillis
      const exit = fiber.pollUnsafe()
      if (exit !== undefined && Exit.isSuccess(exit)) return { exit: exit.value, tookMs: nowMs - beganMs }
      if (nowMs - beganMs > 20_000) return yield* Effect.die(new Error("no answer within 20 s"))
      yield* TestClock.adjust("10 millis")
    }
  })

const asked = (query: LatestQuery) => timed(Effect.flatMap(MarketAccess, (access) => access.ask(query)))
const answered = (query: LatestQuery) =>
  Effect.flatMap(asked(query), ({ exit }) => Exit.isSuccess(exit) ? Effect.succeed(exit.value) : Effect.die(exit))

describe("Market access", () => {
  it.effect("answers from the stream first, as fresh as its subscription's last sign of life", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        yield* say(quote("okx", "BTC/USDT", T0, ["100", "101"]))
        const first = yield* answered(btc)
        assert.deepInclude(first, { source: "stream", asOf: T0, ageMs: 0, stale: false, data: "live" })
        assert.strictEqual(first.ticks[0].kind === "quote" ? first.ticks[0].bid : "", "100")
        yield* TestClock.adjust("5 seconds")
        yield* say(heartbeat("okx", "BTC/USDT", T0 + 4_000))
        assert.deepInclude(yield* answered(btc), { source: "stream", asOf: T0 + 4_000, ageMs: 1_000 })
        assert.deepStrictEqual(world.calls, [])
      }),
    )
  })

  it.effect("tells nothing from before a gap", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        yield* say(quote("okx", "BTC/USDT", T0, ["99", "101"]))
        yield* say(gap("okx", "BTC/USDT", T0))
        assert.deepInclude(yield* answered(btc), { source: "api" })
        assert.strictEqual(world.calls.length, 1)
      }),
    )
  })

  it.effect("asks the API once for all who miss at the same time, and keeps what it said for the next", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        const access = yield* MarketAccess
        const { exit } = yield* timed(Effect.all(Array.from({ length: 50 }, () => access.ask(btc)), {
          concurrency: "unbounded",
        }))
        assert.isTrue(Exit.isSuccess(exit))
        if (Exit.isSuccess(exit)) assert.isTrue(exit.value.every(({ source }) => source === "api"))
        assert.strictEqual(world.calls.length, 1)
        yield* TestClock.adjust("3 seconds")
        assert.deepInclude(yield* answered(btc), { source: "cache", stale: false, asOf: T0 + 50, ageMs: 3_000 })
        assert.strictEqual(world.calls.length, 1)
      }),
    )
  })

  it.effect("tells what is past its best at once, and fetches a newer one behind it, once", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        yield* answered(btc)
        world.price = "100.5"
        // Its pace is not known yet, so that it lives for 15 s and is fresh for half of them.
        yield* TestClock.adjust("8 seconds")
        for (let n = 0; n < 3; n++) {
          const { exit, tookMs } = yield* asked(btc)
          assert.strictEqual(tookMs, 0)
          assert.isTrue(Exit.isSuccess(exit) && exit.value.stale && exit.value.source === "cache")
        }
        yield* TestClock.adjust("50 millis")
        yield* settle
        assert.strictEqual(world.calls.length, 2)
        const newer = yield* answered(btc)
        assert.deepInclude(newer, { source: "cache", stale: false })
        assert.strictEqual(newer.ticks[0].kind === "quote" ? newer.ticks[0].bid : "", "100.5")
      }),
    )
  })

  it.effect("tells nothing older than the caller wants", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        yield* answered(btc)
        yield* TestClock.adjust("2 seconds")
        assert.deepInclude(yield* answered({ ...btc, maxAgeMs: 1_500 }), { source: "api", ageMs: 0 })
        assert.deepInclude(yield* answered({ ...btc, maxAgeMs: 1_500 }), { source: "cache" })
      }),
    )
  })

  it.effect("answers each kind, candles by their number", () => {
    const world = newWorld()
    return inWorld(
      world,
      Effect.gen(function* () {
        for (const kind of LATEST_KINDS) {
          const answer = yield* answered({ kind, venue: "okx", instrument: "BTC/USDT:USDT" })
          assert.deepStrictEqual(answer.ticks.map((tick) => tick.kind), [kind])
        }
        const access = yield* MarketAccess
        const candles = { kind: "candle", venue: "okx", instrument: "BTC/USDT", intervalMs: 60_000 } as const
        for (const limit of [20, 300, 5]) {
          const { exit } = yield* timed(access.ask({ ...candles, limit }))
          assert.strictEqual(Exit.isSuccess(exit) ? exit.value.ticks.length : 0, limit)
        }
        assert.strictEqual(world.calls.filter(({ kind }) => kind === "candle").length, 1)
      }),
    )
  })

  it.effect("never takes simulated or recorded data for live ones", () => {
    const world = newWorld({ api: "fails" })
    return inWorld(
      world,
      Effect.gen(function* () {
        const cache = yield* openMarketCache
        const ticks = [quote("okx", "BTC/USDT", T0, ["100", "101"])] as const
        yield* cache.write(
          "okx.spot.BTC-USDT",
          entryOf(btc, { data: "simulated", source: "stream", asOf: T0, ticks }, null),
        )
        const { exit } = yield* asked(btc)
        const error = Option.getOrThrow(Exit.findErrorOption(exit))
        assert.include(error.failures[1]?.detail, "simulated")
      }),
    )
  })

  it.effect("names each source's failure when none is left, within a second, also when they hang", () =>
    Effect.forEach(["fails", "hangs"] as const, (part) =>
      Effect.scoped(inWorld(
        newWorld({ api: part, cache: part }),
        Effect.gen(function* () {
          const { exit, tookMs } = yield* asked(btc)
          assert.isAtMost(tookMs, A_SECOND - 100)
          const error = Option.getOrThrow(Exit.findErrorOption(exit))
          assert.strictEqual(error.reason, "data_unavailable")
          assert.isTrue(error.retryable)
          const away = part === "fails" ? "unreachable" : "timeout"
          assert.deepStrictEqual(error.failures.map(({ reason, source }) => [source, reason]), [
            ["stream", "nothing_known"],
            ["cache", away],
            ["api", away],
          ])
          assert.include(error.message, "no quote of BTC/USDT on okx: stream: nothing_known")
        }),
      ))))

  it.effect("says of history that there is no archive, and of a name that it is none", () =>
    inWorld(
      newWorld(),
      Effect.gen(function* () {
        const access = yield* MarketAccess
        const error = yield* Effect.flip(
          access.history({ kind: "history", venue: "okx", instrument: "BTC/USDT", fromMs: T0, toMs: T0 + 1 }),
        )
        assert.deepInclude(error.failures[0], { source: "archive", reason: "absent" })
        assert.isFalse(error.retryable)
        const noName = yield* Effect.flip(access.ask({ ...btc, instrument: "BTCUSDT" }))
        assert.deepInclude(noName.failures[0], { reason: "unknown_instrument" })
      }),
    ))

  it.effect("lets a call go on after its caller's patience, so that the next finds its answer", () => {
    const world = newWorld({ apiMs: 3_000 })
    return inWorld(
      world,
      Effect.gen(function* () {
        const { exit, tookMs } = yield* asked(btc)
        assert.isTrue(Exit.isFailure(exit))
        assert.isAtMost(tookMs, A_SECOND - 100)
        yield* TestClock.adjust("3 seconds")
        yield* settle
        assert.deepInclude(yield* answered(btc), { source: "cache" })
        assert.strictEqual(world.calls.length, 1)
      }),
    )
  })

  it.effect("leaves a venue alone that failed five times in a row, and tries it again after a rest", () => {
    const world = newWorld({ api: "fails" })
    return inWorld(
      world,
      Effect.gen(function* () {
        const access = yield* MarketAccess
        for (let n = 0; n < 8; n++) yield* asked(btc)
        assert.strictEqual(world.calls.length, 5)
        const refused = Option.getOrThrow(Exit.findErrorOption((yield* asked(btc)).exit))
        assert.deepInclude(refused.failures[2], { source: "api", reason: "breaker_open" })
        // Another venue is not held responsible.
        yield* asked({ ...btc, venue: "kraken" })
        assert.strictEqual(world.calls.length, 6)
        const figures = (yield* access.health).find(({ venue }) => venue === "okx")
        assert.deepInclude(figures, { source: "api", failed: 5, answered: 0, breaker: "open" })
        assert.deepInclude(figures?.lastError, { reason: "unreachable", detail: "pulled the plug" })
        world.api = "works"
        yield* TestClock.adjust("5 seconds")
        assert.deepInclude(yield* answered(btc), { source: "api" })
        const mended = (yield* access.health).find(({ venue }) => venue === "okx")
        assert.deepInclude(mended, { failed: 5, answered: 1, breaker: "closed", p50Ms: 0, p99Ms: 50 })
      }),
    )
  })

  it.effect("has no more than 256 calls under way: the next is told that it is busy", () => {
    const world = newWorld({ api: "hangs" })
    return inWorld(
      world,
      Effect.gen(function* () {
        const access = yield* MarketAccess
        const asking = yield* Effect.forEach(
          Array.from({ length: 300 }, (_, n) => ({ ...btc, venue: `v${n % 100}`, instrument: `C${n}/USDT` })),
          (query) => Effect.forkChild(Effect.flip(access.ask(query)), { startImmediately: true }),
        )
        yield* settle
        yield* TestClock.adjust("1 second")
        const errors = yield* Effect.forEach(asking, Fiber.join)
        assert.strictEqual(world.calls.length, 256)
        assert.strictEqual(errors.filter(({ failures }) => failures[2]?.reason === "busy").length, 44)
      }),
    )
  })

  const followed = Array.from({ length: 40 }, (_, n) => ({
    kind: "quote" as const,
    venue: ["okx", "kraken", "bybit", "binance"][n % 4] ?? "okx",
    instrument: `C${n}/USDT`,
  }))
  const down: ReadonlyArray<
    { readonly what: string; readonly stream: boolean; readonly cache: Part; readonly api: Part }
  > = [
    { what: "the stream", stream: false, cache: "works", api: "works" },
    { what: "the cache (it fails)", stream: true, cache: "fails", api: "works" },
    { what: "the cache (it hangs)", stream: true, cache: "hangs", api: "works" },
    { what: "the API (it fails)", stream: true, cache: "works", api: "fails" },
    { what: "the API (it hangs)", stream: true, cache: "works", api: "hangs" },
  ]
  for (const { api, cache, stream, what } of down) {
    it.effect(`answers 99.9% of a thousand questions within a second while ${what} is down`, () => {
      const world = newWorld()
      return inWorld(
        world,
        Effect.gen(function* () {
          const live = Effect.flatMap(
            Clock.currentTimeMillis,
            (nowMs) => say(...followed.map(({ instrument, venue }) => quote(venue, instrument, nowMs, ["100", "101"]))),
          )
          yield* live
          world.api = api
          world.cache = cache
          let answers = 0, slowest = 0, asked1000 = 0
          for (let second = 0; second < 25; second++) {
            if (stream) {
              yield* live
            }
            const all = yield* Effect.forEach(followed, asked)
            for (const { exit, tookMs } of all) {
              asked1000++
              if (Exit.isSuccess(exit)) answers++
              slowest = Math.max(slowest, tookMs)
            }
            yield* TestClock.adjust("1 second")
          }
          assert.strictEqual(asked1000, 1_000)
          assert.isAtLeast(answers / asked1000, 0.999)
          assert.isAtMost(slowest, A_SECOND)
        }),
      )
    })
  }
})
