/**
 * The TelegramUpdates port: updates received and not yet handled, table `telegram_updates`.
 *
 * In: updates as Telegram sent them. Out: each once. Promises: an update id is new once for ever, so that a repeated
 * webhook or poll is recognised; what was received and not handled when the process died is still there.
 */
import { Context, type Effect, Schema } from "effect"
import type { StoreError } from "./Store.ts"

export const ReceivedUpdate = Schema.Struct({
  updateId: Schema.Int,
  /** The update's JSON. */
  payload: Schema.Unknown,
  receivedAt: Schema.Int,
})
export type ReceivedUpdate = typeof ReceivedUpdate.Type

export class TelegramUpdates extends Context.Service<TelegramUpdates, {
  /** True if it is new; false if it was received before. */
  readonly insertIfNew: (update: ReceivedUpdate) => Effect.Effect<boolean, StoreError>
  /** Its payload is forgotten: only that it was there is remembered. */
  readonly markHandled: (updateId: number, nowMs: number) => Effect.Effect<void, StoreError>
  /** The oldest updates not handled, in order of their ids, those of `except` left out. */
  readonly unhandled: (
    limit: number,
    except?: ReadonlyArray<number>,
  ) => Effect.Effect<ReadonlyArray<ReceivedUpdate>, StoreError>
  /** Forgets updates handled before the instant. Out: how many. */
  readonly prune: (handledBeforeMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/TelegramUpdates") {}
