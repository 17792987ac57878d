/** Traces in headers: what is written, what is read, and what is left alone. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Option, Tracer } from "effect"
import { continuing, headersOf, spanIn } from "../../src/domain/TraceContext.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c", spanId = "b7ad6b7169203331"
const traceparent = `00-${traceId}-${spanId}-01`

const inSpan = <A, E>(carrier: Readonly<Record<string, string>>, effect: Effect.Effect<A, E>) =>
  continuing(carrier, "work", { queueId: 7 })(effect)

describe("The trace of a message", () => {
  it("is read as the W3C spells it, and written the same way", () => {
    const span = Option.getOrThrow(spanIn({ traceparent }))
    assert.strictEqual(span.traceId, traceId)
    assert.strictEqual(span.spanId, spanId)
    assert.isTrue(span.sampled)
    assert.deepStrictEqual(headersOf(span), Option.some({ traceparent }))
  })

  it("is none where the header is missing, malformed, of zeros or of another version", () => {
    const bad = [
      {},
      { traceparent: "" },
      { traceparent: traceparent.slice(1) },
      { traceparent: traceparent.toUpperCase() },
      { traceparent: traceparent.replace(traceId, "0".repeat(32)) },
      { traceparent: traceparent.replace(spanId, "0".repeat(16)) },
      { traceparent: `ff${traceparent.slice(2)}` },
      { traceparent: `${traceparent}-more` },
    ]
    for (const headers of bad) assert.deepStrictEqual(spanIn(headers), Option.none(), JSON.stringify(headers))
  })

  it("is not written where nobody keeps it", () => {
    const span = Option.getOrThrow(spanIn({ traceparent: `00-${traceId}-${spanId}-00` }))
    assert.deepStrictEqual(headersOf(span), Option.none())
  })

  it.effect("goes on in what follows, with what another tracer wants handed on", () =>
    Effect.gen(function* () {
      const span = yield* inSpan({ traceparent, tracestate: "vendor=1" }, Effect.currentSpan)
      assert.strictEqual(span.traceId, traceId)
      assert.strictEqual(span.kind, "consumer")
      assert.deepStrictEqual(span.attributes.get("queueId"), 7)
      const told = Option.getOrThrow(headersOf(span))
      assert.deepStrictEqual(told, { traceparent: `00-${traceId}-${span.spanId}-01`, tracestate: "vendor=1" })
    }))

  it.effect("hands on no state that is longer than the W3C wants it taken", () =>
    Effect.gen(function* () {
      const span = yield* inSpan({ traceparent, tracestate: "v=".padEnd(513, "x") }, Effect.currentSpan)
      assert.hasAllKeys(Option.getOrThrow(headersOf(span)), ["traceparent"])
    }))

  it.effect("begins none where a message belongs to none", () =>
    Effect.gen(function* () {
      const span = yield* inSpan({}, Effect.currentSpan)
      assert.strictEqual(span.kind, "internal")
      const outer = Tracer.externalSpan({ spanId, traceId, sampled: false, annotations: Context.empty() })
      const inner = yield* Effect.withParentSpan(inSpan({}, Effect.currentSpan), outer)
      assert.isFalse(inner.sampled)
    }))

  it.effect("links what else a span serves", () =>
    Effect.gen(function* () {
      const serving = continuing({}, "batch", {}, { others: [{ traceparent }, {}] })
      const { links } = yield* serving(Effect.currentSpan)
      assert.deepStrictEqual(links.map(({ span }) => span.traceId), [traceId])
    }))
})
