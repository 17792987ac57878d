/**
 * The MarketOverview port: the market as a whole: its largest assets, its size, volume and dominance.
 *
 * Implementation: `coinmarketcap/`. In: nothing. Out: figures of one moment, with their age. Promises: they are asked for
 * at most once in three minutes, and never beyond the provider's quota; while it does not answer, what it said within
 * the last hour is told as `stale`; what is older is an error, never an empty answer.
 */
import { Context, type Effect, Schema } from "effect"
import type { CreditQuota } from "../domain/CreditQuota.ts"
import type { StoreError } from "./Store.ts"

/** Decimals are text; money is in US dollars; shares and changes are fractions. */
export interface LargeAsset {
  readonly rank: number
  /** Its ticker, which is not unique: `id` is the provider's own. */
  readonly symbol: string
  readonly id: number
  readonly name: string
  readonly price: string
  readonly marketCap: string
  readonly volume24h: string
  /** Null: the provider does not know. */
  readonly change24h: string | null
}

export interface GlobalMetrics {
  readonly marketCap: string
  readonly volume24h: string
  readonly btcDominance: string
  readonly ethDominance: string
}

export interface Overview {
  /** The ten largest by market capitalisation, largest first. */
  readonly largest: ReadonlyArray<LargeAsset>
  readonly metrics: GlobalMetrics
  /** When the provider was asked (ms since the epoch), and how long ago that is. */
  readonly asOf: number
  readonly ageMs: number
  /** It is older than three minutes: a newer one could not be had. */
  readonly stale: boolean
}

/**
 * Worth asking again: `rate_limited`, `over_quota` (both not before `retryAtMs`), `unreachable`, `server_error`,
 * `quota_unknown` (the store that keeps the quota does not answer). Not: `not_configured` (no key), `unauthorized` (the
 * key is refused, or its plan does not include this), `malformed`.
 */
export const MarketOverviewReason = Schema.Literals([
  "not_configured",
  "unauthorized",
  "rate_limited",
  "over_quota",
  "quota_unknown",
  "unreachable",
  "server_error",
  "malformed",
])
export type MarketOverviewReason = typeof MarketOverviewReason.Type

const FINAL: ReadonlySet<MarketOverviewReason> = new Set(["not_configured", "unauthorized", "malformed"])

export class MarketOverviewError extends Schema.TaggedError<MarketOverviewError>()("MarketOverviewError", {
  reason: MarketOverviewReason,
  /** What happened and what to do; never the key. */
  detail: Schema.String,
  /** When it may be asked again (ms since the epoch), where that is known. */
  retryAtMs: Schema.NullOr(Schema.Int),
}) {
  get retryable(): boolean {
    return !FINAL.has(this.reason)
  }

  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }
}

export class MarketOverview extends Context.Service<MarketOverview, {
  readonly now: Effect.Effect<Overview, MarketOverviewError>
  /** What is spent of the provider's credits. */
  readonly quota: Effect.Effect<CreditQuota, StoreError>
}>()("arbedge/MarketOverview") {}
