/** Suspicions on their way out of detection: one row, one fact, a message in each venue's quarantine. */
import { assert, layer } from "@effect/vitest"
import { Effect, Layer, Option, Ref, Schema, Stream } from "effect"
import { IdentitySuspected } from "../../src/domain/Fact.ts"
import { AssetIdentities } from "../../src/layers/AssetIdentities.ts"
import { Bus } from "../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../src/layers/embedded/Bus.ts"
import { Outbox, type OutboxFact } from "../../src/layers/Outbox.ts"
import { StreamTime } from "../../src/layers/StreamTime.ts"
import { analyse, type AnalyseProgress } from "../../src/streams/Analyse.ts"
import { Ingest } from "../../src/streams/Ingest.ts"
import { rulesOf } from "../../src/streams/Judge.ts"
import { raise } from "../../src/streams/Suspicions.ts"
import { ensureStreams } from "../../src/streams/Topology.ts"
import { fresh, until, world } from "../support/actors.ts"
import { configOf, quote, T0 } from "../support/ticks.ts"

const streams = Layer.effectDiscard(ensureStreams).pipe(Layer.provideMerge(EmbeddedBus.layer()))
const bus = Layer.mergeAll(
  Ingest.layer({ writer: "test.1", source: "recorded", live: false }),
  Layer.succeed(StreamTime, StreamTime.ignored),
).pipe(Layer.provideMerge(streams))

const running = <A, E, R>(body: Effect.Effect<A, E, R>) => Effect.andThen(fresh, Effect.provide(body, bus))

/** What lies in quarantine, by subject. */
const quarantined = Effect.gen(function* () {
  const { consume, streamState } = yield* Bus
  const { lastSequence } = yield* streamState("QUARANTINE")
  if (lastSequence === 0) return []
  const messages = yield* consume({ stream: "QUARANTINE", subjects: [], start: { _tag: "First" }, capacity: 16 }).pipe(
    Stream.flattenIterable,
    Stream.take(lastSequence),
    Stream.runCollect,
  )
  const text = (data: Uint8Array) =>
    Schema.decodeUnknownSync(Schema.fromJsonString(Schema.Unknown))(new TextDecoder().decode(data))
  return messages.map(({ data, subject }) => [subject, text(data)] as const)
})

const facts = Effect.gen(function* () {
  const out: Array<OutboxFact> = []
  yield* (yield* Outbox).relayBatch({
    limit: 10,
    nowMs: T0,
    publish: (batch) => Effect.sync(() => void out.push(...batch)),
  })
  return out
})

const suspicion = {
  asset: "NEIRO",
  a: { venue: "a", symbol: "NEIRO" },
  b: { venue: "b", symbol: "NEIRO" },
  spread: "110.2153",
  bound: 0.5,
  at: T0 + 1,
}

layer(world, { timeout: "60 seconds" })("A suspicion", (it) => {
  it.effect("A11: found by the analysis becomes one row, one fact and a message for each venue, and no opportunity", () =>
    running(Effect.gen(function* () {
      const config = configOf()
      const progress = yield* Ref.make(Option.none<AnalyseProgress>())
      yield* Effect.forkScoped(analyse({ config, judging: rulesOf(config), owner: "one", progress }))
      const neiro = (ms: number) => [
        quote("a", "NEIRO/USDT", T0 + ms, ["0.0002665", "0.0002666"]),
        quote("b", "NEIRO/USDT", T0 + ms + 1, ["0.02965", "0.03"]),
      ]
      const { drain, ticks } = yield* Ingest
      yield* Effect.andThen(ticks([...neiro(0), ...neiro(20)]), drain)
      const identities = yield* AssetIdentities
      yield* until(Effect.map(identities.all, (rows) => rows.length === 1))
      assert.deepInclude((yield* identities.all)[0], { asset: "NEIRO", status: "suspect", spread: "110.2153" })
      yield* until(Effect.map(quarantined, (messages) => messages.length === 2))
      const [told, ...more] = yield* facts
      assert.deepStrictEqual(more, [])
      assert.strictEqual(told?.subject, "evt.v1.identity.suspected")
      assert.deepStrictEqual(Schema.decodeUnknownSync(IdentitySuspected)(told?.payload), { v: 1, ...suspicion })
      assert.deepStrictEqual(yield* quarantined, [
        ["quarantine.a", { v: 1, venue: "a", reason: "identity_suspect", ...suspicion }],
        ["quarantine.b", { v: 1, venue: "b", reason: "identity_suspect", ...suspicion }],
      ])
      assert.strictEqual((yield* Bus.use((one) => one.streamState("OPP"))).messages, 0)
    })))

  it.effect("that was raised before, by this process or another, is not told again", () =>
    running(Effect.gen(function* () {
      yield* raise([suspicion, suspicion])
      yield* raise([suspicion])
      assert.strictEqual((yield* facts).length, 1)
      assert.strictEqual((yield* quarantined).length, 2)
    })))
})
