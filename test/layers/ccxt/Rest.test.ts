/**
 * The budget of REST calls as the venues see it: what is spent, what a refusal stops, and what happens without a store.
 * In: fake venues asked by the real ccxt code, one store shared by two exchanges that stand for two processes. Out:
 * verdicts.
 */
import { assert, describe, it, layer } from "@effect/vitest"
import { Clock, Effect, Layer, Logger, Option } from "effect"
import { allowanceOf } from "../../../src/domain/RestBudget.ts"
import { loadCcxtClass } from "../../../src/layers/ccxt/CcxtModules.ts"
import { refusalOf } from "../../../src/layers/ccxt/Refusal.ts"
import { makeRestGate } from "../../../src/layers/ccxt/RestGate.ts"
import * as Pglite from "../../../src/layers/pglite/Pglite.ts"
import { RestBudgets } from "../../../src/layers/RestBudgets.ts"
import * as Migrations from "../../../src/layers/sql/Migrations.ts"
import * as RestBudgetsSql from "../../../src/layers/sql/RestBudgetsSql.ts"
import { Store, StoreError } from "../../../src/layers/Store.ts"
import { eventually } from "../../suites/StoreWorld.ts"
import { data, describeWith } from "../../support/available.ts"
import { binance } from "../../support/venues/binance.ts"
import { type FakeVenue, fakeVenue } from "../../support/venues/FakeVenue.ts"
import * as faults from "../../support/venues/faults.ts"
import { type FeedProbe, probe } from "../../support/venues/FeedProbe.ts"

const t0 = 1_750_000_000_000

describe("What a venue says of its limits", () => {
  const said = (status: number, headers: Record<string, string>, body: string, limited = false) =>
    refusalOf({ status, headers, body, limited }, t0)
  it("is kept to: Retry-After in seconds or as a date, and Binance's words", () => {
    assert.deepStrictEqual(said(429, { "Retry-After": "7" }, "slow\n down"), {
      untilMs: t0 + 7_000,
      why: "429 slow down",
    })
    const date = new Date(t0 + 90_000).toUTCString()
    assert.strictEqual(said(503, { "Retry-After": date }, "", true)?.untilMs, Date.parse(date))
    const ban = `Way too much request weight used; IP banned until ${t0 + 300_000}. Please use WebSocket.`
    assert.strictEqual(said(418, { "Retry-After": "1" }, ban)?.untilMs, t0 + 300_000)
  })
  it("without a time is a minute's silence, or two for a ban; an absurd time is cut", () => {
    assert.strictEqual(said(429, {}, "")?.untilMs, t0 + 60_000)
    assert.strictEqual(said(418, { "Retry-After": "soon" }, "")?.untilMs, t0 + 120_000)
    assert.strictEqual(said(200, {}, "EAPI:Rate limit exceeded", true)?.untilMs, t0 + 60_000)
    assert.strictEqual(said(429, { "Retry-After": "99999999" }, "")?.untilMs, t0 + 3 * 86_400_000)
  })
  it("is nothing where it refused for another reason", () => {
    assert.isNull(said(200, { "Retry-After": "7" }, ""))
    assert.isNull(said(503, {}, "maintenance"))
  })
})

const request = { instruments: ["NKN/USDT"], kinds: ["quote"] as const, depth: 5 }
const bookTicker = "nknusdt@bookTicker"
/** A call that may not leave now is refused at once, so that the wait shows. */
const limited = { rateLimit: true, restPatienceMs: 0 }

/** Collects what is logged. */
const logged = (into: Array<string>) =>
  Logger.layer([
    Logger.make(({ message }) => void into.push(Array.isArray(message) ? message.join(" ") : `${message}`)),
  ])

/** A store with its schema, and the budgets that every process sees through it. */
const store = RestBudgetsSql.layer.pipe(
  Layer.provideMerge(Migrations.layer),
  Layer.provideMerge(Pglite.layer({ dataDir: Option.none() })),
)

/** Forgets what was spent. In: nothing. Out: the budgets of another process. */
const shared = Effect.gen(function* () {
  const { sql } = yield* Store
  yield* sql`truncate rest_budgets`
  const own = yield* RestBudgets
  return { own, budgets: Layer.succeed(RestBudgets, own) }
})

const quotesCome = (venue: FakeVenue, feeds: ReadonlyArray<FeedProbe>) =>
  Effect.gen(function* () {
    yield* Effect.promise(() => venue.subscribed([bookTicker], feeds.length))
    const frames = venue.script.frames.filter(({ channel }) => channel === bookTicker).slice(0, 1)
    yield* Effect.promise(() => venue.play(faults.clean(frames)))
    for (const feed of feeds) yield* feed.until("a quote", ({ ticksOf }) => ticksOf("quote").length > 0)
  })

/** A real exchange that is never connected. */
const ccxtOf = (id: string) =>
  Effect.map(
    Effect.promise(() => loadCcxtClass(id)),
    (Class) => new Class({ newUpdates: true, enableRateLimit: true, options: {} }),
  )

const refusals = [
  { name: "429 with Retry-After", status: 429, headers: { "retry-after": "3" }, body: () => ({ code: -1003 }) },
  {
    name: "418 with the time of the ban's end",
    status: 418,
    headers: {},
    body: (nowMs: number) => ({ code: -1003, msg: `Way too many requests; IP banned until ${nowMs + 3_000}.` }),
  },
]

const live = { excludeTestServices: true, timeout: "60 seconds" } as const

describeWith(data, "REST calls", () =>
  layer(store, live)("to a venue", (it) => {
    for (const { body, headers, name, status } of refusals) {
      it.effect(`${name}: no process asks before that time, it is told, and the feeds go on then`, () =>
        Effect.gen(function* () {
          const lines: Array<string> = []
          const { budgets, own } = yield* shared
          const venue = yield* fakeVenue(binance(data.path))
          const fromMs = yield* Clock.currentTimeMillis
          venue.answerRest({ status, headers, body: body(fromMs) })
          yield* Effect.gen(function* () {
            const one = yield* probe(venue, request, limited, Effect.void, budgets)
            yield* one.until("the refusal", ({ states }) => states().includes("disconnected"))
            yield* eventually(Effect.map(
              own.spend({ venue: "binance", weight: 0, allowance: allowanceOf(50, 60_000), nowMs: fromMs }),
              ({ _tag }) => _tag === "Wait",
            ))
            const other = yield* probe(venue, request, limited, Effect.void, budgets)
            yield* other.until("the other's rest", ({ states }) => states().includes("disconnected"))
            venue.answerRest(null)
            assert.strictEqual(venue.restRequests.length, 1)
            yield* quotesCome(venue, [one, other])
            const details = other.events.flatMap((event) => event._tag === "State" ? [event.detail] : [])
            assert.match(details.join("\n"), /rate_limited: RateLimitExceeded: binance not before \d{4}-/)
          }).pipe(Effect.provide(logged(lines)))
          assert.isAtLeast((yield* Clock.currentTimeMillis) - fromMs, 2_990)
          assert.strictEqual(lines.filter((line) => line.includes(`: ${status} `)).length, 2, lines.join("\n"))
        }))
    }

    it.effect("leave only when the shared budget has their weight, also while another process spends it", () =>
      Effect.gen(function* () {
        const { budgets, own } = yield* shared
        const allowance = allowanceOf(50, 60_000)
        const nowMs = yield* Clock.currentTimeMillis
        // Another process has taken all, and a little on credit: there is enough for the list of markets in a second.
        yield* own.spend({ venue: "binance", weight: allowance.capacity + 6, allowance, nowMs })
        const venue = yield* fakeVenue(binance(data.path))
        const feed = yield* probe(venue, request, { rateLimit: true }, Effect.void, budgets)
        yield* quotesCome(venue, [feed])
        assert.isAtLeast((yield* Clock.currentTimeMillis) - nowMs, 600)
      }))

    it.effect("go on by this process's own reckoning while the store is away, and that is told once", () =>
      Effect.gen(function* () {
        const lines: Array<string> = []
        let asked = 0
        const away = Effect.suspend(() => {
          asked++
          return Effect.fail(new StoreError({ operation: "RestBudgets.spend", reason: "unreachable", detail: "gone" }))
        })
        const budgets = Layer.succeed(RestBudgets, RestBudgets.of({ spend: () => away, block: () => away }))
        const venue = yield* fakeVenue(binance(data.path))
        yield* Effect.gen(function* () {
          venue.answerRest({ status: 429, headers: { "retry-after": "1" }, body: {} })
          const feed = yield* probe(venue, request, limited, Effect.void, budgets)
          yield* feed.until("the refusal", ({ states }) => states().includes("disconnected"))
          venue.answerRest(null)
          yield* quotesCome(venue, [feed])
        }).pipe(Effect.provide(logged(lines)))
        assert.strictEqual(lines.filter((line) => line.startsWith("the store is away")).length, 1, lines.join("\n"))
        // One refused, then the list of markets: by itself it keeps to the breaker too.
        assert.strictEqual(venue.restRequests.filter((path) => path.includes("exchangeInfo")).length, 2)
        assert.strictEqual(asked, 1)
      }))

    it.effect("that were refused while the store was away are told to the others when it is back", () =>
      Effect.gen(function* () {
        const { own } = yield* shared
        const lines: Array<string> = []
        let away = true
        const through = <A>(call: Effect.Effect<A, StoreError>) =>
          Effect.suspend(() =>
            away
              ? Effect.fail(new StoreError({ operation: "RestBudgets", reason: "unreachable", detail: "gone" }))
              : call
          )
        const budgets = Layer.succeed(
          RestBudgets,
          RestBudgets.of({ spend: (it) => through(own.spend(it)), block: (it) => through(own.block(it)) }),
        )
        const gate = yield* Effect.provide(makeRestGate({ patienceMs: 0, storePauseMs: 0 }), budgets)
        const [met, other] = yield* Effect.forEach(["binance", "okx"], ccxtOf)
        assert.isDefined(met)
        assert.isDefined(other)
        yield* Effect.gen(function* () {
          yield* gate.guard("binance", met)
          yield* gate.guard("okx", other)
          yield* Effect.ignore(Effect.promise(() => met.throttle(1)))
          assert.throws(() => met.handleErrors(418, "", "", "GET", { "Retry-After": "600" }, "banned"))
          yield* Effect.promise(() => other.throttle(1))
          away = false
          yield* Effect.promise(() => other.throttle(1))
          const allowance = allowanceOf(50, 60_000), nowMs = yield* Clock.currentTimeMillis
          yield* eventually(Effect.map(
            own.spend({ venue: "binance", weight: 0, allowance, nowMs }),
            (verdict) => verdict._tag === "Wait" && verdict.why === "418 banned",
          ))
        }).pipe(Effect.provide(logged(lines)))
        assert.include(lines.join("\n"), "the store is back")
      }))
  }))
