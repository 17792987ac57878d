/**
 * market-access: how many calls to venues' APIs a typical load of questions costs, how long answers take, and how many
 * questions are answered while one source is down.
 *
 * 1,000 questions a second on the in-process bus: 80% quotes of 100 followed markets (their stream tells ten a second),
 * 10% quotes of 40 others, 5% books, 3% funding rates, 2% candles; few markets are asked for much more than the rest.
 * The API takes 80 ms. Then a second each with the stream, the cache and the API hanging, followed markets only.
 * Control: the same questions, each put to the API.
 */
import { Clock, Effect, Layer, Option, References } from "effect"
import type { VenueQuery } from "../src/domain/MarketQuery.ts"
import { decode } from "../src/domain/MarketEntry.ts"
import { Bus } from "../src/layers/Bus.ts"
import { Ingest } from "../src/streams/Ingest.ts"
import { MarketAccess } from "../src/streams/MarketAccess.ts"
import { ensureStreams, MARKET_BUCKET } from "../src/streams/Topology.ts"
import { accessOf, apiOf, busOf, newWorld, type World } from "../test/support/markets.ts"
import { quote } from "../test/support/ticks.ts"
import { VenueApi } from "../src/layers/VenueApi.ts"
import type { Benchmark, Sample } from "./Paired.ts"

const FOLLOWED = 100, OTHERS = 40
const TYPICAL_MS = 4_000, DOWN_MS = 1_000, WARM_UP_MS = 1_500
const SLOT_MS = 20, ASKS_A_SLOT = 20
const TELL_EVERY_MS = 100
const VENUES = ["binance", "okx", "bybit", "kraken", "coinbaseexchange"]

const market = (n: number) => ({ venue: VENUES[n % VENUES.length] ?? "okx", instrument: `C${n}/USDT:USDT` })

/** The same numbers in every pass (a linear congruential generator), between 0 and 1. */
const numbers = () => {
  let state = 1
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

const questionOf = (next: () => number, typical: boolean): VenueQuery => {
  const kind = next(), favoured = next() ** 2
  const followed = market(Math.floor(favoured * FOLLOWED))
  if (!typical || kind < 0.8) return { kind: "quote", ...followed }
  if (kind < 0.9) return { kind: "quote", ...market(FOLLOWED + Math.floor(favoured * OTHERS)) }
  if (kind < 0.95) return { kind: "book", ...followed }
  return kind < 0.98
    ? { kind: "funding", ...followed }
    : { kind: "candle", ...followed, intervalMs: 60_000, limit: 100 }
}

interface Asked {
  asked: number
  answered: number
  readonly sources: Record<string, number>
  readonly tookMs: Array<number>
}

/** Puts questions for so long, and waits for every answer. */
const put = <R>(
  forMs: number,
  typical: boolean,
  ask: (query: VenueQuery) => Effect.Effect<{ readonly source: string }, unknown, R>,
) =>
  Effect.scoped(Effect.gen(function* () {
    const next = numbers(), result: Asked = { asked: 0, answered: 0, sources: {}, tookMs: [] }
    const one = (query: VenueQuery) =>
      Effect.suspend(() => {
        const began = performance.now()
        result.asked++
        return Effect.matchEffect(ask(query), {
          onFailure: () => Effect.void,
          onSuccess: ({ source }) =>
            Effect.sync(() => {
              result.answered++
              result.sources[source] = (result.sources[source] ?? 0) + 1
            }),
        }).pipe(Effect.ensuring(Effect.sync(() => void result.tookMs.push(performance.now() - began))))
      })
    const slots = Array.from({ length: forMs / SLOT_MS }, (_, n) => n)
    const began = yield* Clock.currentTimeMillis
    yield* Effect.forEach(slots, (slot) =>
      Effect.gen(function* () {
        const lateMs = (yield* Clock.currentTimeMillis) - began - slot * SLOT_MS
        if (lateMs < 0) yield* Effect.sleep(-lateMs)
        yield* Effect.forEach(
          Array.from({ length: ASKS_A_SLOT }, () => questionOf(next, typical)),
          one,
          { concurrency: "unbounded", discard: true },
        )
      }), { concurrency: "unbounded", discard: true })
    return result
  }))

/** Followed markets tell a quote every 100 ms, each a little away from the last. */
const feeding = Effect.gen(function* () {
  const ingest = yield* Ingest
  let round = 0
  yield* Effect.forever(Effect.gen(function* () {
    const nowMs = yield* Clock.currentTimeMillis
    round++
    yield* ingest.ticks(Array.from({ length: FOLLOWED }, (_, n) => {
      const bid = 100 + (round + n) % 7 / 1_000
      return quote(market(n).venue, market(n).instrument, nowMs, [String(bid), String(bid + 0.01)])
    }))
    yield* Effect.sleep(TELL_EVERY_MS)
  }))
})

/** The greatest time from a tick to its entry in the bucket, over all entries there. */
const lagMs = Effect.gen(function* () {
  const bucket = yield* (yield* Bus).bucket(MARKET_BUCKET)
  let greatest = 0
  for (const key of yield* bucket.keys("*.*.*")) {
    const found = yield* bucket.get(key)
    if (found._tag === "None") continue
    const entry = Option.getOrThrow(decode(found.value.value))
    if (entry.source === "stream") greatest = Math.max(greatest, found.value.storedAtMs - entry.ticks[0].ingestTime)
  }
  return greatest
})

const phase = (world: World, fed: boolean, down: Partial<World>, forMs: number, typical: boolean) =>
  Effect.gen(function* () {
    yield* ensureStreams
    const access = yield* MarketAccess
    if (fed) {
      yield* Effect.forkScoped(Effect.provide(feeding, Ingest.layer({ writer: "bench.0", source: "live", live: true })))
    }
    yield* Effect.sleep(WARM_UP_MS)
    Object.assign(world, down)
    const result = yield* put(forMs, typical, access.ask)
    return { ...result, lagMs: fed && world.cache === "works" ? yield* lagMs : 0 }
  }).pipe(
    Effect.scoped,
    Effect.provide(Layer.provideMerge(accessOf(world), busOf(world)), { local: true }),
    Effect.provideService(References.MinimumLogLevel, "Error"),
  )

const quantile = (values: ReadonlyArray<number>, share: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.ceil(sorted.length * share) - 1] ?? NaN
}

const share = ({ answered, asked }: Asked): number => answered / asked

const ours = Effect.gen(function* () {
  const world = newWorld({ apiMs: 80 })
  const typical = yield* phase(world, true, {}, TYPICAL_MS, true)
  const apiCalls = world.calls.length
  const noStream = yield* phase(newWorld({ apiMs: 80 }), false, {}, DOWN_MS, false)
  const noCache = yield* phase(newWorld({ apiMs: 80 }), true, { cache: "hangs" }, DOWN_MS, false)
  const noApi = yield* phase(newWorld({ apiMs: 80 }), true, { api: "hangs" }, DOWN_MS, false)
  const everything = [typical, noStream, noCache, noApi].flatMap(({ tookMs }) => tookMs)
  return {
    asked: typical.asked,
    apiCalls,
    fromStream: typical.sources["stream"] ?? 0,
    fromCache: typical.sources["cache"] ?? 0,
    fromApi: typical.sources["api"] ?? 0,
    p50Ms: quantile(typical.tookMs, 0.5),
    p99Ms: quantile(typical.tookMs, 0.99),
    slowestMs: Math.max(...everything),
    answeredShare: share(typical),
    answeredWithoutStream: share(noStream),
    answeredWithoutCache: share(noCache),
    answeredWithoutApi: share(noApi),
    cacheLagMs: typical.lagMs,
  } satisfies Sample
})

const control = Effect.gen(function* () {
  const world = newWorld({ apiMs: 80 })
  const api = Effect.flatMap(VenueApi, ({ fetch }) => Effect.succeed(fetch))
  const typical = yield* Effect.flatMap(
    api,
    (fetch) => put(TYPICAL_MS, true, (query) => Effect.as(fetch(query), { source: "api" })),
  ).pipe(Effect.provide(apiOf(world)))
  return {
    asked: typical.asked,
    apiCalls: world.calls.length,
    p50Ms: quantile(typical.tookMs, 0.5),
    p99Ms: quantile(typical.tookMs, 0.99),
    answeredShare: share(typical),
  } satisfies Sample
})

export const marketAccess: ReadonlyArray<Benchmark> = [{
  name: "market-access",
  about: "questions for market data: calls to the venues' APIs, time to an answer, one source down",
  control: "the same questions, each put to the API",
  compared: "apiCalls",
  targets: [
    { figure: "ratio", atMost: 0.3 },
    { figure: "slowestMs", atMost: 1_000 },
    { figure: "answeredWithoutStream", atLeast: 0.999 },
    { figure: "answeredWithoutCache", atLeast: 0.999 },
    { figure: "answeredWithoutApi", atLeast: 0.999 },
    { figure: "cacheLagMs", atMost: 2_000 },
  ],
  prepare: Effect.succeed({ ours, control }),
}]
