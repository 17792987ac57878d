/**
 * Traces as a receiver gets them: which are kept, what of them leaves, and what happens when nobody takes them.
 *
 * Comes in: a local OTLP/HTTP receiver that decodes all it gets, and can refuse or hang.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect, Exit, Fiber, Layer, Metric, Option, Redacted, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Traces from "../../../src/layers/telemetry/Traces.ts"
import { continuing } from "../../../src/domain/TraceContext.ts"
import { currentTrace } from "../../../src/layers/Tracing.ts"
import { type OtlpReceiver, otlpReceiver } from "../../support/otlpReceiver.ts"
import { eventually } from "../../support/eventually.ts"

const SECRET = "123456:secret-of-the-bot"

const optionsFor = (receiver: OtlpReceiver, more: Partial<Traces.TracesOptions> = {}): Traces.TracesOptions => ({
  url: `${receiver.url}/v1/traces`,
  headers: { "x-key": "vendor-key" },
  ratio: 1,
  attributes: { "service.instance.id": "one" },
  secrets: [Redacted.make(SECRET)],
  ...more,
})

const entry = (name: string, kind: Tracer.SpanKind = "producer") => Effect.withSpan(Effect.void, name, { kind })

/** What was counted, by metric and reason. */
const counted = Effect.gen(function* () {
  const found: Record<string, number> = {}
  for (const metric of yield* Metric.snapshot) {
    if (metric.type !== "Counter") continue
    const reason = metric.attributes?.["reason"]
    found[reason === undefined ? metric.id : `${metric.id} ${reason}`] = Number(metric.state.count)
  }
  return found
})

const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.provideService(effect, Metric.MetricRegistry, new Map())

/** Runs it traced, and waits until all has left. */
const traced = <A, E, R>(options: Traces.TracesOptions, effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.provide(effect, Traces.layer(options)))

describe("A trace", () => {
  it.live("of what enters reaches the receiver with all that follows; background work has none", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const before = yield* Effect.makeSpan("the program, begun before there was a tracer")
      yield* traced(
        optionsFor(receiver),
        Effect.gen(function* () {
          yield* Effect.withSpan(entry("inner", "client"), "Frame.enters", { kind: "producer" })
          yield* Effect.withSpan(entry("a poll's query", "client"), "Lease.renew")
          yield* Effect.withParentSpan(entry("a look", "internal"), before)
          yield* Effect.fail("broken").pipe(Effect.withSpan("Update.handled", { kind: "consumer" }), Effect.ignore)
        }),
      )
      assert.deepStrictEqual(receiver.spans.map(({ name }) => name), ["inner", "Frame.enters", "Update.handled"])
      const [inner, frame, update] = receiver.spans
      if (inner === undefined || frame === undefined || update === undefined) return
      assert.deepStrictEqual(receiver.unreadable, [])
      assert.deepInclude(frame, { name: "Frame.enters", kind: 4, service: "arbedge", instance: "one" })
      assert.deepInclude(inner, { name: "inner", traceId: frame.traceId, parentSpanId: frame.spanId, kind: 3 })
      assert.deepInclude(update, { name: "Update.handled", status: { code: 2, message: "broken" } })
      assert.notStrictEqual(update.traceId, frame.traceId)
      assert.strictEqual(receiver.headers[0]?.["x-key"], "vendor-key")
    }))

  it.live("has the wall's time, whatever time the work lives in", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const before = yield* Clock.currentTimeMillis
      const recorded = { ...(yield* Clock.Clock), currentTimeNanosUnsafe: () => 1n }
      yield* traced(optionsFor(receiver), Effect.provideService(entry("x"), Clock.Clock, recorded))
      assert.isAtLeast(Number(receiver.spans[0]?.startTimeUnixNano) / 1e6, before - 1)
    }))

  it.live("can tell of work that began before anybody knew it was worth a span", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const carrier = { traceparent: `00-${"ab".repeat(16)}-${"cd".repeat(8)}-01` }
      const begunAt = 1_700_000_000_000_000_000n
      const found = continuing(carrier, "Analyse.detect", {}, { begunAt })(entry("published"))
      yield* traced(optionsFor(receiver), found)
      const [published, detect] = receiver.spans
      assert.deepInclude(detect ?? {}, { name: "Analyse.detect", kind: 5, startTimeUnixNano: String(begunAt) })
      assert.isAbove(Number(published?.startTimeUnixNano), Number(begunAt))
      assert.strictEqual(published?.parentSpanId, detect?.spanId)
    }))

  it.effect("is kept or not by its id, the same share everywhere, and whole", () =>
    Effect.gen(function* () {
      const inner = yield* Effect.tracer
      const chosen = (ratio: number) => {
        const tracer = Traces.sampling(inner, ratio, () => 1n)
        return Effect.gen(function* () {
          const outer = yield* Effect.currentSpan
          return [outer, yield* Effect.withSpan(Effect.currentSpan, "inner", { kind: "consumer" })] as const
        }).pipe(
          Effect.withSpan("outer", { root: true, kind: "producer" }),
          Effect.withTracer(tracer),
        )
      }
      let kept = 0
      for (let n = 0; n < 2_000; n++) {
        const [outer, within] = yield* chosen(0.25)
        assert.strictEqual(within.sampled, outer.sampled)
        if (!outer.sampled) continue
        kept++
        assert.isBelow(Number.parseInt(outer.traceId.slice(-8), 16) / 2 ** 32, 0.25)
      }
      // 500 expected, standard deviation 19.
      assert.isAbove(kept, 380)
      assert.isBelow(kept, 620)
      assert.isFalse((yield* chosen(0))[0].sampled)
      assert.isTrue((yield* chosen(1))[0].sampled)
    }))

  it.live("tells no address, no header and no secret", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const attributes = {
        "url.full": "https://hooks.example/T0K3N",
        "url.path": "/r/T0K3N",
        "http.request.header.authorization": "T0K3N",
        "url.scheme": "https",
        "note": `said ${SECRET} aloud`,
        "long": "x".repeat(5_000),
      }
      yield* traced(
        optionsFor(receiver),
        Effect.withSpan(Effect.fail(SECRET), "asked", { kind: "server", attributes }).pipe(Effect.ignore),
      )
      const [body = ""] = receiver.bodies
      assert.notInclude(body, "T0K3N")
      assert.notInclude(body, SECRET)
      assert.include(body, "said <redacted> aloud")
      assert.include(body, "url.scheme")
      assert.isBelow(body.length, 8_000)
    }))

  it.live("goes on in headers only where it is kept, and only where tracing is on", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const inside = Effect.withSpan(currentTrace, "enters", { kind: "producer" })
      assert.deepStrictEqual(yield* inside, Option.none())
      assert.deepStrictEqual(yield* traced(optionsFor(receiver, { ratio: 0 }), inside), Option.none())
      assert.isTrue(Option.isSome(yield* traced(optionsFor(receiver), inside)))
      assert.deepStrictEqual(yield* traced(optionsFor(receiver), currentTrace), Option.none())
    }))
})

describe("A receiver in trouble", () => {
  it.effect("holds nothing up: there is room for 32 batches, and what is beyond is counted", () =>
    alone(Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      receiver.mode = "hangs"
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(Traces.layer(optionsFor(receiver)), scope)
      const spans = 512 * 40
      yield* Effect.provide(Effect.repeat(entry("x"), { times: spans - 1 }), context)
      const before = yield* counted.pipe(
        Effect.tap(Effect.yieldNow),
        Effect.repeat({ until: (seen) => (seen["trace_spans_dropped_total buffer_full"] ?? 0) >= 512 * 6 }),
      )
      assert.isAtLeast(before["trace_spans_dropped_total buffer_full"] ?? 0, 512 * 6)
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void), { startImmediately: true })
      for (let n = 0; n < 8; n++) yield* Effect.andThen(Effect.yieldNow, TestClock.adjust("1 second"))
      yield* Fiber.await(closing)
      const after = yield* counted
      const lost = (after["trace_spans_dropped_total buffer_full"] ?? 0) +
        (after["trace_spans_dropped_total shutdown"] ?? 0)
      assert.strictEqual(lost, spans)
    })))

  it.live("is tried again, and gets what waited once it takes traces", () =>
    alone(Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      receiver.mode = "refuses"
      yield* traced(
        optionsFor(receiver),
        Effect.gen(function* () {
          yield* entry("waits")
          yield* eventually(Effect.sync(() => receiver.bodies.length), (tries) => tries >= 2, "10 seconds")
          receiver.mode = "takes"
          yield* eventually(Effect.sync(() => receiver.spans.length), (taken) => taken === 1, "10 seconds")
        }),
      )
      assert.deepInclude(yield* counted, { trace_spans_exported_total: 1 })
    })))
})
