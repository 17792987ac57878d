/**
 * Detector: what every kind of detection is to the stage that feeds it.
 *
 * In: slots and what happened to them, in stream order. Out: candidates. Promises, of each implementation: pure and
 * incremental (a changed book computes only what it touches); no clock but the ticks' ingest time; `snapshot` and
 * `restore` carry all that is not rebuilt from the slots; a route spoken of is spoken of on every check until released.
 */
import type { Schema } from "effect"
import type { Suspicion } from "../../domain/AssetIdentity.ts"
import type { DetectorName } from "../../domain/DetectConfig.ts"
import type { Decimal } from "../../domain/Decimal.ts"
import type { RejectionReason } from "../../domain/Opportunity.ts"
import type { TickOf } from "../../domain/Tick.ts"
import type { Candidate } from "./Candidate.ts"
import type { Slot, SlotNote } from "./Slot.ts"

type Own<K extends "trade" | "funding" | "candle"> = Omit<
  TickOf<K>,
  "v" | "venue" | "instrument" | "venueTime" | "ingestTime" | "kind"
>
export type BookTrigger = "quote" | "book" | "gap"
export type TradeEvent = Omit<Own<"trade">, "tradeId">
export type FundingEvent = Own<"funding">
export type CandleEvent = Own<"candle">

/** What a plan once told would bring now, at the same size. */
export interface Revaluation {
  readonly netBps: Decimal
  readonly netProfit: Decimal | null
}

/** Of every event: `at` its ingest time (ms), `ordinal` which it was among equals (same slot, kind and time). */
export interface Detector {
  readonly name: DetectorName
  /** Checks made, and checks turned down by reason. */
  readonly checks: number
  readonly rejected: ReadonlyMap<RejectionReason, number>
  /** An instrument takes part from now on. Out: what the operator must know of that. */
  readonly add: (slot: Slot) => SlotNote | void
  /** A slot's book changed, or broke. */
  readonly book: (slot: Slot, kind: BookTrigger, at: number, ordinal: number, out: Array<Candidate>) => void
  readonly trade?: (slot: Slot, event: TradeEvent, at: number, ordinal: number, out: Array<Candidate>) => void
  readonly funding?: (slot: Slot, event: FundingEvent, at: number, ordinal: number, out: Array<Candidate>) => void
  readonly candle?: (slot: Slot, event: CandleEvent, at: number, ordinal: number, out: Array<Candidate>) => void
  /** Dedup has closed this route: silence until it is above the threshold again. */
  readonly release: (fingerprint: string) => void
  /** Dedup holds this route open (restored from a checkpoint). */
  readonly watch: (fingerprint: string) => void
  /** The route at `size` units and the books of now; the reason where it cannot be had, null for a route unknown here. */
  readonly revalue: (fingerprint: string, size: Decimal, atMs: number) => Revaluation | RejectionReason | null
  /** Doubts about identities since the last call. */
  readonly takeSuspicions?: () => ReadonlyArray<Suspicion>
  /** Whether its indicators confirm a direction; null: they are not known now. */
  readonly confirms?: (venue: string, instrument: string, direction: "buy" | "sell", atMs: number) => boolean | null
  /** JSON that `restore` understands, after every slot was added again; null: nothing but the slots matters. */
  readonly snapshot: () => Schema.Json | null
  readonly restore: (state: unknown) => void
}
