/** Messages that carry the trace they were published in. */
import { assert, layer } from "@effect/vitest"
import { Duration, Effect, Layer, Stream } from "effect"
import { continuing } from "../../../src/domain/TraceContext.ts"
import { Bus, type OutgoingMessage } from "../../../src/layers/Bus.ts"
import * as EmbeddedBus from "../../../src/layers/embedded/Bus.ts"
import * as TracedBus from "../../../src/layers/telemetry/TracedBus.ts"
import { Tracing } from "../../../src/layers/Tracing.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const carrier = { traceparent: `00-${traceId}-b7ad6b7169203331-01`, tracestate: "vendor=1" }

const message = (headers?: OutgoingMessage["headers"]): OutgoingMessage => ({
  subject: "t.a",
  data: new Uint8Array([1]),
  ...headers === undefined ? {} : { headers },
})

const spec = {
  name: "T",
  subjects: ["t.>"],
  maxBytes: 1_000_000,
  maxAge: Duration.hours(1),
  dedupWindow: Duration.seconds(1),
}

/** Headers of what was stored, by what was published. */
const stored = <E>(count: number, publish: (bus: Bus["Service"]) => Effect.Effect<unknown, E>) =>
  Effect.gen(function* () {
    const bus = yield* Bus
    yield* bus.removeStream("T").pipe(Effect.ignore)
    yield* bus.ensureStream(spec)
    yield* publish(bus)
    return yield* bus.consume({ stream: "T", subjects: [], start: { _tag: "First" }, capacity: 8 }).pipe(
      Stream.flattenIterable,
      Stream.take(count),
      Stream.map(({ headers }) => headers),
      Stream.runCollect,
    )
  })

const traced = continuing(carrier, "publishing", {})

layer(TracedBus.layer.pipe(Layer.provide(EmbeddedBus.layer())))("A durable message", (it) => {
  it.effect("carries the span it was published in, and what another tracer wants handed on", () =>
    Effect.gen(function* () {
      const all = yield* stored(
        3,
        (bus) => traced(Effect.andThen(bus.publish(message({ kind: "x" })), bus.publishAll([message(), message()]))),
      ).pipe(
        Effect.provideService(Tracing, true),
      )
      for (const headers of all) {
        assert.match(headers["traceparent"] ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
        assert.notStrictEqual(headers["traceparent"], carrier.traceparent)
        assert.strictEqual(headers["tracestate"], "vendor=1")
      }
      assert.strictEqual(all[0]?.["kind"], "x")
    }))

  it.effect("keeps the trace its publisher gave it", () =>
    Effect.gen(function* () {
      const [headers] = yield* stored(1, (bus) => traced(bus.publish(message({ traceparent: "mine" })))).pipe(
        Effect.provideService(Tracing, true),
      )
      assert.strictEqual(headers?.["traceparent"], "mine")
    }))

  it.effect("leaves as it came where tracing is off, and where the trace is not kept", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* stored(1, (bus) => traced(bus.publish(message()))), [{}])
      const unsampled = { traceparent: carrier.traceparent.replace(/1$/, "0") }
      const dropped = stored(1, (bus) => continuing(unsampled, "dropped", {})(bus.publish(message())))
      assert.deepStrictEqual(yield* Effect.provideService(dropped, Tracing, true), [{}])
    }))
})
