/** Ingest over the in-process bus: order, a broker that is away, quarantine, and the loss that is announced. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Frame from "../../src/domain/Frame.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Bus, BusError } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { book, gap, quote, T0 } from "../support/ticks.ts"

const settle = Effect.repeat(Effect.yieldNow, { times: 200 })
const ready = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))
const ingest = Ingest.layer({ writer: "test.1", source: "live", live: false })
const world = ingest.pipe(Layer.provideMerge(ready))

/** A bus whose durable publishes fail while `away` says so. */
const failing = (away: () => boolean) =>
  Layer.effect(
    Bus,
    Effect.map(Bus, (bus) => {
      const refused = (subject: string) =>
        new BusError({ reason: "unavailable", operation: "publish", subject, detail: "away" })
      return Bus.of({
        ...bus,
        publish: (message) =>
          Effect.suspend(() => away() ? Effect.fail(refused(message.subject)) : bus.publish(message)),
        publishAll: (messages) =>
          Effect.suspend(() => away() ? Effect.fail(refused("md.frame")) : bus.publishAll(messages)),
      })
    }),
  ).pipe(Layer.provide(ready))

/** Every tick stored so far, by partition, in stream order. */
const stored = Effect.gen(function* () {
  const bus = yield* Bus
  const { lastSequence } = yield* bus.streamState("MD")
  if (lastSequence === 0) return []
  const messages = yield* bus.consume({ stream: "MD", subjects: [], start: { _tag: "First" }, capacity: 64 }).pipe(
    Stream.flattenIterable,
    Stream.take(lastSequence),
    Stream.runCollect,
  )
  return messages.flatMap(({ data, headers, subject }) => {
    assert.strictEqual(headers["Content-Type"], Frame.MEDIA_TYPE)
    const frames = Frame.decode(data)
    if ("_tag" in frames) return assert.fail(frames.detail)
    return frames.flatMap((frame) => {
      assert.strictEqual(subject, `md.frame.${frame.p}`)
      const ticks = Frame.ticks(frame)
      return "_tag" in ticks ? assert.fail(ticks.detail) : ticks.map(({ tick }) => tick)
    })
  })
})

const some = (count: number, instrument = "BTC/USDT"): ReadonlyArray<Tick> =>
  Array.from({ length: count }, (_, at) => quote("okx", instrument, T0 + at, [`${at + 1}`, "99999"]))

describe("Ingest", () => {
  it.effect("stores every tick once, in the order it came, under its partition", () =>
    Effect.gen(function* () {
      const { accept, drain, ticks } = yield* Ingest
      const [btc, eth] = [some(500), some(500, "ETH/USDT")]
      for (let at = 0; at < 500; at += 50) {
        yield* ticks(btc.slice(at, at + 50))
        yield* accept([{ _tag: "Ticks", ticks: eth.slice(at, at + 50) }])
      }
      yield* drain
      const all = yield* stored
      assert.deepStrictEqual(all.filter(({ instrument }) => instrument === "BTC/USDT"), btc)
      assert.deepStrictEqual(all.filter(({ instrument }) => instrument === "ETH/USDT"), eth)
    }).pipe(Effect.provide(world)))

  it.effect("does not let the last ticks wait longer than 10 ms for company", () =>
    Effect.gen(function* () {
      yield* Ingest.use(({ ticks }) => ticks(some(1)))
      yield* settle
      assert.deepStrictEqual(yield* stored, [])
      yield* TestClock.adjust("10 millis")
      yield* settle
      assert.deepStrictEqual(yield* stored, some(1))
    }).pipe(Effect.provide(world)))

  it.effect("holds what it has while the broker is away, and delivers it in order afterwards", () => {
    let away = true
    return Effect.gen(function* () {
      const { drain, ticks } = yield* Ingest
      for (let at = 0; at < 1_000; at += 100) {
        yield* ticks(some(1_000).slice(at, at + 100))
        yield* TestClock.adjust("100 millis")
      }
      assert.strictEqual((yield* Bus.use((bus) => bus.streamState("MD"))).lastSequence, 0)
      away = false
      yield* TestClock.adjust("5 seconds")
      yield* drain
      assert.deepStrictEqual(yield* stored, some(1_000))
    }).pipe(Effect.provide(ingest.pipe(Layer.provideMerge(failing(() => away)))))
  })

  it.effect("drops the oldest of what does not fit 64 MB, and tells every series that lost ticks a gap", () => {
    let away = true
    const early = 1_000, all = 4_000
    const bulky = (n: number): Tick => ({
      ...gap("okx", n < early ? "BTC/USDT" : "ETH/USDT", T0 + n),
      kind: "trade",
      tradeId: String(n).padStart(20_000, "0"),
      price: "1",
      size: "1",
      side: "buy",
    })
    return Effect.gen(function* () {
      const { drain, ticks } = yield* Ingest
      for (let n = 0; n < all; n++) yield* ticks([bulky(n)])
      away = false
      yield* TestClock.adjust("5 seconds")
      yield* drain
      const kept = yield* stored
      const trades = kept.flatMap((tick) => tick.kind === "trade" ? [Number(tick.tradeId)] : [])
      const lost = Array.from({ length: all }, (_, n) => n).filter((n) => !trades.includes(n))
      // What the publisher had in hand stays; behind it the oldest went, and each that stayed is there once.
      assert.strictEqual(trades.length + lost.length, all)
      assert.isAbove(trades.length, 3_000)
      assert.deepStrictEqual(lost, lost.map((_, at) => (lost[0] ?? 0) + at))
      assert.isBelow(lost.at(-1) ?? all, early)
      const gaps = kept.filter(({ kind }) => kind === "gap")
      assert.deepStrictEqual(new Set(gaps.map(({ instrument }) => instrument)), new Set(["BTC/USDT"]))
    }).pipe(Effect.provide(ingest.pipe(Layer.provideMerge(failing(() => away)))))
  })

  it.effect("quarantines what was refused, with its reason, and loses nothing else when that fails", () => {
    let away = false
    const bad = {
      _tag: "Bad",
      venue: "okx",
      instrument: null,
      reason: "not_json",
      detail: "cut",
      raw: "{",
      ingestTime: T0,
    } as const
    return Effect.gen(function* () {
      const { accept, drain } = yield* Ingest
      yield* accept([bad, { _tag: "Ticks", ticks: some(1) }, {
        _tag: "ClockOffset",
        venue: "okx",
        offsetMs: 5,
        ingestTime: T0,
      }])
      away = true
      yield* accept([bad])
      away = false
      yield* drain
      assert.deepStrictEqual(yield* stored, some(1))
      const bus = yield* Bus
      assert.strictEqual((yield* bus.streamState("QUARANTINE")).messages, 1)
      const kept = Option.getOrThrow(yield* bus.lastMessage("QUARANTINE", "quarantine.okx"))
      const { _tag: _, ...event } = bad
      const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))
      assert.deepStrictEqual(decode(new TextDecoder().decode(kept.data)), { v: 1, ...event })
    }).pipe(Effect.provide(ingest.pipe(Layer.provideMerge(failing(() => away)))))
  })

  it.effect("tells no silence of a venue that another process feeds now", () =>
    Effect.gen(function* () {
      const { accept, ticks } = yield* Ingest
      const bus = yield* Bus
      const silent: Array<string> = []
      yield* Effect.forkScoped(
        Stream.runForEach(bus.subscribeLive("md.v1.*.*.*.stale", 16), ({ subject }) =>
          Effect.sync(() => void silent.push(subject))),
        { startImmediately: true },
      )
      yield* ticks([quote("okx", "BTC/USDT", T0, ["1", "2"]), quote("kraken", "BTC/USDT", T0, ["1", "2"])])
      yield* TestClock.adjust("1 seconds")
      yield* accept([{ _tag: "State", venue: "okx", state: "released", detail: "", ingestTime: T0 }])
      yield* TestClock.adjust("15 seconds")
      yield* settle
      assert.deepStrictEqual(silent, ["md.v1.kraken.spot.BTC-USDT.stale"])
    }).pipe(Effect.provide(
      Ingest.layer({ writer: "test.1", source: "live", live: true }).pipe(
        Layer.provideMerge(ready),
      ),
    )))

  it.effect("drops the message that no broker will ever take, announces the gap, and goes on", () =>
    Effect.gen(function* () {
      const { drain, ticks } = yield* Ingest
      const levels = Array.from({ length: 60_000 }, (_, at) => [`${at + 1}.000001`, "1.00000001"] as const)
      yield* ticks([book("kraken", "BTC/USD", T0, { bids: levels })])
      yield* ticks(some(3))
      yield* TestClock.adjust("1 seconds")
      yield* drain
      const all = yield* stored
      assert.deepStrictEqual(all.filter(({ kind }) => kind === "quote"), some(3))
      assert.deepStrictEqual(all.filter(({ kind }) => kind === "gap").map(({ venue }) => venue), ["kraken"])
    }).pipe(Effect.provide(world)))
})
