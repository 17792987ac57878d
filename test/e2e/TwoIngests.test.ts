/**
 * Two ingest processes on a real server: what is told of their venues is what one would have brought about, though their
 * messages overtake each other and the analysis is killed between.
 */
import { assert, layer } from "@effect/vitest"
import { Context, Effect, Fiber, Layer, Metric, Option, Redacted, Ref, Schema, Stream } from "effect"
import { TestClock } from "effect/testing"
import { afterAll } from "vitest"
import { type Opportunity, OpportunityJson } from "../../src/domain/Opportunity.ts"
import type { Tick } from "../../src/domain/Tick.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as NatsBus from "../../src/layers/nats/Bus.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import { analyse, type AnalyseProgress } from "../../src/streams/Analyse.ts"
import { Analysis } from "../../src/streams/Analysis.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { fresh, until, world } from "../support/actors.ts"
import { describeWith, nats } from "../support/available.ts"
import { ownPrefix, removeAll } from "../support/jetstream.ts"
import { marketOf } from "../support/randomMarket.ts"
import { configOf, framesOf, heartbeat, T0 } from "../support/ticks.ts"

/** Each rise above and each fall below is told. */
const config = configOf({ minNetBps: 5, parity: { "USDT/USD": "1" } })
const WINDOW_MS = 10
const KILLED_EVERY = 15

/** Quotes of three venues, many of them within the same millisecond. */
const market = marketOf(
  Array.from({ length: 120 }, (_, n) => [n * n % 3, 2, n * 7 % 16, n * 13 % 31, n % 4] as const),
  false,
).toSorted((a, b) => a.ingestTime - b.ingestTime || (a.venue < b.venue ? -1 : +(a.venue > b.venue)))

const heard = [..."abc"].map((venue, n) => heartbeat(venue, "BTC/USDT", T0 - 1_000 + 100 * n))

const goodbyes = [..."ab"].map((venue) => heartbeat(venue, "BTC/USDT", T0 + 60_000))

const named = ({ fingerprint, id, revision, state }: Opportunity) => `${fingerprint} ${id} ${revision} ${state}`

const expected = (): ReadonlyArray<string> =>
  new Analysis(config).frames(framesOf([...heard, ...market, ...goodbyes]), 1).map(named).toSorted()

/** Ticks that came too late for the watermark, so far in this test process. */
const late = Effect.map(
  Metric.snapshot,
  (metrics) =>
    metrics.reduce(
      (sum, metric) =>
        metric.id === "merge_late_ticks_total" && metric.type === "Counter" ? sum + Number(metric.state.count) : sum,
      0,
    ),
)

const opportunities = Effect.gen(function* () {
  const bus = yield* Bus
  const { lastSequence } = yield* bus.streamState("OPP")
  const messages = yield* bus.consume({ stream: "OPP", subjects: [], start: { _tag: "First" }, capacity: 64 }).pipe(
    Stream.flattenIterable,
    Stream.take(lastSequence),
    Stream.runCollect,
  )
  return messages.map(({ data }) => named(Schema.decodeUnknownSync(OpportunityJson)(new TextDecoder().decode(data))))
})

/** The server's time stands still like any other here, however long this machine takes. */
const inOneInstant = Effect.map(Bus, (bus) => {
  const consume: Bus["Service"]["consume"] = (options) =>
    Stream.map(bus.consume(options), (batch) => batch.map((message) => ({ ...message, storedAtMs: T0 })))
  return Bus.of({ ...bus, consume })
})

const ingestOf = (writer: string) =>
  Effect.map(
    Layer.build(Ingest.layer({ writer, source: "recorded", live: false })),
    (context) => Context.get(context, Ingest),
  )

const tell = ({ drain, ticks }: Ingest["Service"], batch: ReadonlyArray<Tick>) =>
  batch.length === 0 ? Effect.void : Effect.andThen(ticks(batch), drain)

/** Which of the two tells first changes with every window; now and then the analysis is killed and begun elsewhere. */
const trial = Effect.gen(function* () {
  const one = yield* ingestOf("one.0"), other = yield* ingestOf("other.0")
  const progress = yield* Ref.make(Option.none<AnalyseProgress>())
  let processes = 0
  const starting = Effect.suspend(() =>
    Effect.forkScoped(analyse({
      config,
      judging: rulesOf(config),
      owner: `process-${processes++}`,
      progress,
      before: () => Effect.void,
    }))
  )
  let analysing = yield* starting
  for (const each of heard) yield* tell(each.venue === "a" ? one : other, [each])
  const windows = [...Map.groupBy(market, ({ ingestTime }) => Math.floor((ingestTime - T0) / WINDOW_MS)).values()]
  for (const [n, ticks] of windows.entries()) {
    const ofOne = tell(one, ticks.filter(({ venue }) => venue === "a"))
    const ofOther = tell(other, ticks.filter(({ venue }) => venue !== "a"))
    yield* n % 2 === 0 ? Effect.andThen(ofOne, ofOther) : Effect.andThen(ofOther, ofOne)
    if (n % KILLED_EVERY !== KILLED_EVERY - 1) continue
    yield* Fiber.interrupt(analysing)
    analysing = yield* starting
  }
  // What they still say brings all before it out; and they wait for each other no longer than 50 ms.
  for (const each of goodbyes) yield* tell(each.venue === "a" ? one : other, [each])
  const { lastSequence } = yield* Bus.use((bus) => bus.streamState("MD"))
  const analysed = (upTo: number) => Effect.map(Ref.get(progress), Option.exists(({ sequence }) => sequence >= upTo))
  yield* until(analysed(lastSequence - goodbyes.length))
  yield* until(Effect.andThen(TestClock.adjust("10 millis"), analysed(lastSequence)))
  return { told: (yield* opportunities).toSorted(), processes }
})

describeWith(nats, "The venues of two ingest processes", () => {
  const prefixes: Array<string> = []
  afterAll(() => Promise.all(prefixes.map((prefix) => removeAll(nats.url, prefix))))

  layer(world, { timeout: "60 seconds" })((it) => {
    it.effect("bring about what they would from one, and a killed analysis goes on with the same ids", () =>
      Effect.gen(function* () {
        yield* fresh
        const prefix = ownPrefix()
        prefixes.push(prefix)
        const server = NatsBus.layer({ url: Redacted.make(nats.url), streamPrefix: prefix, subjectPrefix: prefix })
        const bus = Layer.effectDiscard(ensureStreams).pipe(
          Layer.provideMerge(Layer.effect(Bus, inOneInstant).pipe(Layer.provide(server))),
        )
        const services = Layer.merge(bus, Layer.succeed(StreamTime, StreamTime.ignored))
        const lateBefore = yield* late
        const { processes, told } = yield* Effect.scoped(Effect.provide(trial, services))
        assert.isAbove(processes, 3)
        assert.isAbove(told.length, 30)
        assert.deepStrictEqual(told, expected())
        assert.strictEqual(yield* late, lateBefore)
      }))
  })
})
