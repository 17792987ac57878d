/**
 * TraceContext: which trace something belongs to, as it stands in headers (W3C Trace Context).
 *
 * In: a span, or the headers of a message or a queue row. Out: `traceparent` (and `tracestate`, handed on as it came), or
 * the span they name. Promises: only sampled spans are written; what is malformed names no span; a message without
 * headers of a trace costs a look-up.
 */
import { Context, Effect, Option, Tracer } from "effect"
import { Headers, HttpTraceContext } from "effect/http"

const PARENT = "traceparent"
const STATE = "tracestate"
/** W3C: vendors must take 512 characters; longer ones may be left out whole. */
const STATE_LENGTH = 512

export type Carrier = Readonly<Record<string, string>>

/** What another system's tracer wants handed on; it came with the span and means nothing to us. */
class TraceState extends Context.Service<TraceState, string>()("arbedge/TraceState") {}

const stateOf = (span: Tracer.AnySpan): Option.Option<string> => {
  for (let at = Option.some(span); Option.isSome(at);) {
    const { value } = at
    if (value._tag === "ExternalSpan") return Context.getOption(value.annotations, TraceState)
    at = value.parent
  }
  return Option.none()
}

/** None: nobody keeps this span, so nobody need know of it. */
export const headersOf = (span: Tracer.AnySpan): Option.Option<Carrier> => {
  if (!span.sampled) return Option.none()
  const parent = { [PARENT]: `00-${span.traceId.padStart(32, "0")}-${span.spanId}-01` }
  return Option.some(Option.match(stateOf(span), {
    onNone: () => parent,
    onSome: (state) => ({ ...parent, [STATE]: state }),
  }))
}

export const spanIn = (carrier: Carrier): Option.Option<Tracer.ExternalSpan> => {
  if (carrier[PARENT] === undefined) return Option.none()
  const state = carrier[STATE] ?? ""
  return Option.map(
    HttpTraceContext.w3c(Headers.fromRecordUnsafe({ [PARENT]: carrier[PARENT] })),
    (span) =>
      state === "" || state.length > STATE_LENGTH
        ? span
        : Tracer.externalSpan({ ...span, annotations: Context.add(span.annotations, TraceState, state) }),
  )
}

/** Of a span whose work began before anybody knew that it is worth one: wall time, ns since the epoch. */
export class BegunAt extends Context.Service<BegunAt, bigint>()("arbedge/BegunAt") {}

export interface Continuing {
  /** Other messages or rows that it serves: their spans are linked. */
  readonly others?: ReadonlyArray<Carrier>
  readonly begunAt?: bigint
}

/** Runs as a span of the trace that a message or row belongs to; without one, as a span of what it runs in. */
export const continuing = (
  carrier: Carrier,
  name: string,
  attributes: Readonly<Record<string, string | number>>,
  { begunAt, others = [] }: Continuing = {},
) =>
<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Tracer.ParentSpan>> =>
  Effect.withSpan(effect, name, {
    attributes,
    annotations: begunAt === undefined ? Context.empty() : Context.make(BegunAt, begunAt),
    captureStackTrace: false,
    links: others.flatMap((other) => Option.toArray(spanIn(other))).map((span) => ({ span, attributes: {} })),
    ...Option.match(spanIn(carrier), {
      onNone: () => ({}),
      onSome: (parent) => ({ parent, kind: "consumer" as const }),
    }),
  })
