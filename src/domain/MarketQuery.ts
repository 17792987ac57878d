/**
 * What can be asked about a market, what an answer says of itself, and why a source has none.
 *
 * In: a kind, a venue, an instrument. Out: queries, answers in ticks, the keys under which they are cached. Promises: an
 * answer always has ticks, and always says where they came from and how old they are.
 */
import { Option, Schema } from "effect"
import type { DataSource } from "./Frame.ts"
import * as Instrument from "./Instrument.ts"
import type { Tick, TickKind } from "./Tick.ts"

/** What a market has one newest value of. A book is the best levels, as a snapshot. */
export type LatestKind = "quote" | "ticker" | "book" | "funding"
export const LATEST_KINDS: ReadonlyArray<LatestKind> = ["quote", "ticker", "book", "funding"]

interface OfMarket {
  readonly venue: Instrument.VenueId
  readonly instrument: string
  /** Nothing older is wanted; without it, nothing older than its kind allows. */
  readonly maxAgeMs?: number
}

export interface LatestQuery extends OfMarket {
  readonly kind: LatestKind
}

/** The newest closed candles, oldest first; at most `MAX_CANDLES`. */
export interface CandleQuery extends OfMarket {
  readonly kind: "candle"
  readonly intervalMs: number
  readonly limit: number
}
export const MAX_CANDLES = 300

/** Every tick kept of that span: ingest time, `fromMs` included, `toMs` not. */
export interface HistoryQuery {
  readonly kind: "history"
  readonly venue: Instrument.VenueId
  readonly instrument: string
  readonly fromMs: number
  readonly toMs: number
}

/** What a venue can be asked; history it has none of in our form. */
export type VenueQuery = LatestQuery | CandleQuery
export type MarketQuery = VenueQuery | HistoryQuery

/** The ticks that answer a query. */
export type TickFor<Q extends MarketQuery> = Extract<
  Tick,
  { readonly kind: Q["kind"] extends "history" ? TickKind : Q["kind"] }
>

export const answers = <Q extends MarketQuery>(query: Q) => (tick: Tick): tick is TickFor<Q> =>
  query.kind === "history" || tick.kind === query.kind

export const MarketSource = Schema.Literals(["stream", "cache", "api", "archive"])
export type MarketSource = typeof MarketSource.Type

export interface MarketAnswer<T extends Tick = Tick> {
  readonly source: MarketSource
  readonly data: DataSource
  /** When its source last said that it holds (ms since the epoch); `ageMs` is the time since then. */
  readonly asOf: number
  readonly ageMs: number
  /** Past its best: served at once, while a newer one is fetched in the background. */
  readonly stale: boolean
  readonly ticks: readonly [T, ...ReadonlyArray<T>]
}

/**
 * Why a source has no answer. Worth asking again soon: `nothing_known`, `too_old`, `timeout`, `unreachable`,
 * `rate_limited`, `breaker_open`, `busy`. Not: the others.
 */
export const SourceReason = Schema.Literals([
  "nothing_known",
  "too_old",
  "timeout",
  "unreachable",
  "rate_limited",
  "breaker_open",
  "busy",
  "unknown_venue",
  "unknown_instrument",
  "unsupported",
  "malformed",
  "absent",
])
export type SourceReason = typeof SourceReason.Type

const SOON: ReadonlySet<SourceReason> = new Set([
  "nothing_known",
  "too_old",
  "timeout",
  "unreachable",
  "rate_limited",
  "breaker_open",
  "busy",
])
export const isWorthRetrying = (reason: SourceReason): boolean => SOON.has(reason)

export const SourceFailure = Schema.Struct({ source: MarketSource, reason: SourceReason, detail: Schema.String })
export type SourceFailure = typeof SourceFailure.Type

/**
 * Where an answer is cached: `<venue>.<market>.<base>-<quote>` is the quote; other kinds have one more part (`.ticker`,
 * `.book`, `.funding`, `.candle-60000`). None for a name that is not canonical.
 */
export const keyOf = (query: VenueQuery): Option.Option<string> =>
  Option.map(Instrument.parse(query.instrument), (instrument) => {
    const { marketToken, pairToken, token } = Instrument
    const place = `${token(query.venue)}.${marketToken(instrument)}.${pairToken(instrument)}`
    if (query.kind === "quote") return place
    return query.kind === "candle" ? `${place}.candle-${query.intervalMs}` : `${place}.${query.kind}`
  })
