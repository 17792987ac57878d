/**
 * The RateLimits port: what the limiter must remember over a restart, table `rate_limits`.
 *
 * In: windows of past sends and `retry_after` wake-ups, by key (all chats, one chat, one group). Out: the same.
 * Promises: a wake-up is never shortened by an older save.
 */
import { Context, type Effect, Schema } from "effect"
import type { StoreError } from "./Store.ts"

export const RateLimitState = Schema.Struct({
  /** "all", or "chat:<telegram id>". */
  key: Schema.String,
  /** Times (ms) of the sends still inside the longest window, oldest first. */
  sentAtMs: Schema.Array(Schema.Int),
  /** Telegram asked for silence until then (ms); 0: it did not. */
  blockedUntilMs: Schema.Int,
})
export type RateLimitState = typeof RateLimitState.Type

export class RateLimits extends Context.Service<RateLimits, {
  /** Every key saved since `sinceMs` or still blocked at it. */
  readonly load: (sinceMs: number) => Effect.Effect<ReadonlyArray<RateLimitState>, StoreError>
  /** Writes the keys in one statement; joins the caller's transaction, so that counters and status change together. */
  readonly save: (states: ReadonlyArray<RateLimitState>, nowMs: number) => Effect.Effect<void, StoreError>
  /** Forgets keys neither saved nor blocked since. Out: how many. */
  readonly prune: (sinceMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/RateLimits") {}
