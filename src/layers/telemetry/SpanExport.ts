/**
 * SpanExport: how encoded spans leave the process, by OTLP/HTTP, without ever holding anything up.
 *
 * In: requests of Effect's OTLP tracer, answered at once. Out: the same requests, sent one after another; each tried for
 * 30 s at most. Promises: room for 32 batches, beyond them the newest is dropped; whatever does not reach the receiver is
 * counted by reason, and its beginning and end are told once; attributes that can carry addresses, keys or what people
 * wrote do not leave, nor does a secret this process knows; the end waits 3 s for what is left.
 */
import { type Cause, Duration, Effect, Fiber, Layer, Metric, Queue, Redacted, Schedule } from "effect"
import { FetchHttpClient, HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { OtlpSerialization } from "effect/observability"
import * as HttpBody from "effect/http/HttpBody"
import type { TraceData } from "effect/observability/OtlpTracer"

const ROOM_BATCHES = 32
const ATTEMPT = Duration.seconds(10)
const GIVE_UP_AFTER = Duration.seconds(30)
const LAST_CHANCE = Duration.seconds(3)
const LONGEST_TEXT = 1_024

const exported = Metric.counter("trace_spans_exported_total", { description: "Spans that the OTLP receiver took" })
const dropped = Metric.counter("trace_spans_dropped_total", {
  description: "Spans that never reached the OTLP receiver, by reason (buffer_full, not_taken, shutdown)",
})
const drop = (reason: "buffer_full" | "not_taken" | "shutdown", spans: number) =>
  Metric.update(Metric.withAttributes(dropped, { reason }), spans)

/** Addresses carry tokens of links and webhooks, headers carry keys. */
const UNSAFE = /^(url\.(full|path|query|fragment)|http\.(request|response)\.header\.|client\.address|user_agent)/

type Span = TraceData["resourceSpans"][number]["scopeSpans"][number]["spans"][number]
type Attributes = Span["attributes"]

const safe = (attributes: Attributes): Attributes =>
  attributes.filter(({ key }) => !UNSAFE.test(key)).map((attribute) => {
    const { stringValue } = attribute.value
    return typeof stringValue === "string" && stringValue.length > LONGEST_TEXT
      ? { key: attribute.key, value: { stringValue: `${stringValue.slice(0, LONGEST_TEXT)}…` } }
      : attribute
  })

const safeSpan = (span: Span): Span => ({
  ...span,
  attributes: safe(span.attributes),
  events: span.events.map((event) => ({ ...event, attributes: safe(event.attributes) })),
})

/** How many spans a body holds, by its bytes: that is what a request still shows of it. */
type Counted = WeakMap<Uint8Array, number>

const serialization = (secrets: ReadonlyArray<Redacted.Redacted>, counted: Counted) => {
  const encoder = new TextEncoder()
  const known = secrets.map((secret) => JSON.stringify(Redacted.value(secret)).slice(1, -1)).filter((text) =>
    text !== ""
  )
  const traces = ({ resourceSpans }: TraceData): HttpBody.HttpBody => {
    const spans = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    const text = JSON.stringify({
      resourceSpans: resourceSpans.map((resource) => ({
        ...resource,
        scopeSpans: resource.scopeSpans.map((scope) => ({ ...scope, spans: scope.spans.map(safeSpan) })),
      })),
    })
    const bytes = encoder.encode(known.reduce((safer, secret) => safer.replaceAll(secret, "<redacted>"), text))
    counted.set(bytes, spans.length)
    return HttpBody.uint8Array(bytes, "application/json")
  }
  return { traces, metrics: () => HttpBody.empty, logs: () => HttpBody.empty }
}

interface Batch {
  readonly request: HttpClientRequest.HttpClientRequest
  readonly spans: number
}

const again = Schedule.min([Schedule.exponential("500 millis"), Schedule.spaced("5 seconds")]).pipe(Schedule.jittered)

const makeClient = (counted: Counted) =>
  Effect.gen(function* () {
    const client = HttpClient.filterStatusOk(yield* HttpClient.HttpClient)
    const waiting = yield* Queue.make<Batch, Cause.Done>({ capacity: ROOM_BATCHES, strategy: "dropping" })
    let isTaken = true
    /** Spans handed over and not yet ended. */
    let held = 0

    const told = (taken: boolean, detail: string) =>
      Effect.suspend(() => {
        if (isTaken === taken) return Effect.void
        isTaken = taken
        return taken ? Effect.logInfo("traces are taken again") : Effect.logWarning("traces are not taken", detail)
      })

    const attempt = (request: HttpClientRequest.HttpClientRequest) =>
      client.execute(request).pipe(
        Effect.tap((response) => Effect.ignore(response.arrayBuffer)),
        Effect.scoped,
        Effect.timeout(ATTEMPT),
      )

    const send = ({ request, spans }: Batch) =>
      attempt(request).pipe(
        Effect.tapError((error) => told(false, error.message)),
        Effect.retry(again),
        Effect.timeout(GIVE_UP_AFTER),
        Effect.matchEffect({
          onSuccess: () => Effect.andThen(Metric.update(exported, spans), told(true, "")),
          onFailure: () => drop("not_taken", spans),
        }),
      )

    const sending = yield* Queue.take(waiting).pipe(
      Effect.flatMap((batch) => Effect.andThen(send(batch), Effect.sync(() => held -= batch.spans))),
      Effect.forever,
      Effect.catchTag("Done", () => Effect.void),
      Effect.withTracerEnabled(false),
      Effect.forkScoped,
    )
    yield* Effect.addFinalizer(() =>
      Queue.end(waiting).pipe(
        Effect.andThen(Fiber.await(sending)),
        Effect.timeoutOption(LAST_CHANCE),
        Effect.andThen(Effect.suspend(() => drop("shutdown", held))),
      )
    )

    return HttpClient.make((request) =>
      Effect.gen(function* () {
        const spans = request.body._tag === "Uint8Array" ? counted.get(request.body.body) ?? 0 : 0
        if (yield* Queue.offer(waiting, { request, spans })) held += spans
        else yield* drop("buffer_full", spans)
        return HttpClientResponse.fromWeb(request, new Response(null, { status: 202 }))
      })
    )
  })

/** What Effect's tracer encodes with and sends through. */
export const layer = (secrets: ReadonlyArray<Redacted.Redacted>) => {
  const counted: Counted = new WeakMap()
  return Layer.merge(
    Layer.succeed(OtlpSerialization.OtlpSerialization, serialization(secrets, counted)),
    Layer.effect(HttpClient.HttpClient, makeClient(counted)).pipe(Layer.provide(FetchHttpClient.layer)),
  )
}
