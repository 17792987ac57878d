/**
 * The Tracing port: whether this process keeps traces, and in which one we are.
 *
 * In: nothing. Out: headers that carry the current span on, to a message or a row. Promises: none where nothing is kept
 * or this trace was not chosen: a process without tracing writes and pays nothing. Default: off.
 */
import { Context, Effect, Option } from "effect"
import { type Carrier, headersOf } from "../domain/TraceContext.ts"

export const Tracing = Context.Reference<boolean>("arbedge/Tracing", { defaultValue: () => false })

/** Of the span this runs in. */
export const currentTrace: Effect.Effect<Option.Option<Carrier>> = Effect.gen(function* () {
  if (!(yield* Tracing)) return Option.none()
  const span = yield* Effect.option(Effect.currentParentSpan)
  return Option.flatMap(span, headersOf)
})
