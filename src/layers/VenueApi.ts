/**
 * The VenueApi port: what a venue's public REST API says of one market, asked once.
 *
 * Implementations: `ccxt/CcxtVenueApi.ts` (real venues), and `absent` where there is nothing to ask. In: a query. Out:
 * ticks, checked like those of the feeds. Promises: public endpoints only, no key of anybody; an answer is never empty;
 * nothing is tried twice.
 */
import { Context, Effect, Layer, Schema } from "effect"
import type { VenueQuery } from "../domain/MarketQuery.ts"
import type { Tick } from "../domain/Tick.ts"

/**
 * Worth asking again: `unreachable`, `rate_limited`. Not: `unknown_venue`,
 * `unknown_instrument`, `unsupported` (the venue has no such thing), `malformed`, `absent` (there is no API).
 */
export const VenueApiReason = Schema.Literals([
  "unreachable",
  "rate_limited",
  "unknown_venue",
  "unknown_instrument",
  "unsupported",
  "malformed",
  "absent",
])
export type VenueApiReason = typeof VenueApiReason.Type

export class VenueApiError extends Schema.TaggedError<VenueApiError>()("VenueApiError", {
  reason: VenueApiReason,
  venue: Schema.String,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "unreachable" || this.reason === "rate_limited"
  }

  override get message(): string {
    return `${this.venue}: ${this.reason} (${this.detail})`
  }
}

export class VenueApi extends Context.Service<VenueApi, {
  readonly fetch: (query: VenueQuery) => Effect.Effect<readonly [Tick, ...ReadonlyArray<Tick>], VenueApiError>
}>()("arbedge/VenueApi") {
  /** There is no API; `why` is told to whoever asks. */
  static readonly absent = (why: string): Layer.Layer<VenueApi> =>
    Layer.succeed(VenueApi, {
      fetch: ({ venue }) => Effect.fail(new VenueApiError({ reason: "absent", venue, detail: why })),
    })
}
