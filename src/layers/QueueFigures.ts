/**
 * The QueueFigures port: how the queue is doing, by kind, strategy, type and channel.
 *
 * In: a span of time. Out: one row for each combination there is. Promises: what nobody knows is null, never 0: a success
 * rate without an end, a wait without a send. Waits reach from when a row could first have been sent to its first
 * request; processing is the last request's time.
 */
import { Context, type Effect, Schema } from "effect"
import { DeliveryChannel } from "../domain/DeliveryChannel.ts"
import { MessageKind, QueueItem } from "./OpportunityQueue.ts"
import type { StoreError } from "./Store.ts"

const Percentiles = Schema.Struct({
  p50: Schema.NullOr(Schema.Finite),
  p95: Schema.NullOr(Schema.Finite),
  p99: Schema.NullOr(Schema.Finite),
})

export const QueueFigure = Schema.Struct({
  kind: MessageKind,
  strategy: QueueItem.fields.strategy,
  /** Null: not about an opportunity. */
  type: Schema.NullOr(Schema.String),
  channel: DeliveryChannel,
  /** Rows that wait or are being sent, now. */
  depth: Schema.Int,
  /** Of those, since when the oldest could have been sent, or has been waiting for a decision; null: there is none. */
  oldestAgeMs: Schema.NullOr(Schema.Int),
  /** In the span, by their end. */
  sent: Schema.Int,
  failed: Schema.Int,
  expired: Schema.Int,
  /** Sent of those sent or failed in the span. */
  successRate: Schema.NullOr(Schema.Finite),
  waitMs: Percentiles,
  processingMs: Percentiles,
  /** All that are listed, however old. */
  deadLetters: Schema.Int,
})
export type QueueFigure = typeof QueueFigure.Type

export class QueueFigures extends Context.Service<QueueFigures, {
  readonly since: (sinceMs: number, nowMs: number) => Effect.Effect<ReadonlyArray<QueueFigure>, StoreError>
}>()("arbedge/QueueFigures") {}
