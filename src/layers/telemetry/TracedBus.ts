/**
 * A Bus whose durable messages carry the trace they belong to.
 *
 * In: any Bus. Out: the same, with `traceparent` (and `tracestate`) in the headers of what is published durably within a
 * sampled span. Promises: headers a caller set stay; live messages carry none, since nobody owes them an answer; outside
 * a sampled span a message leaves as it came.
 */
import { Effect, Layer, Option } from "effect"
import { Bus, type OutgoingMessage } from "../Bus.ts"
import { currentTrace } from "../Tracing.ts"

const traced = <A, E>(
  messages: ReadonlyArray<OutgoingMessage>,
  publish: (messages: ReadonlyArray<OutgoingMessage>) => Effect.Effect<A, E>,
): Effect.Effect<A, E> =>
  Effect.flatMap(currentTrace, (trace) =>
    publish(
      Option.match(trace, {
        onNone: () => messages,
        onSome: (headers) => messages.map((message) => ({ ...message, headers: { ...headers, ...message.headers } })),
      }),
    ))

/** Over the Bus that is there. */
export const layer: Layer.Layer<Bus, never, Bus> = Layer.effect(
  Bus,
  Effect.map(Bus, (bus) => ({
    ...bus,
    publish: (message) => traced([message], ([one = message]) => bus.publish(one)),
    publishAll: (messages) => traced(messages, bus.publishAll),
  })),
)
