/** The coordinator actor: who is told, expiry by the clock, closings, and a memory made of rows. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Queue, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { behaviour, CoordinatorClient, SharedCapacity } from "../../src/actors/Coordinator.ts"
import { DEFAULT_POLICY } from "../../src/domain/Announcement.ts"
import { type Leg, type Opportunity, OpportunityJson } from "../../src/domain/Opportunity.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Opportunities } from "../../src/layers/Opportunities.ts"
import { OPPORTUNITIES } from "../../src/streams/Topology.ts"
import { minute, someOpportunity, t0 } from "../suites/StoreWorld.ts"
import { fresh, processOf, until, world } from "../support/actors.ts"

const leg = (venue: string, side: "buy" | "sell"): Leg => ({
  venue,
  instrument: "BTC/USDT",
  side,
  size: "0.4",
  price: "30000",
  levels: [["30000", "0.4"]],
  contracts: null,
  contractSize: null,
  fee: "1",
  feeCurrency: "USDT",
  feeRate: "0.0001",
  bookSeq: null,
  bookAgeMs: 0,
})

const found = (changes: Partial<Opportunity> = {}) =>
  someOpportunity({ legs: [leg("okx", "buy"), leg("kraken", "sell")], ...changes })

/** One life of a process that hosts coordinators. */
const running = <A, E, R>(
  body: (coordinators: CoordinatorClient["Service"]) => Effect.Effect<A, E, R>,
  policy = DEFAULT_POLICY,
) =>
  Effect.flatMap(CoordinatorClient, body).pipe(
    Effect.provide(processOf(Layer.merge(behaviour(policy), CoordinatorClient.layer))),
  )

const fixture = world.pipe(Layer.provideMerge(EmbeddedBus.layer()))

const begin = Effect.gen(function* () {
  yield* fresh
  const bus = yield* Bus
  yield* bus.removeStream(OPPORTUNITIES.name).pipe(Effect.ignore)
  yield* bus.ensureStream(OPPORTUNITIES)
})

const stored = Effect.map(Bus.use((bus) => bus.streamState(OPPORTUNITIES.name)), ({ messages }) => messages)

/** All transitions published so far, by subject. */
const published = Effect.gen(function* () {
  const bus = yield* Bus
  const { messages } = yield* bus.streamState(OPPORTUNITIES.name)
  if (messages === 0) return []
  return yield* bus.consume({ stream: OPPORTUNITIES.name, subjects: [], start: { _tag: "First" }, capacity: 64 }).pipe(
    Stream.flattenIterable,
    Stream.take(messages),
    Stream.map(({ data, subject }) => ({
      subject,
      transition: Schema.decodeSync(OpportunityJson)(new TextDecoder().decode(data)),
    })),
    Stream.runCollect,
  )
})

const rowOf = (id: string) => Effect.map(Opportunities.use((rows) => rows.byId(id)), Option.getOrThrow)

layer(fixture, { timeout: "60 seconds" })("The coordinator", (it) => {
  it.effect("has people told when it opens, and edited when it improves, fades and closes", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        const answers = yield* Effect.forEach([
          found(),
          found({ revision: 2, state: "improved", netProfit: "20" }),
          found({ revision: 3, state: "fading" }),
          found({ revision: 4, state: "closed" }),
          found({ revision: 5, state: "improved" }),
        ], handle)
        assert.deepStrictEqual(answers, [
          { action: "notify", reason: "opened" },
          { action: "edit", reason: "improved" },
          { action: "edit", reason: "fading" },
          { action: "edit", reason: "closed" },
          { action: "none", reason: "already_closed" },
        ])
        const { revision, state } = yield* rowOf(found().id)
        assert.deepStrictEqual([revision, state], [4, "closed"])
      }))
    }))

  it.effect("answers the same to the same transition, also after a restart, and ignores what is older", () =>
    Effect.gen(function* () {
      yield* begin
      const improved = found({ revision: 2, state: "improved" })
      const closed = found({ revision: 3, state: "closed" })
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        assert.deepStrictEqual(yield* handle(found()), yield* handle(found()))
        assert.strictEqual((yield* handle(improved)).action, "edit")
        assert.deepStrictEqual(yield* handle(found()), { action: "none", reason: "stale" })
      }))
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        assert.deepStrictEqual(yield* handle(improved), { action: "edit", reason: "improved" })
        assert.deepStrictEqual(yield* handle(found()), { action: "none", reason: "stale" })
        assert.deepStrictEqual(yield* handle(closed), { action: "edit", reason: "closed" })
        assert.deepStrictEqual(yield* handle(closed), { action: "edit", reason: "closed" })
      }))
    }))

  it.effect("closes what has outlived its time, tells the stream and whoever listens, and edits those told", () =>
    Effect.gen(function* () {
      yield* begin
      const bus = yield* Bus
      const live = yield* Queue.unbounded<string>()
      yield* bus.subscribeLive("opp.v1.*.*.expired", 8).pipe(
        Stream.runForEach(({ subject }) => Queue.offer(live, subject)),
        Effect.forkScoped({ startImmediately: true }),
      )
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        yield* handle(found())
        yield* TestClock.adjust("29999 millis")
        assert.strictEqual(yield* stored, 0)
        yield* TestClock.adjust("1 millis")
        assert.strictEqual(yield* Queue.take(live), "opp.v1.cross_exchange.BTC-USDT.expired")
        yield* until(Effect.map(rowOf(found().id), ({ state }) => state === "closed"))
        const closing = (yield* published)[0]
        assert.strictEqual(closing?.subject, "opp.v1.cross_exchange.BTC-USDT.closed")
        assert.deepStrictEqual(
          closing?.transition,
          found({ revision: 2, state: "closed", at: found().expiresAt, reasons: ["unproven", "expired"] }),
        )
        if (closing === undefined) return
        assert.deepStrictEqual(yield* handle(closing.transition), { action: "edit", reason: "closed" })
        // The stage that found it may still think it open: nobody hears of that.
        assert.strictEqual((yield* handle(found({ revision: 3, state: "improved" }))).reason, "already_closed")
        assert.strictEqual((yield* handle(found({ revision: 4, state: "closed" }))).reason, "already_closed")
      }))
    }))

  it.effect("lets an improvement move the expiry", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        yield* handle(found())
        yield* TestClock.adjust("20 seconds")
        yield* handle(found({ revision: 2, state: "improved", expiresAt: t0 + 50_000 }))
        yield* TestClock.adjust("20 seconds")
        assert.strictEqual(yield* stored, 0)
        yield* TestClock.adjust("10 seconds")
        yield* until(Effect.map(rowOf(found().id), ({ state }) => state === "closed"))
      }))
    }))

  it.effect("closes after a restart what expired meanwhile, by the sweep", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(({ handle }) => handle(found()))
      yield* TestClock.adjust("1 minute")
      yield* running(Effect.fnUntraced(function* ({ sweep }) {
        assert.strictEqual(yield* sweep, 1)
        yield* until(Effect.map(rowOf(found().id), ({ state }) => state === "closed"))
        assert.strictEqual(yield* sweep, 0)
        assert.deepStrictEqual((yield* published).map(({ transition }) => transition.revision), [2, 2])
      }))
    }))

  it.effect("restores its timers after a restart", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(({ handle }) => handle(found()))
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        yield* handle(found({ id: "another", fingerprint: "another" }))
        yield* TestClock.adjust("30 seconds")
        yield* until(Effect.map(rowOf(found().id), ({ state }) => state === "closed"))
        yield* until(Effect.map(rowOf("another"), ({ state }) => state === "closed"))
      }))
    }))

  it.effect("has people told anew only of a material improvement after the cooldown", () =>
    Effect.gen(function* () {
      yield* begin
      const longLived = (revision: number, netProfit: string) =>
        found({ revision, state: revision === 1 ? "opened" : "improved", netProfit, expiresAt: t0 + 60 * minute })
      yield* running(
        Effect.fnUntraced(function* ({ handle }) {
          yield* handle(longLived(1, "12"))
          assert.strictEqual((yield* handle(longLived(2, "18"))).reason, "improved")
          yield* TestClock.adjust("10 minutes")
          assert.strictEqual((yield* handle(longLived(3, "17.9"))).reason, "improved")
          assert.deepStrictEqual(yield* handle(longLived(4, "18")), { action: "notify", reason: "improved_materially" })
          assert.strictEqual((yield* handle(longLived(5, "27"))).reason, "improved")
        }),
        { materialImprovement: 0.5, cooldownMs: 10 * minute },
      )
    }))

  it.effect("has nobody told of what arrives after its time, and closes it", () =>
    Effect.gen(function* () {
      yield* begin
      yield* TestClock.adjust("1 minute")
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        assert.deepStrictEqual(yield* handle(found()), { action: "none", reason: "expired" })
        yield* until(Effect.map(rowOf(found().id), ({ state }) => state === "closed"))
      }))
    }))

  it.effect("has nobody told of what the books no longer hold enough for", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(({ handle }) => handle(found())).pipe(
        Effect.provideService(SharedCapacity, () => Effect.succeed(false)),
        Effect.map((answer) => assert.deepStrictEqual(answer, { action: "none", reason: "no_capacity" })),
      )
    }))

  it.effect("learns at its next write that another has gone further, and gives way", () =>
    Effect.gen(function* () {
      yield* begin
      yield* running(Effect.fnUntraced(function* ({ handle }) {
        yield* handle(found())
        yield* Opportunities.use((rows) => rows.upsert(found({ revision: 7, state: "improved" }), t0))
        assert.deepStrictEqual(yield* handle(found({ revision: 2, state: "improved" })), {
          action: "none",
          reason: "stale",
        })
        assert.strictEqual((yield* handle(found({ revision: 8, state: "closed" }))).action, "edit")
      }))
    }))
})
