/**
 * What a market-data feed tells its owner, live or simulated.
 *
 * In: a venue's frames. Out: ticks in arrival order, and beside them what went wrong. Promises: every frame received
 * ends as ticks, a heartbeat or one `Bad`; `gap` ticks stand in `Ticks` at the very place where continuity broke.
 */
import { Schema } from "effect"
import type { BadTickReason, Tick } from "./Tick.ts"

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

export type FeedState = "connecting" | "connected" | "disconnected" | "resynchronising"

export type FeedEvent =
  | { readonly _tag: "Ticks"; readonly ticks: ReadonlyArray<Tick> }
  | {
    readonly _tag: "Bad"
    readonly venue: string
    readonly instrument: string | null
    readonly reason: BadTickReason
    readonly detail: string
    /** The first 2,000 characters of what was received. */
    readonly raw: string
    readonly ingestTime: number
  }
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
