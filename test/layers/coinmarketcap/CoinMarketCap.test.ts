/**
 * CoinMarketCap connected, absent and failing: figures, cache, quota, each refusal, and where the key goes.
 * In: a local server that answers bodies made by hand after the public documentation (test/fixtures/coinmarketcap).
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted } from "effect"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { at as quotaAt, block, charge, type CreditQuota, spend, UNSPENT } from "../../../src/domain/CreditQuota.ts"
import { CreditQuotas } from "../../../src/layers/CreditQuotas.ts"
import { keyInfo, layer } from "../../../src/layers/coinmarketcap/CoinMarketCap.ts"
import { MarketOverview, type MarketOverviewError } from "../../../src/layers/MarketOverview.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { StoreError } from "../../../src/layers/Store.ts"
import { worldOf } from "../../suites/StoreWorld.ts"
import { type JsonAnswer, jsonServer } from "../../support/jsonServer.ts"

const KEY = "b54bcf4d-1bca-4e8e-9a24-22ff2c3d462c"
const june = Date.UTC(2026, 5, 15, 12)
const minute = 60_000

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../fixtures/coinmarketcap/${name}.json`, import.meta.url), "utf8")).body
const bodies = { listings: fixture("listings"), metrics: fixture("metrics") }
const answers = (path: string): JsonAnswer => ({ body: path.includes("listings") ? bodies.listings : bodies.metrics })

/** The quota of a store that lives as long as the test. */
const quotasOf = (box: { quota: CreditQuota }, away = () => false) => {
  const step = <A>(change: () => A) =>
    Effect.suspend(() =>
      away()
        ? Effect.fail(new StoreError({ operation: "CreditQuotas", reason: "unreachable", detail: "away" }))
        : Effect.sync(change)
    )
  return Layer.succeed(CreditQuotas, {
    spend: ({ credits, limits, nowMs }) =>
      step(() => {
        const after = spend(box.quota, limits, credits, nowMs)
        box.quota = after.quota
        return after.verdict
      }),
    charge: (_, credits, nowMs) => step(() => void (box.quota = charge(box.quota, credits, nowMs))),
    block: (_, untilMs, nowMs) => step(() => void (box.quota = block(box.quota, untilMs, nowMs))),
    state: (_, nowMs) => step(() => quotaAt(box.quota, nowMs)),
  })
}

const overviewOf = (apiRoot: string, quotas: Layer.Layer<CreditQuotas>) =>
  layer({ key: Option.some(Redacted.make(KEY)), apiRoot }).pipe(Layer.provide(quotas))

const overview = Effect.flatMap(MarketOverview, ({ now }) => now)

/** The error of the one request that a server answers like this. */
const errorOf = (answer: JsonAnswer | null, box = { quota: UNSPENT }) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(june)
    const server = yield* jsonServer(() => answer)
    const error: MarketOverviewError = yield* Effect.flip(overview).pipe(
      Effect.provide(overviewOf(server.origin, quotasOf(box))),
    )
    assert.notInclude(`${error.message} ${JSON.stringify(error)}`, KEY)
    return { error, server }
  })

describe("CoinMarketCap, connected", () => {
  it.effect("tells the largest assets and the global metrics, decimals as text, shares as fractions", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(june)
      const server = yield* jsonServer(answers), box = { quota: UNSPENT }
      yield* Effect.gen(function* () {
        const told = yield* overview
        assert.deepInclude(told, { asOf: june, ageMs: 0, stale: false })
        assert.deepStrictEqual(told.largest, [
          {
            rank: 1,
            symbol: "BTC",
            id: 1,
            name: "Bitcoin",
            price: "97012.35120041",
            marketCap: "1919874430256.11",
            volume24h: "61234567890.12",
            change24h: "-0.0125",
          },
          {
            rank: 7,
            symbol: "DOGE",
            id: 74,
            name: "Dogecoin",
            price: "0.00000039",
            marketCap: "57330",
            volume24h: "1500000000",
            change24h: null,
          },
        ])
        assert.deepStrictEqual(told.metrics, {
          marketCap: "3421098765432.1",
          volume24h: "98765432109.8",
          btcDominance: "0.561234",
          ethDominance: "0.12905",
        })
        assert.deepInclude(yield* Effect.flatMap(MarketOverview, ({ quota }) => quota), { daySpent: 2, monthSpent: 2 })
      }).pipe(Effect.provide(overviewOf(server.origin, quotasOf(box))))
      assert.match(server.requests[0]?.path ?? "", /listings\/latest\?start=1&limit=10&sort=market_cap/)
      for (const { headers, path } of server.requests) {
        assert.strictEqual(headers["x-cmc_pro_api_key"], KEY)
        assert.notInclude(path, KEY)
      }
    }))

  it.effect("asks once in three minutes, however many ask, and spends no credit for the others", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(june)
      const server = yield* jsonServer(answers), box = { quota: UNSPENT }
      yield* Effect.gen(function* () {
        yield* Effect.all(Array.from({ length: 20 }, () => overview), { concurrency: "unbounded" })
        yield* TestClock.adjust(3 * minute - 1)
        assert.deepInclude(yield* overview, { ageMs: 3 * minute - 1, stale: false })
        assert.strictEqual(server.requests.length, 2)
        yield* TestClock.adjust(1)
        assert.deepInclude(yield* overview, { ageMs: 0, stale: false })
        assert.strictEqual(server.requests.length, 4)
        assert.strictEqual(box.quota.monthSpent, 4)
      }).pipe(Effect.provide(overviewOf(server.origin, quotasOf(box))))
    }))

  it.effect("keeps within a day's share over a day of asking, and tells nothing older than ten minutes meanwhile", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 5, 1))
      const server = yield* jsonServer(answers), box = { quota: UNSPENT }
      yield* Effect.gen(function* () {
        let oldestMs = 0
        for (let at = 0; at < 24 * 60; at++) {
          const told = yield* overview
          oldestMs = Math.max(oldestMs, told.ageMs)
          assert.strictEqual(told.stale, told.ageMs >= 3 * minute)
          yield* TestClock.adjust(minute)
        }
        assert.isAtMost(server.requests.length, 333)
        assert.isAbove(server.requests.length, 300)
        assert.isAtMost(oldestMs, 10 * minute)
      }).pipe(Effect.provide(overviewOf(server.origin, quotasOf(box))))
    }))

  it.effect("charges what a request really cost", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(june)
      const costly = { status: { error_code: 0, error_message: null, credit_count: 3 } }
      const server = yield* jsonServer((path) =>
          path.includes("listings") ? answers(path) : { body: { ...Object(bodies.metrics), ...costly } }
        ),
        box = { quota: UNSPENT }
      yield* overview.pipe(Effect.provide(overviewOf(server.origin, quotasOf(box))))
      assert.strictEqual(box.quota.monthSpent, 4)
    }))

  it.effect("says whether a key is accepted without spending a credit", () =>
    Effect.gen(function* () {
      const body = {
        status: { error_code: 0, error_message: "", credit_count: 0 },
        data: { plan: { credit_limit_monthly: 10_000 }, usage: {} },
      }
      const server = yield* jsonServer(() => ({ body }))
      assert.strictEqual(yield* keyInfo(Redacted.make(KEY), server.origin), 10_000)
      assert.deepStrictEqual(server.requests.map(({ path }) => path), ["/v1/key/info"])
    }))

  it.live("remembers over a restart what was spent", () =>
    Effect.gen(function* () {
      const server = yield* jsonServer(answers)
      const afterStart = Effect.gen(function* () {
        yield* overview
        return yield* Effect.flatMap(MarketOverview, ({ quota }) => quota)
      }).pipe(Effect.provide(Layer.fresh(layer({ key: Option.some(Redacted.make(KEY)), apiRoot: server.origin })), {
        local: true,
      }))
      yield* Effect.gen(function* () {
        assert.strictEqual((yield* afterStart).monthSpent, 2)
        assert.strictEqual((yield* afterStart).monthSpent, 4)
      }).pipe(Effect.provide(worldOf(Pglite.layer({ dataDir: Option.none() }))))
    }), 30_000)
})

describe("CoinMarketCap, absent", () => {
  it.effect("says what to set, asks nobody and fails at once", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(overview)
      assert.strictEqual(error.reason, "not_configured")
      assert.isFalse(error.retryable)
      assert.include(error.message, "ARBEDGE_COINMARKETCAP_KEY")
    }).pipe(Effect.provide(
      layer({ key: Option.none(), apiRoot: "http://127.0.0.1:1" }).pipe(Layer.provide(quotasOf({ quota: UNSPENT }))),
    )))
})

const errorBody = (error_code: number, error_message: string) => ({
  status: { timestamp: "2026-06-15T12:00:00.000Z", error_code, error_message, elapsed: 0, credit_count: 0 },
})

describe("CoinMarketCap, failing", () => {
  const cases: ReadonlyArray<readonly [string, JsonAnswer | null, MarketOverviewError["reason"], number | null]> = [
    [
      "a key that is refused",
      { status: 401, body: errorBody(1001, `This API Key is invalid: ${KEY}`) },
      "unauthorized",
      null,
    ],
    ["a plan without it", { status: 403, body: errorBody(1006, "not in your plan") }, "unauthorized", null],
    [
      "429 with a time",
      { status: 429, headers: { "retry-after": "90" }, body: errorBody(1008, "slow") },
      "rate_limited",
      june + 90_000,
    ],
    ["429 of the minute", { status: 429, body: errorBody(1008, "slow") }, "rate_limited", june + minute],
    ["429 of the day", { status: 429, body: errorBody(1009, "day") }, "rate_limited", Date.UTC(2026, 5, 16)],
    ["429 of the month", { status: 429, body: errorBody(1010, "month") }, "rate_limited", Date.UTC(2026, 6, 1)],
    ["500", { status: 500, body: "oops" }, "server_error", null],
    ["503 without a body", { status: 503, body: "" }, "server_error", null],
    ["a cut connection", null, "unreachable", null],
    ["no JSON", { body: "<html>" }, "malformed", null],
    ["an empty list", { body: { ...errorBody(0, ""), data: [] } }, "malformed", null],
    [
      "a redirect, which is not followed",
      { status: 302, headers: { location: "http://127.0.0.1:1/" }, body: "" },
      "malformed",
      null,
    ],
    ["2 MiB", { body: " ".repeat(2 * 1024 * 1024) }, "unreachable", null],
  ]
  for (const [what, answer, reason, retryAtMs] of cases) {
    it.effect(`tells ${what} as ${reason}`, () =>
      Effect.gen(function* () {
        const { error, server } = yield* errorOf(answer)
        assert.strictEqual(error.reason, reason, error.message)
        assert.strictEqual(error.retryAtMs, retryAtMs)
        assert.strictEqual(server.requests.length, 1)
      }))
  }

  it.effect("asks nobody after a 429 until the time it stated, in any process", () =>
    Effect.gen(function* () {
      const box = { quota: UNSPENT }
      yield* errorOf({ status: 429, headers: { "retry-after": "90" }, body: errorBody(1008, "slow") }, box)
      const server = yield* jsonServer(answers)
      const another = overviewOf(server.origin, quotasOf(box))
      yield* Effect.gen(function* () {
        const error = yield* Effect.flip(overview)
        assert.deepInclude(error, { reason: "over_quota", retryAtMs: june + 90_000 })
        assert.strictEqual(server.requests.length, 0)
        yield* TestClock.adjust(90_000)
        assert.strictEqual((yield* overview).largest.length, 2)
      }).pipe(Effect.provide(another))
    }))

  it.effect("goes on with what it said within the hour, asks again after a minute, and tells nothing older", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(june)
      let down = false
      const server = yield* jsonServer((path) => down ? { status: 500, body: "" } : answers(path))
      yield* Effect.gen(function* () {
        yield* overview
        down = true
        yield* TestClock.adjust(4 * minute)
        assert.deepInclude(yield* overview, { ageMs: 4 * minute, stale: true })
        yield* overview
        assert.strictEqual(server.requests.length, 3)
        yield* TestClock.adjust(minute)
        yield* overview
        assert.strictEqual(server.requests.length, 4)
        yield* TestClock.adjust(55 * minute)
        assert.strictEqual((yield* Effect.flip(overview)).reason, "server_error")
        down = false
        yield* TestClock.adjust(minute)
        assert.deepInclude(yield* overview, { ageMs: 0, stale: false })
      }).pipe(Effect.provide(overviewOf(server.origin, quotasOf({ quota: UNSPENT }))))
    }))

  it.effect("asks nobody while the store that keeps the quota is away", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(june)
      const server = yield* jsonServer(answers)
      const error = yield* Effect.flip(overview).pipe(
        Effect.provide(overviewOf(server.origin, quotasOf({ quota: UNSPENT }, () => true))),
      )
      assert.strictEqual(error.reason, "quota_unknown")
      assert.strictEqual(server.requests.length, 0)
    }))
})
