/**
 * The DeadLetters port: rows of the queue that failed for good, to be looked at, put back or discarded.
 *
 * In: an operator's question or order. Out: letters, and what became of each. Promises: a letter put back is the same row
 * under the same unique key, and keeps what happened before; its user's queue decides on it anew, so that consent and caps
 * hold; one that has expired is never put back; a discarded one stays as a row and is listed no more.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import { DeliveryChannel } from "../domain/DeliveryChannel.ts"
import { MessageKind, Purpose, QueueItem } from "./OpportunityQueue.ts"
import type { StoreError } from "./Store.ts"

/** One life of a row that was put back. */
export const FormerLife = Schema.Struct({
  /** When it was put back. */
  atMs: Schema.Int,
  attempts: Schema.Int,
  error: Schema.NullOr(Schema.String),
})

export const DeadLetter = Schema.Struct({
  queueId: Schema.Int,
  kind: MessageKind,
  purpose: Purpose,
  opportunityId: Schema.String,
  opportunityType: Schema.NullOr(Schema.String),
  userId: Schema.String,
  chatId: Schema.String,
  channel: DeliveryChannel,
  strategy: QueueItem.fields.strategy,
  priority: QueueItem.fields.priority,
  attempts: Schema.Int,
  error: Schema.NullOr(Schema.String),
  createdAt: Schema.Int,
  expiresAt: Schema.Int,
  failedAt: Schema.Int,
  history: Schema.Array(FormerLife),
})
export type DeadLetter = typeof DeadLetter.Type

/** `expired`: nobody would be served by it. `not_dead`: there is no such letter. */
export const Handled = Schema.Struct({
  queueId: Schema.Int,
  end: Schema.Literals(["requeued", "discarded", "expired", "not_dead"]),
})
export type Handled = typeof Handled.Type

export class DeadLetters extends Context.Service<DeadLetters, {
  /** The newest first; older than `beforeId` where it is given. */
  readonly list: (
    options: { readonly limit: number; readonly beforeId: number | null },
  ) => Effect.Effect<ReadonlyArray<DeadLetter>, StoreError>
  readonly byId: (queueId: number) => Effect.Effect<Option.Option<DeadLetter>, StoreError>
  readonly requeue: (
    queueIds: ReadonlyArray<number>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Handled>, StoreError>
  readonly discard: (
    queueIds: ReadonlyArray<number>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Handled>, StoreError>
}>()("arbedge/DeadLetters") {}
