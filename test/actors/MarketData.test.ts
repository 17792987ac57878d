/** The market data actor: one owner a venue, handed over with a gap, stopped at once when its lease is lost. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import { behaviour, type FeedOwner, FeedSink, type FeedStatus, MarketDataClient } from "../../src/actors/MarketData.ts"
import type { FeedEvent, FeedRequest } from "../../src/domain/Feed.ts"
import { Exchange, ExchangeError } from "../../src/layers/Exchange.ts"
import { Leases } from "../../src/layers/Leases.ts"
import { Store } from "../../src/layers/Store.ts"
import { t0 } from "../suites/StoreWorld.ts"
import { fresh, processOf, until, world } from "../support/actors.ts"

const request: FeedRequest = { venue: "kraken", instruments: ["BTC/USDT", "ETH/USDT"], kinds: ["quote"], depth: 1 }

const state = (detail: string): FeedEvent => ({
  _tag: "State",
  venue: "kraken",
  state: "connected",
  detail,
  ingestTime: t0,
})

/** A venue whose events the test says, one feed at a time, and that counts its feeds. */
const makeVenue = Effect.gen(function* () {
  const events = yield* Queue.unbounded<FeedEvent | ExchangeError>()
  const venue = { events, feeds: 0, open: 0 }
  const feed = Stream.unwrap(Effect.gen(function* () {
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        venue.feeds++
        venue.open++
      }),
      () => Effect.sync(() => venue.open--),
    )
    return Stream.fromEffectRepeat(
      Effect.flatMap(
        Queue.take(events),
        (event) => event instanceof ExchangeError ? Effect.fail(event) : Effect.succeed([event]),
      ),
    )
  }))
  const live = Layer.succeed(Exchange, {
    simulated: true,
    venues: ["kraken"],
    markets: () => Effect.succeed([]),
    feed: () => feed,
  })
  return { venue, live }
})

/** What one process's sink was given, as text. */
const makeSink = () => {
  const given: Array<string> = []
  const text = (event: FeedEvent) =>
    event._tag === "Ticks"
      ? event.ticks.map((tick) => tick.kind === "gap" ? `gap ${tick.instrument} ${tick.reason}` : tick.kind).join(", ")
      : event._tag === "State"
      ? event.detail
      : event._tag
  const accept = (events: ReadonlyArray<FeedEvent>, owner: FeedOwner) =>
    Effect.sync(() => void given.push(...events.map((event) => `${owner.epoch}: ${text(event)}`)))
  return { given, live: Layer.succeed(FeedSink, { accept }) }
}

/** A process with its own cluster; what two of them share is the store. */
const processNamed = (owner: string, exchange: Layer.Layer<Exchange>, sink: Layer.Layer<FeedSink>) =>
  processOf(
    Layer.merge(
      behaviour({ requests: [request], owner }).pipe(Layer.provide([exchange, sink])),
      MarketDataClient.layer,
    ),
  )

const ensure = MarketDataClient.use((client) => client.ensure("kraken"))
const becomes = (status: FeedStatus) => until(Effect.map(ensure, (now) => now === status))
/** Time passes second by second, as work in real time keeps up with it. */
const passesUntil = <E, R>(ready: Effect.Effect<boolean, E, R>) =>
  until(Effect.andThen(TestClock.adjust("1 second"), ready))

const BOTH_GAPS = (epoch: number, reason: string) => `${epoch}: gap BTC/USDT ${reason}, gap ETH/USDT ${reason}`

layer(world, { timeout: "60 seconds" })("A venue's feed", (it) => {
  it.effect("runs in one process while another stands by, and no gap precedes the first owner", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const first = makeSink(), second = makeSink()
      yield* Effect.gen(function* () {
        yield* becomes("feeding")
        yield* Effect.gen(function* () {
          yield* ensure
          yield* Queue.offer(venue.events, state("hello"))
          yield* until(Effect.sync(() => first.given.length === 1))
          yield* passesUntil(Effect.sync(() => venue.feeds === 1))
          assert.strictEqual(yield* ensure, "standby")
        }).pipe(Effect.provide(processNamed("b", live, second.live), { local: true }))
        assert.deepStrictEqual(first.given, ["1: hello"])
        assert.deepStrictEqual(second.given, [])
        assert.deepStrictEqual([venue.feeds, venue.open], [1, 1])
      }).pipe(Effect.provide(processNamed("a", live, first.live)))
      assert.strictEqual(venue.open, 0)
    }))

  it.effect("is taken over at once from an owner that left in order, with a gap first", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const first = makeSink(), second = makeSink()
      yield* becomes("feeding").pipe(Effect.provide(processNamed("a", live, first.live)))
      yield* Effect.gen(function* () {
        yield* becomes("feeding")
        yield* Queue.offer(venue.events, state("hello"))
        yield* until(Effect.sync(() => second.given.length === 2))
        assert.deepStrictEqual(second.given, [BOTH_GAPS(2, "owner_lost"), "2: hello"])
      }).pipe(Effect.provide(processNamed("b", live, second.live)))
    }))

  it.effect("is taken over from an owner that died when its lease has run out, not before", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const sink = makeSink()
      yield* Leases.use((leases) => leases.acquire({ name: "venue:kraken", owner: "dead", nowMs: t0, ttlMs: 12_000 }))
      yield* Effect.gen(function* () {
        yield* ensure
        yield* TestClock.adjust("11 seconds")
        assert.strictEqual(yield* ensure, "standby")
        assert.strictEqual(venue.feeds, 0)
        yield* passesUntil(Effect.map(ensure, (now) => now === "feeding"))
        assert.deepStrictEqual(sink.given, [BOTH_GAPS(2, "owner_lost")])
      }).pipe(Effect.provide(processNamed("b", live, sink.live)))
    }))

  it.effect("stops at once when its lease was taken by another", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const sink = makeSink()
      yield* Effect.gen(function* () {
        yield* becomes("feeding")
        const { sql } = yield* Store
        yield* sql`update leases set owner = 'thief', epoch = epoch + 1, expires_at = 'infinity'`
        yield* passesUntil(Effect.sync(() => venue.open === 0))
        yield* Queue.offer(venue.events, state("too late"))
        assert.strictEqual(yield* ensure, "standby")
        assert.deepStrictEqual(sink.given, ["1: this process no longer owns its feed"])
      }).pipe(Effect.provide(processNamed("a", live, sink.live)))
    }))

  it.effect("keeps its lease for as long as it lives", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const sink = makeSink()
      yield* Effect.gen(function* () {
        yield* becomes("feeding")
        const leases = yield* Leases
        const renewedPast = (atMs: number) =>
          Effect.map(leases.current("venue:kraken"), (lease) => lease._tag === "Some" && lease.value.expiresAt > atMs)
        yield* until(
          Effect.andThen(TestClock.adjust("1 second"), Effect.andThen(ensure, renewedPast(t0 + 60_000))),
        )
        assert.deepStrictEqual([venue.feeds, venue.open], [1, 1])
      }).pipe(Effect.provide(processNamed("a", live, sink.live)))
    }))

  it.effect("comes back after it failed, with a gap, and rests long where no retry mends it", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live, venue } = yield* makeVenue
      const sink = makeSink()
      const broken = (reason: "unreachable" | "unknown_instrument") =>
        new ExchangeError({ reason, venue: "kraken", detail: "no" })
      yield* Effect.gen(function* () {
        yield* becomes("feeding")
        yield* Queue.offer(venue.events, broken("unreachable"))
        yield* becomes("backing_off")
        yield* passesUntil(Effect.map(ensure, (now) => now === "feeding"))
        assert.deepStrictEqual(sink.given, [BOTH_GAPS(1, "disconnect")])
        yield* Queue.offer(venue.events, broken("unknown_instrument"))
        yield* becomes("failed")
        yield* TestClock.adjust("3 seconds")
        assert.deepStrictEqual([venue.feeds, venue.open], [2, 0])
      }).pipe(Effect.provide(processNamed("a", live, sink.live)))
    }))

  it.effect("of a venue that nobody configured is said to be so", () =>
    Effect.gen(function* () {
      yield* fresh
      const { live } = yield* makeVenue
      const status = yield* MarketDataClient.use((client) => client.ensure("nowhere")).pipe(
        Effect.provide(processNamed("a", live, makeSink().live)),
      )
      assert.strictEqual(status, "unconfigured")
    }))
})
