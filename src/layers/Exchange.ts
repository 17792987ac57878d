/**
 * The Exchange port: live market data of one venue, as a stream of feed events.
 *
 * Implementations: `ccxt/` (real venues) and the market simulator (wired by programs). In: which instruments and
 * kinds. Out: batches of `FeedEvent` in arrival order. Promises: the stream reconnects by itself for ever, with capped
 * and jittered back-off, and fails only for what no retry can mend; one venue's stream never touches another's.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { FeedEvent, FeedRequest, MarketInfo } from "../domain/Feed.ts"

/** `unreachable` and `rate_limited` are worth retrying; `unknown_venue`, `unknown_instrument`, `unsupported` are not. */
export const ExchangeReason = Schema.Literals([
  "unreachable",
  "rate_limited",
  "unknown_venue",
  "unknown_instrument",
  "unsupported",
])

export class ExchangeError extends Schema.TaggedError<ExchangeError>()("ExchangeError", {
  reason: ExchangeReason,
  venue: Schema.String,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "unreachable" || this.reason === "rate_limited"
  }

  override get message(): string {
    return `${this.venue}: ${this.reason}: ${this.detail}`
  }
}

export class Exchange extends Context.Service<Exchange, {
  /** Shown wherever its data is shown: simulated data is never taken for real. */
  readonly simulated: boolean
  readonly venues: ReadonlyArray<string>
  readonly markets: (venue: string) => Effect.Effect<ReadonlyArray<MarketInfo>, ExchangeError>
  readonly feed: (request: FeedRequest) => Stream.Stream<ReadonlyArray<FeedEvent>, ExchangeError>
}>()("arbedge/Exchange") {}
