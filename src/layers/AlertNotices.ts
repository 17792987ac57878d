/**
 * The AlertNotices port: messages owed for alerts that fired, `price_alert_notices`.
 *
 *   pending --claim--> leased --markSending--> sending --settle--> sent | failed | cancelled | pending (a later time)
 *   sending, and nobody knows the end, or the lease ran out --> pending, the second time failed
 *
 * In: notices to send and what became of them. Out: leased notices, oldest first. Promises: one is leased to one owner
 * at a time; `markSending` is committed before the message leaves, so that a crash repeats at most what was in flight,
 * once; nothing is given out after it expired.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import { Direction } from "../domain/PriceAlert.ts"
import type { StoreError } from "./Store.ts"

export const AlertNotice = Schema.Struct({
  noticeId: Schema.Int,
  alertId: Schema.Int,
  userId: Schema.String,
  chatId: Schema.String,
  venue: Schema.NullOr(Schema.String),
  instrument: Schema.String,
  direction: Direction,
  threshold: Schema.String,
  /** What crossed it. */
  price: Schema.String,
  venues: Schema.Int,
  simulated: Schema.Boolean,
  repeats: Schema.Boolean,
  firedAt: Schema.Int,
  expiresAt: Schema.Int,
  attempts: Schema.Int,
})
export type AlertNotice = typeof AlertNotice.Type

export type NoticeEnd =
  | { readonly _tag: "Sent"; readonly messageId: number }
  | { readonly _tag: "Failed" | "Cancelled"; readonly error: string }
  | { readonly _tag: "Later" | "Unknown"; readonly dueAtMs: number; readonly error: string }

export class AlertNotices extends Context.Service<AlertNotices, {
  /** Leases what is due. */
  readonly claim: (options: {
    readonly owner: string
    readonly limit: number
    readonly nowMs: number
    readonly leaseMs: number
  }) => Effect.Effect<ReadonlyArray<AlertNotice>, StoreError>
  /** Commits that it is about to leave. False: it may not: it is another's, or was cancelled. */
  readonly markSending: (options: {
    readonly owner: string
    readonly noticeId: number
    readonly nowMs: number
    readonly leaseMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** What became of it, before or after it left. False: it is no longer the owner's. */
  readonly settle: (options: {
    readonly owner: string
    readonly noticeId: number
    readonly end: NoticeEnd
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** Takes back leases that ran out and ends what expired. */
  readonly sweep: (nowMs: number) => Effect.Effect<void, StoreError>
  /** When `claim` will next find one; none: nothing waits. */
  readonly nextDueAt: (nowMs: number) => Effect.Effect<Option.Option<number>, StoreError>
}>()("arbedge/AlertNotices") {}
