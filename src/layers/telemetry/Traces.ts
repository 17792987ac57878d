/**
 * Traces: the tracer of a process that exports its traces by OTLP/HTTP.
 *
 *   enters: a frame, an update --chosen by the ratio--> a trace, with all that follows from it, in every process
 *   background work: sweeps, polls, leases --> no trace
 *
 * In: spans of the program. Out: those of chosen traces, encoded by Effect's OTLP tracer. Promises: whoever begins a trace
 * decides for everybody whether it is kept; what a trace's id decides is the same in every process; spans have the
 * wall's time, also where recorded data brings its own.
 */
import { Clock, Context, Effect, Layer, Option, type Redacted, Tracer } from "effect"
import { OtlpExporter, OtlpTracer } from "effect/observability"
import { BegunAt } from "../../domain/TraceContext.ts"
import { Tracing } from "../Tracing.ts"
import * as SpanExport from "./SpanExport.ts"

export interface TracesOptions {
  /** Of the receiver's traces, such as `http://127.0.0.1:4318/v1/traces`. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Which part of traces is kept, 0 to 1. */
  readonly ratio: number
  /** Beside the service's name. */
  readonly attributes: Readonly<Record<string, string>>
  /** Never to leave, wherever they stand. */
  readonly secrets: ReadonlyArray<Redacted.Redacted>
}

const EXPORT_EVERY = "1 second"
const BATCH_SPANS = 512

/** What comes from outside, or goes to another process to be worked off there. */
const isEntry = (kind: Tracer.SpanKind): boolean => kind === "producer" || kind === "consumer" || kind === "server"

/** The last 8 digits as a share of all there are, as OpenTelemetry's ratio samplers take them. */
const shareOf = (traceId: string): number => Number.parseInt(traceId.slice(-8), 16) / 2 ** 32

const OURS = Symbol.for("arbedge/Traces/span")

export const sampling = (inner: Tracer.Tracer, ratio: number, wallNanos: () => bigint): Tracer.Tracer =>
  Tracer.make({
    ...inner,
    span(options) {
      // What began before this tracer was there is no trace: the program itself.
      const parent = Option.filter(options.parent, (span) => span._tag === "ExternalSpan" || OURS in span)
      const startTime = Option.getOrElse(Context.getOption(options.annotations, BegunAt), wallNanos)
      const begun = { ...options, parent, startTime }
      const made = inner.span(begun)
      const isKept = Option.isSome(parent)
        ? options.sampled
        : options.sampled && isEntry(options.kind) && shareOf(made.traceId) < ratio
      const span = isKept === options.sampled ? made : inner.span({ ...begun, sampled: isKept })
      const end = span.end.bind(span)
      return Object.assign(span, {
        [OURS]: true,
        end: (_: bigint, exit: Parameters<typeof end>[1]) => end(wallNanos(), exit),
      })
    },
  })

export const layer = ({ attributes, headers, ratio, secrets, url }: TracesOptions): Layer.Layer<never> => {
  const tracer = Layer.effect(
    Tracer.Tracer,
    Effect.gen(function* () {
      const clock = yield* Clock.Clock
      const exporting = yield* OtlpTracer.make({
        url,
        headers,
        resource: { serviceName: "arbedge", attributes },
        exportInterval: EXPORT_EVERY,
        maxBatchSize: BATCH_SPANS,
      })
      return sampling(exporting, ratio, () => clock.currentTimeNanosUnsafe())
    }),
  ).pipe(
    Layer.provide(OtlpExporter.layerFlusher),
    Layer.provide(SpanExport.layer(secrets)),
  )
  return Layer.merge(tracer, Layer.succeed(Tracing, true))
}
