/**
 * MarketAnalyses: every few minutes how each instrument stands across venues, and who of them moves first.
 *
 *   live ticks -> HeardMarkets --every 5 min--> domain/MarketAnalysis.ts --> ai_analysis_results, fact; bucket analysis
 *
 * In: `md.v1.>`, and nothing else. Out: analyses that hold for 15 minutes. Promises: one process makes them at a time; an
 * older one never takes the place of a newer one in the Store; where the bucket has no room or the bus is away, the Store
 * has them; between two pairs of markets others have their turn.
 */
import { Clock, Duration, Effect, Metric, Option, Schedule, Schema, Stream } from "effect"
import type { DataSource } from "../domain/Frame.ts"
import {
  type AnalysisTime,
  correlationsOf,
  keyOf,
  type MarketAnalysis,
  MarketAnalysisJson,
  pairsOf,
  stateOf,
} from "../domain/MarketAnalysis.ts"
import * as Subject from "../domain/Subject.ts"
import type { TickKind } from "../domain/Tick.ts"
import * as TickCodec from "../domain/TickCodec.ts"
import { AnalysisResults } from "../layers/AnalysisResults.ts"
import { Bus, type KeyValue, type LiveMessage } from "../layers/Bus.ts"
import { HeardMarkets } from "./HeardMarkets.ts"
import { whileOwner } from "./Ownership.ts"
import { ANALYSIS_BUCKET, openBucket } from "./Topology.ts"

/** Who asks early is told of what was heard so far. */
export const FIRST_AFTER = Duration.minutes(1)
export const EVERY = Duration.minutes(5)
const SPAN_MS = Duration.toMillis(EVERY)
const LIVE_CAPACITY = 8_192

const madeTotal = Metric.counter("market_analyses_total", { description: "Analyses of markets made, by type" })
const refusedTotal = Metric.counter("market_analyses_refused_total", {
  description: "Ticks of markets for which the analyses had no room",
})

const decoder = new TextDecoder(), encoder = new TextEncoder()
const encode = Schema.encodeSync(MarketAnalysisJson)
const again = Schedule.min([Schedule.exponential("200 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

const keep = (bucket: KeyValue, analysis: MarketAnalysis) =>
  Option.match(keyOf(analysis.type, analysis.instrument), {
    onNone: () => Effect.void,
    onSome: (key) =>
      bucket.put(key, encoder.encode(encode(analysis))).pipe(
        Effect.catch(({ detail }) => Effect.logWarning("an analysis is in the store alone", key, detail)),
      ),
  })

/** One round over everything that was heard. */
export const analyseMarkets = Effect.fn("MarketAnalyses.round")(
  function* (heard: HeardMarkets, bucket: KeyValue, source: DataSource) {
    const results = yield* AnalysisResults
    const at = yield* Clock.currentTimeMillis
    const time: AnalysisTime = { at, spanMs: heard.spanMs, simulated: source === "simulated" }
    const all = heard.all()
    if (time.spanMs === 0) return
    const computed = yield* Effect.forEach(
      pairsOf(all),
      (compute) => Effect.andThen(Effect.yieldNow, Effect.sync(compute)),
    )
    const pairs = computed.flat()
    yield* Effect.forEach(
      Map.groupBy(all, ({ instrument }) => instrument),
      ([instrument, markets]) =>
        Effect.gen(function* () {
          const analyses = [stateOf(instrument, markets, time), correlationsOf(instrument, markets, pairs, all, time)]
          for (const analysis of yield* results.save(analyses, at)) {
            yield* keep(bucket, analysis)
            yield* Metric.update(Metric.withAttributes(madeTotal, { type: analysis.type }), 1)
          }
        }),
      { discard: true },
    )
  },
)

/** By the last token of a live subject: what moves a price, or says that nothing is known. */
const TELLING: ReadonlySet<string> = new Set(["quote", "book", "gap", "heartbeat"] satisfies ReadonlyArray<TickKind>)

const hear = (heard: HeardMarkets, messages: ReadonlyArray<LiveMessage>) =>
  Effect.suspend(() => {
    const before = heard.refused
    for (const { data, subject } of messages) {
      if (!TELLING.has(subject.slice(subject.lastIndexOf(".") + 1))) continue
      const tick = TickCodec.fromLine(decoder.decode(data))
      if (!TickCodec.isBad(tick)) heard.push(tick)
    }
    return heard.refused === before ? Effect.void : Metric.update(refusedTotal, heard.refused - before)
  })

/** Runs for ever. `source`: what the market data are. */
export const keepAnalysing = (owner: string, source: DataSource) => {
  const work = Effect.gen(function* () {
    const bus = yield* Bus
    const bucket = yield* openBucket(ANALYSIS_BUCKET)
    const heard = new HeardMarkets(SPAN_MS)
    const listening = bus.subscribeLive(Subject.ALL_LIVE, LIVE_CAPACITY).pipe(
      Stream.runForEachArray((messages) => hear(heard, messages)),
      Effect.tapError((error) => Effect.logDebug("live ticks are not heard", error.reason)),
      Effect.retry(again),
    )
    const round = analyseMarkets(heard, bucket, source).pipe(
      Effect.catch((error) => Effect.logWarning("markets are not analysed", error.message)),
    )
    const rounds = Effect.sleep(FIRST_AFTER).pipe(
      Effect.andThen(Effect.forever(Effect.andThen(round, Effect.sleep(EVERY)))),
    )
    return yield* Effect.all([listening, rounds], { concurrency: 2, discard: true })
  }).pipe(Effect.scoped)
  return whileOwner({ name: "market-analyses", owner }, work)
}
