/** The analysis as a role: transitions are stored once, the checkpoint after them, and one process at a time follows. */
import { assert, layer } from "@effect/vitest"
import { Clock, Effect, Fiber, Layer, Option, Ref, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { Expired } from "../../src/domain/contract/Events.ts"
import { CONTRACT_VERSION, Header, parseStageTimes } from "../../src/domain/contract/Headers.ts"
import { encode, FrameBuilder } from "../../src/domain/Frame.ts"
import { partitionOf } from "../../src/domain/Instrument.ts"
import { type Opportunity, OpportunityJson } from "../../src/domain/Opportunity.ts"
import { Bus } from "../../src/layers/Bus.ts"
import { Checkpoints } from "../../src/layers/Checkpoints.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { analyse, type AnalyseProgress } from "../../src/streams/Analyse.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { fresh, until, world } from "../support/actors.ts"
import { configOf, quote, T0 } from "../support/ticks.ts"

const streams = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))
const bus = Layer.mergeAll(
  Ingest.layer({ writer: "test.1", source: "recorded", live: false }),
  Layer.succeed(StreamTime, StreamTime.ignored),
).pipe(Layer.provideMerge(streams))

const config = configOf({ hysteresis: true, minNetBps: 5 })

/** The clock jumps to the test's beginning before anything that sleeps is there. */
const running = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.andThen(fresh, Effect.provide(body, bus))

/** A process that analyses until it is interrupted. */
const starting = Effect.fnUntraced(function* (owner: string) {
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  const told: Array<string> = []
  const before = ({ id, revision }: Opportunity) => Effect.sync(() => void told.push(`${id}:${revision}`))
  const fiber = yield* Effect.forkScoped(analyse({ config, judging: rulesOf(config), owner, progress, before }))
  return { fiber, progress, told }
})

/** Ticks of "a" at 10000 and "b" above it by so many basis points, one after the other. */
const market = (from: number, ...bps: ReadonlyArray<number>) =>
  Effect.flatMap(Ingest, ({ drain, ticks }) =>
    Effect.andThen(
      ticks([
        quote("a", "BTC/USDT", T0 + from, ["9990", "10000"]),
        ...bps.map((n, at) => quote("b", "BTC/USDT", T0 + from + at + 1, [String(10_000 + n), "10999"])),
      ]),
      drain,
    ))

const messagesOf = (stream: string) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const { lastSequence } = yield* bus.streamState(stream)
    if (lastSequence === 0) return []
    return yield* bus.consume({ stream, subjects: [], start: { _tag: "First" }, capacity: 64 }).pipe(
      Stream.flattenIterable,
      Stream.take(lastSequence),
      Stream.runCollect,
    )
  })
const transitions = Effect.map(messagesOf("OPP"), (messages) =>
  messages.map(({ data, headers, subject }) => {
    assert.strictEqual(headers[Header.dataSource], "recorded")
    const { netProfit, revision, state } = Schema.decodeUnknownSync(OpportunityJson)(new TextDecoder().decode(data))
    assert.strictEqual(subject, `opp.v1.cross_exchange.BTC-USDT.${state}`)
    return [state, revision, netProfit] as const
  }))
const counted = (count: number) =>
  until(Effect.map(Bus.use((bus) => bus.streamState("OPP")), ({ messages }) => messages === count))
/** While time passes. */
const inTime = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.raceFirst(
    body,
    Effect.forever(
      Effect.andThen(TestClock.adjust("10 millis"), Effect.promise(() => new Promise((done) => setTimeout(done, 1)))),
    ),
  )
const position = Effect.map(
  Checkpoints.use((checkpoints) => checkpoints.load(`analyse.${partitionOf("BTC")}`)),
  Option.match({ onNone: () => 0, onSome: (checkpoint) => checkpoint.position }),
)

layer(world, { timeout: "60 seconds" })("The analysis", (it) => {
  it.effect("stores each transition once and then how far it came", () =>
    running(Effect.gen(function* () {
      const { progress, told } = yield* starting("one")
      yield* market(0, 6, 9)
      yield* counted(2)
      assert.deepStrictEqual(yield* transitions, [["opened", 1, "6"], ["improved", 2, "9"]])
      const { lastSequence } = yield* Bus.use((bus) => bus.streamState("MD"))
      yield* until(Effect.map(position, (at) => at === lastSequence))
      assert.strictEqual(told.length, 2)
      const looked = Option.getOrThrow(yield* Ref.get(progress))
      assert.deepInclude(looked, { sequence: lastSequence })
      assert.strictEqual(looked.figures.ticks, 3)
    })))

  it.effect("says in the header of a transition when its tick and each stage was", () =>
    running(Effect.gen(function* () {
      yield* starting("one")
      const ticks = [quote("a", "BTC/USDT", T0, ["9990", "10000"]), quote("b", "BTC/USDT", T0 + 7, ["10006", "10999"])]
      yield* Ingest.use(({ drain, ticks: take }) =>
        Effect.andThen(take(ticks.map((tick) => ({ ...tick, venueTime: tick.ingestTime - 5 }))), drain)
      )
      yield* counted(1)
      const [headers] = (yield* messagesOf("OPP")).map(({ headers }) => headers)
      assert.strictEqual(headers?.[Header.schemaVersion], CONTRACT_VERSION)
      const { detect, publish, receive, venue } = parseStageTimes(headers?.[Header.stageTimes])
      assert.deepStrictEqual([venue, receive], [T0 + 2, T0 + 7])
      const now = yield* Clock.currentTimeMillis
      assert.isTrue(now >= (publish ?? Infinity) && (publish ?? 0) >= (detect ?? Infinity))
    })))

  it.effect("says beside the closing that the time of one ran out", () =>
    running(Effect.gen(function* () {
      yield* starting("one")
      yield* market(0, 6)
      yield* counted(1)
      yield* Ingest.use(({ drain, ticks }) =>
        Effect.andThen(ticks([quote("c", "BTC/USDT", T0 + 40_000, ["1", "20000"])]), drain)
      )
      yield* counted(3)
      const messages = yield* messagesOf("OPP")
      assert.deepStrictEqual(messages.map(({ subject }) => subject.split(".").at(-1)), ["opened", "closed", "expired"])
      const [, closed, expired] = messages.map(({ data }) => new TextDecoder().decode(data))
      assert.strictEqual(expired, closed)
      const { state } = Schema.decodeUnknownSync(Schema.fromJsonString(Expired))(expired)
      assert.strictEqual(state, "closed")
    })))

  it.effect("passes over a message that is no frame", () =>
    running(Effect.gen(function* () {
      yield* Bus.use((bus) => bus.publish({ subject: "md.frame.0", data: new TextEncoder().encode("{") }))
      yield* starting("one")
      yield* market(0, 6)
      yield* counted(1)
    })))

  it.effect("is taken over by the second process when the first stops, with nothing told twice", () =>
    running(Effect.gen(function* () {
      const first = yield* starting("one")
      yield* market(0, 6)
      yield* counted(1)
      const second = yield* starting("two")
      assert.isTrue(Option.isNone(yield* Ref.get(second.progress)))
      yield* Fiber.interrupt(first.fiber)
      yield* market(50, 9)
      yield* counted(2)
      assert.deepStrictEqual(yield* transitions, [["opened", 1, "6"], ["improved", 2, "9"]])
      assert.isTrue(Option.isSome(yield* Ref.get(second.progress)))
    })))

  it.effect("saves its place once a second where nothing is told", () =>
    running(Effect.gen(function* () {
      yield* starting("one")
      yield* market(0, 1)
      yield* until(Effect.map(Bus.use((bus) => bus.streamState("MD")), ({ lastSequence }) => lastSequence === 1))
      yield* TestClock.adjust("1100 millis")
      yield* market(50, 1)
      yield* until(Effect.map(position, (at) => at === 2))
      assert.deepStrictEqual(yield* transitions, [])
    })))

  it.effect("passes over messages that no ingest wrote, and goes on with those behind them", () =>
    running(Effect.gen(function* () {
      yield* starting("one")
      const bus = yield* Bus
      const builder = new FrameBuilder("stranger.1", partitionOf("BTC"), "recorded")
      builder.push(quote("a", "BTC/USDT", T0, ["9990", "abc"]))
      builder.push(quote("b", "BTC/USDT", T0, ["10020", "10999"]))
      const subject = `md.frame.${partitionOf("BTC")}`
      yield* bus.publish({ subject, data: new TextEncoder().encode("no frame at all") })
      yield* bus.publish({ subject, data: encode([builder.take()]) })
      yield* market(100, 6)
      // Whoever wrote it may write again, so the others wait for it.
      yield* inTime(counted(1))
      assert.deepStrictEqual((yield* transitions).map(([state]) => state), ["opened"])
    })))
})
