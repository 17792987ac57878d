/**
 * What a market-data feed tells its owner, live or simulated.
 *
 * In: a venue's frames. Out: ticks in arrival order, and beside them what went wrong. Promises: every frame received
 * ends as ticks, a heartbeat or one `Bad`; `gap` ticks stand in `Ticks` at the very place where continuity broke.
 */
import { Schema } from "effect"
import { BadTickReason, Gap, type Tick } from "./Tick.ts"

export const FeedKind = Schema.Literals(["quote", "book", "trade", "funding"])
export type FeedKind = typeof FeedKind.Type

/** What to subscribe on one venue. */
export interface FeedRequest {
  readonly venue: string
  readonly instruments: ReadonlyArray<string>
  readonly kinds: ReadonlyArray<FeedKind>
  /** Levels of a book at most. */
  readonly depth: number
}

/** `released`: this process no longer owns the venue's feed; another may. */
export type FeedState = "connecting" | "connected" | "disconnected" | "resynchronising" | "released"

/** A market event that was refused, as it lies in quarantine. */
export const Refused = Schema.Struct({
  v: Gap.fields.v,
  venue: Schema.String,
  instrument: Schema.NullOr(Schema.String),
  reason: BadTickReason,
  detail: Schema.String,
  raw: Schema.String.annotate({ description: "The first 2,000 characters of what was received" }),
  ingestTime: Gap.fields.ingestTime,
})
export type Refused = typeof Refused.Type

export type FeedEvent =
  | { readonly _tag: "Ticks"; readonly ticks: ReadonlyArray<Tick> }
  | { readonly _tag: "Bad" } & Omit<Refused, "v">
  /** Estimated venue clock minus ours, ms: the running minimum of receive time minus event time, negated. */
  | { readonly _tag: "ClockOffset"; readonly venue: string; readonly offsetMs: number; readonly ingestTime: number }
  | {
    readonly _tag: "State"
    readonly venue: string
    readonly state: FeedState
    readonly detail: string
    readonly ingestTime: number
  }

/** What a venue says of one of its markets; null is unknown. Sizes in base units, or contracts on derivatives. */
export interface MarketInfo {
  readonly venue: string
  readonly instrument: string
  readonly contractSize: string | null
  readonly amountStep: string | null
  readonly minAmount: string | null
  readonly minNotional: string | null
}
