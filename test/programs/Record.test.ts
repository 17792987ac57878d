/** Recordings made from the bus and from venues: complete, in order, each tick once, however the recording ends. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Duration, Effect, Fiber, FileSystem, Layer, Option, Stream } from "effect"
import * as NodeServices from "@effect/platform-node/NodeServices"
import type { Tick } from "../../src/domain/Tick.ts"
import { badTick } from "../../src/domain/Tick.ts"
import { Bus, BusError } from "../../src/layers/Bus.ts"
import { Exchange, ExchangeError } from "../../src/layers/Exchange.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import * as RecordingFiles from "../../src/layers/recording/RecordingFiles.ts"
import { Recording } from "../../src/layers/Recording.ts"
import { record, type RecordOptions } from "../../src/programs/Record.ts"
import { Ordering } from "../../src/programs/record/Ordering.ts"
import { type RecordedTicks, ticks as tallyOf } from "../../src/programs/record/Tallies.ts"
import { fromBus, fromVenues, type SourceBatch } from "../../src/programs/record/Sources.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { until } from "../support/actors.ts"
import { book, gap, quote, T0 } from "../support/ticks.ts"

const services = Layer.mergeAll(NodeServices.layer, RecordingFiles.layer)

const newFile = (name = "out.ndjson") =>
  Effect.map(
    FileSystem.FileSystem.use((files) => files.makeTempDirectoryScoped({ prefix: "arbedge-record-" })),
    (folder) => `${folder}/${name}`,
  )

const readBack = Effect.fnUntraced(function* (path: string) {
  const recording = yield* Recording
  const batches = yield* Stream.runCollect(recording.read(path))
  assert.deepStrictEqual(batches.flatMap(({ bad }) => bad), [])
  return batches.flatMap(({ ticks }) => ticks)
})

const into = <E, R>(
  path: string,
  source: Stream.Stream<SourceBatch, E, R>,
  changes: Partial<RecordOptions<SourceBatch, RecordedTicks, E, R>> = {},
) =>
  record({
    path,
    rotation: Option.none(),
    source,
    tally: tallyOf(0, () => null),
    shareOf: ({ share }) => share,
    duration: Option.none(),
    onProgress: () => Effect.void,
    onDone: () => Effect.void,
    ...changes,
  })

const batch = (ticks: ReadonlyArray<Tick>, changes: Partial<SourceBatch> = {}): SourceBatch => ({
  ticks,
  bad: [],
  simulated: 0,
  share: null,
  ...changes,
})

describe("Ordering", () => {
  const at = (ms: number) => quote("kraken", "BTC/USDT", T0 + ms, ["1", "2"])
  const times = (ticks: ReadonlyArray<Tick>) => ticks.map(({ ingestTime }) => ingestTime - T0)

  it("waits a second for stragglers, and refuses what comes after its place was passed", () => {
    const ordering = new Ordering(0)
    assert.deepStrictEqual(times(ordering.push([at(5), at(0), at(1_000)])), [0])
    assert.deepStrictEqual(times(ordering.push([at(3), at(1_004)])), [3])
    assert.deepStrictEqual(times(ordering.push([at(2), at(4)])), [4])
    assert.strictEqual(ordering.late, 1)
    assert.deepStrictEqual(times(ordering.flush()), [5, 1_000, 1_004])
    assert.deepStrictEqual(times(ordering.flush()), [])
  })

  it("waits for as many ticks as it was told, however far apart they are", () => {
    const ordering = new Ordering(2)
    assert.deepStrictEqual(times(ordering.push([at(9_000), at(8_000), at(5_000)])), [])
    assert.deepStrictEqual(times(ordering.push([at(1_000)])), [1_000, 5_000])
    assert.deepStrictEqual(times(ordering.flush()), [8_000, 9_000])
    assert.strictEqual(ordering.late, 0)
  })

  it("gives what has waited for two beats, however little it is", () => {
    const ordering = new Ordering(1_000)
    ordering.push([at(5), at(3)])
    assert.deepStrictEqual(times(ordering.beat()), [])
    ordering.push([at(7), at(4)])
    assert.deepStrictEqual(times(ordering.beat()), [])
    assert.deepStrictEqual(times(ordering.beat()), [3, 4, 5])
    assert.deepStrictEqual(times(ordering.beat()), [7])
    ordering.push([at(6)])
    assert.strictEqual(ordering.late, 1)
  })

  it("leaves ticks of one millisecond as they came", () => {
    const ordering = new Ordering(0)
    const names = ["b", "a", "c"].map((venue) => quote(venue, "BTC/USDT", T0, ["1", "2"]))
    ordering.push(names)
    assert.deepStrictEqual(ordering.flush(), names)
  })
})

describe("A recording from the bus", () => {
  const bus = Layer.provideMerge(
    Layer.provideMerge(
      Ingest.layer({ writer: "test.0", source: "simulated", live: false }),
      Layer.effectDiscard(ensureStreams),
    ),
    EmbeddedBus.layer(),
  )
  /** Of several partitions, with a conversion book (sent to each of them) and books that are repeated. */
  const ticks: ReadonlyArray<Tick> = Array.from({ length: 400 }, (_, k) => {
    const time = T0 + k * 60
    const price = 30_000 + k
    switch (k % 4) {
      case 0:
        return quote("kraken", "BTC/USDT", time, [`${price}`, `${price + 1}`])
      case 1:
        return quote("kraken", "USDT/USD", time, ["0.9998", "0.9999"])
      case 2:
        return book("okx", "ETH/USDT", time, { bids: [["2000", "1"]], asks: [["2001", `${k}`]] }, {
          snapshot: k === 2,
          seq: k,
          prevSeq: k === 2 ? null : k - 4,
        })
      default:
        return k === 203 ? gap("okx", "SOL/USDT", time) : quote("okx", "SOL/USDT", time, ["150", "151"])
    }
  })

  const feed = Effect.flatMap(Ingest, (ingest) => Effect.andThen(ingest.ticks(ticks), ingest.drain))

  it.live("of what is stored holds each ingested tick once, in order, and ends by itself", () =>
    Effect.gen(function* () {
      yield* feed
      const path = yield* newFile("out.ndjson.gz")
      const shares: Array<number | null> = []
      const recorded = yield* into(path, fromBus("stored"), {
        onProgress: (share) => Effect.sync(() => void shares.push(share)),
      })
      assert.deepStrictEqual(yield* readBack(path), ticks)
      assert.deepStrictEqual(recorded, {
        files: [{ path, lines: ticks.length }],
        received: ticks.length,
        written: ticks.length,
        lost: {},
        socketFrames: null,
        ticks: ticks.length,
        simulated: ticks.length,
        bad: {},
        firstAt: T0,
        lastAt: T0 + 399 * 60,
        interrupted: false,
      })
      assert.strictEqual(shares.at(-1), 1)
    }).pipe(Effect.provide(bus), Effect.provide(services)))

  it.live("counts what cannot be read, and goes on behind it", () =>
    Effect.gen(function* () {
      const { publish } = yield* Bus
      yield* publish({ subject: "md.frame.0", data: new TextEncoder().encode("{") })
      yield* publish({ subject: "md.frame.0", data: new TextEncoder().encode("{}") })
      yield* feed
      const path = yield* newFile()
      const recorded = yield* into(path, fromBus("stored"))
      assert.strictEqual(recorded.ticks, ticks.length)
      assert.deepStrictEqual(recorded.bad, { not_json: 1, wrong_type: 1 })
    }).pipe(Effect.provide(bus), Effect.provide(services)))

  it.live("of an empty stream is an empty file", () =>
    Effect.gen(function* () {
      const path = yield* newFile()
      assert.strictEqual((yield* into(path, fromBus("stored"))).ticks, 0)
      assert.deepStrictEqual(yield* readBack(path), [])
    }).pipe(Effect.provide(bus), Effect.provide(services)))

  it.live("of new ticks leaves out what was there before, and is whole when it is interrupted", () =>
    Effect.gen(function* () {
      const ingest = yield* Ingest
      yield* feed
      const path = yield* newFile()
      const done = yield* Deferred.make<RecordedTicks>()
      let seen = 0
      const running = yield* Effect.forkChild(into(path, fromBus("new"), {
        onProgress: () => Effect.sync(() => void seen++),
        onDone: (recorded) => Effect.asVoid(Deferred.succeed(done, recorded)),
      }))
      const later = (k: number) => quote("kraken", "BTC/USDT", T0 + 100_000 + k, ["1", `${k + 2}`])
      let k = 0
      yield* until(
        Effect.suspend(() => Effect.andThen(ingest.ticks([later(k++)]), ingest.drain)).pipe(
          Effect.map(() => seen > 2),
        ),
      )
      yield* Fiber.interrupt(running)
      const recorded = yield* Deferred.await(done)
      assert.isTrue(recorded.interrupted)
      const written = yield* readBack(path)
      assert.strictEqual(written.length, recorded.ticks)
      assert.isAbove(written.length, 0)
      assert.isTrue(written.every(({ ingestTime }) => ingestTime >= T0 + 100_000))
    }).pipe(Effect.provide(bus), Effect.provide(services)))
})

describe("A recording", () => {
  it.live("ends when its time is over, and keeps what came until then", () =>
    Effect.gen(function* () {
      const path = yield* newFile()
      const source = Stream.concat(Stream.make(batch([quote("a", "BTC/USDT", T0, ["1", "2"])])), Stream.never)
      const recorded = yield* into(path, source, { duration: Option.some(Duration.millis(50)) })
      assert.strictEqual(recorded.ticks, 1)
      assert.isFalse(recorded.interrupted)
      assert.strictEqual((yield* readBack(path)).length, 1)
    }).pipe(Effect.provide(services)))

  it.live("whose source fails is complete up to there, and the failure is told", () =>
    Effect.gen(function* () {
      const path = yield* newFile()
      const lost = new BusError({ reason: "unavailable", operation: "consume", subject: "MD", detail: "gone" })
      const source = Stream.concat(
        Stream.make(batch([quote("a", "BTC/USDT", T0, ["1", "2"])], { bad: [badTick("crossed", "").reason] })),
        Stream.fail(lost),
      )
      const done = yield* Deferred.make<RecordedTicks>()
      const failure = yield* Effect.flip(
        into(path, source, { onDone: (recorded) => Effect.asVoid(Deferred.succeed(done, recorded)) }),
      )
      assert.strictEqual(failure, lost)
      assert.deepStrictEqual((yield* Deferred.await(done)).bad, { crossed: 1 })
      assert.strictEqual((yield* readBack(path)).length, 1)
    }).pipe(Effect.provide(services)))

  it.live("that cannot be written says so", () =>
    Effect.gen(function* () {
      const folder = yield* newFile("missing")
      const error = yield* Effect.flip(into(`${folder}/out`, Stream.make(batch([]))))
      assert.strictEqual(error._tag, "RecordingError")
    }).pipe(Effect.provide(services)))
})

describe("A recording from venues", () => {
  const gone = (venue: string) => new ExchangeError({ reason: "unknown_venue", venue, detail: "not one of ours" })
  const request = (venue: string) => ({ venue, instruments: ["BTC/USDT"], kinds: ["quote" as const], depth: 1 })
  const exchange = Layer.succeed(Exchange, {
    simulated: true,
    venues: ["good", "bad"],
    markets: () => Effect.succeed([]),
    feed: ({ venue }) => {
      if (venue !== "good") return Stream.fail(gone(venue))
      const lost = { _tag: "State" as const, venue, state: "disconnected" as const, detail: "no route", ingestTime: T0 }
      const refused = {
        _tag: "Bad" as const,
        venue,
        instrument: null,
        reason: "not_json" as const,
        detail: "",
        raw: "",
        ingestTime: T0,
      }
      const ticks = { _tag: "Ticks" as const, ticks: [quote(venue, "BTC/USDT", T0, ["1", "2"])] }
      return Stream.concat(Stream.make([lost, refused], [lost, ticks]), Stream.never)
    },
  })

  it.live("goes on without a venue that fails for good, and tells each trouble once", () =>
    Effect.gen(function* () {
      const path = yield* newFile()
      const troubles: Array<string> = []
      const source = fromVenues(
        [request("good"), request("bad")],
        (venue, what) => Effect.sync(() => void troubles.push(`${venue} ${what}`)),
      )
      const recorded = yield* into(path, source, { duration: Option.some(Duration.millis(50)) })
      assert.deepStrictEqual(troubles.toSorted(), [
        "bad left out: unknown_venue: not one of ours",
        "good disconnected (no route)",
      ])
      assert.strictEqual(recorded.ticks, 1)
      assert.strictEqual(recorded.simulated, 1)
      assert.deepStrictEqual(recorded.bad, { not_json: 1 })
    }).pipe(Effect.provide(exchange), Effect.provide(services)))

  it.live("fails when no venue is left", () =>
    Effect.gen(function* () {
      const path = yield* newFile()
      const failure = yield* Effect.flip(into(path, fromVenues([request("bad")], () => Effect.void)))
      assert.deepStrictEqual(failure, gone("bad"))
    }).pipe(Effect.provide(exchange), Effect.provide(services)))
})
