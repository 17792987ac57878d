/**
 * The Receipts port: what became of each message, table `distribution_analytics`.
 *
 * In: deliveries, and what readers did with them. Out: receipts. Promises: one row for each (user, opportunity, way it
 * was told); the first time of a thing stands, so a double tap, a repeated link or a second delivery changes nothing; a
 * row's engagement score is always `domain/Engagement.ts`'s of the rest of it. Receipts are inferred: nobody tells when
 * a message was read.
 */
import { Context, type Effect } from "effect"
import type { DistributionType, Feedback, Receipt } from "../domain/Engagement.ts"
import type { StoreError } from "./Store.ts"

/** What a reader may do with a message; each also opens it. */
export type ReceiptEvent = "opened" | "clicked" | "converted" | "dismissed" | "muted"

export interface Delivered {
  readonly userId: string
  readonly opportunityId: string
  readonly distributionType: DistributionType
}

/** Who did something, with what: where they were told in more than one way, it counts for the newest of them. */
export interface Reader {
  readonly userId: string
  readonly opportunityId: string
  readonly inGroup: boolean
}

export interface EngagementCounts {
  readonly delivered: number
  readonly opened: number
  readonly clicked: number
  readonly converted: number
  readonly dismissed: number
  readonly muted: number
  readonly useful: number
  readonly notUseful: number
  readonly tooLate: number
}

export class Receipts extends Context.Service<Receipts, {
  /** Joins the caller's transaction. */
  readonly delivered: (messages: ReadonlyArray<Delivered>, nowMs: number) => Effect.Effect<void, StoreError>
  /** Out: true if it is news. */
  readonly record: (reader: Reader, event: ReceiptEvent, nowMs: number) => Effect.Effect<boolean, StoreError>
  /** The last word counts. Out: true if it is another than before. */
  readonly feedback: (reader: Reader, said: Feedback, nowMs: number) => Effect.Effect<boolean, StoreError>
  /** A user's receipts delivered from then on, newest first. */
  readonly since: (userId: string, sinceMs: number, limit: number) => Effect.Effect<ReadonlyArray<Receipt>, StoreError>
  /** Over all users, or one. */
  readonly counts: (userId: string | null, sinceMs: number) => Effect.Effect<EngagementCounts, StoreError>
}>()("arbedge/Receipts") {}
