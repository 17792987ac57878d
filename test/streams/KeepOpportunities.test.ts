/** The public buckets of opportunities: the newest revision, and the last scored finding of a type and instrument. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { InstrumentAnalysisJson } from "../../src/domain/InstrumentAnalysis.ts"
import { type Leg, type Opportunity, OpportunityJson } from "../../src/domain/Opportunity.ts"
import { opportunity as subjectOf } from "../../src/domain/Subject.ts"
import { Bus, type KeyValue } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { keepOpportunities } from "../../src/streams/KeepOpportunities.ts"
import { ANALYSIS_BUCKET, ensureStreams, openBucket, OPPORTUNITY_BUCKET } from "../../src/streams/Topology.ts"
import { someOpportunity, t0 } from "../suites/StoreWorld.ts"
import { until } from "../support/actors.ts"

const encode = Schema.encodeSync(OpportunityJson)
const decode = Schema.decodeUnknownSync(OpportunityJson)
const decodeAnalysis = Schema.decodeUnknownSync(InstrumentAnalysisJson)

const leg = (venue: string, side: Leg["side"]): Leg => ({
  venue,
  instrument: "BTC/USDT:USDT",
  side,
  size: "0.4",
  price: "30000",
  levels: [["30000", "0.4"]],
  contracts: null,
  contractSize: null,
  fee: "1",
  feeCurrency: "USDT",
  feeRate: "0.001",
  bookSeq: null,
  bookAgeMs: 3,
})

const found = (changes: Partial<Opportunity> = {}): Opportunity =>
  someOpportunity({ legs: [leg("kraken", "buy"), leg("okx", "sell")], score: 71, ...changes })

const publish = (...all: ReadonlyArray<Opportunity>) =>
  Effect.flatMap(
    Bus,
    (bus) =>
      bus.publishAll(all.map((one) => ({ subject: subjectOf(one), data: new TextEncoder().encode(encode(one)) }))),
  )

const valueOf = (bucket: KeyValue, key: string) =>
  Effect.map(bucket.get(key), Option.map(({ value }) => new TextDecoder().decode(value)))

const ready = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))

const world = Effect.gen(function* () {
  yield* TestClock.setTime(t0)
  const opportunities = yield* openBucket(OPPORTUNITY_BUCKET), analyses = yield* openBucket(ANALYSIS_BUCKET)
  const bus = yield* Bus
  const behind = Effect.map(bus.survey, (all) => all.find(({ name }) => name === "OPP")?.readers[0])
  yield* Effect.forkScoped(keepOpportunities)
  const kept = until(Effect.map(behind, (reader) => reader?.pending === 0 && reader.unanswered === 0))
  return { opportunities, analyses, kept }
})

const ID = someOpportunity().id
const KEY = "cross_exchange.linear-USDT.BTC-USDT"

describe("The buckets of opportunities", () => {
  it.effect("hold the newest revision under its id, and never an older one again", () =>
    Effect.gen(function* () {
      const { kept, opportunities } = yield* world
      yield* publish(found(), found({ revision: 2, state: "improved", at: t0 + 10 }))
      yield* kept
      const text = Option.getOrThrow(yield* valueOf(opportunities, ID))
      assert.deepStrictEqual([decode(text).revision, decode(text).state], [2, "improved"])
      yield* publish(found())
      yield* kept
      assert.strictEqual(Option.getOrThrow(yield* valueOf(opportunities, ID)), text)
      yield* publish(found({ revision: 3, state: "closed", at: t0 + 20 }))
      yield* kept
      assert.strictEqual(decode(Option.getOrThrow(yield* valueOf(opportunities, ID))).state, "closed")
    }).pipe(Effect.provide(ready)))

  it.effect("hold what was last scored of a type and instrument, with figures of the opportunity it came from", () =>
    Effect.gen(function* () {
      const { analyses, kept } = yield* world
      const other = "f".repeat(32)
      yield* publish(found(), found({ id: other, at: t0 + 500, score: 12, netBps: "6.0000" }))
      yield* kept
      const analysis = decodeAnalysis(Option.getOrThrow(yield* valueOf(analyses, KEY)))
      assert.deepStrictEqual(
        [analysis.opportunityId, analysis.score, analysis.netBps, analysis.instrument, analysis.venues],
        [other, 12, "6.0000", "BTC/USDT:USDT", ["kraken", "okx"]],
      )
      yield* publish(found({ revision: 2, at: t0 + 100 }))
      yield* kept
      assert.strictEqual(decodeAnalysis(Option.getOrThrow(yield* valueOf(analyses, KEY))).opportunityId, other)
    }).pipe(Effect.provide(ready)))

  it.effect("say nothing of what is not scored, pass over what nobody can read, and forget after a quarter of an hour", () =>
    Effect.gen(function* () {
      const { analyses, kept, opportunities } = yield* world
      const bus = yield* Bus
      yield* bus.publish({ subject: "opp.v1.funding.BTC-USDT.opened", data: new TextEncoder().encode("{nonsense") })
      yield* publish(found({ score: null }))
      yield* kept
      assert.deepStrictEqual(yield* analyses.keys(">"), [])
      assert.deepStrictEqual(yield* opportunities.keys(">"), [ID])
      yield* TestClock.adjust("15 minutes")
      assert.deepStrictEqual(yield* opportunities.keys(">"), [])
    }).pipe(Effect.provide(ready)))
})
