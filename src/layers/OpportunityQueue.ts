/**
 * The OpportunityQueue port: what users are owed, `opportunity_distribution_queue`, one row a message.
 *
 *   pending --claim, markSending--> sending --settle--> sent | failed | cancelled | pending (a later time)
 *   pending --expire--> expired     sending --lease ran out--> unknown --claim, markSending--> sending (once)
 *   sending for the second time with no known end --> failed
 *
 * In: rows to send, and what became of them. Out: leased rows, most urgent first. Promises: one row for each (chat,
 * opportunity, purpose) for ever; a row is leased to one owner at a time; `markSending` is committed before the message
 * leaves, so a crash repeats at most what was in flight, and that once; an expired row is never given out.
 */
import { Context, type Effect, type Option, Schema } from "effect"
import { DeliveryChannel } from "../domain/DeliveryChannel.ts"
import type { Batch } from "../domain/Batching.ts"
import type { Told } from "../domain/Cooldown.ts"
import { Priority } from "../domain/Opportunity.ts"
import { Strategy } from "../domain/Strategy.ts"
import type { TelegramId } from "../domain/User.ts"
import type { Fenced, StoreError } from "./Store.ts"

export const QueueStatus = Schema.Literals([
  "pending",
  "sending",
  "sent",
  "unknown",
  "failed",
  "cancelled",
  "expired",
])
export type QueueStatus = typeof QueueStatus.Type

/** What a row carries: an opportunity, a notice of the product, or a report of figures. All keep the same promises. */
export const MessageKind = Schema.Literals(["opportunity", "notification", "analytics"])
export type MessageKind = typeof MessageKind.Type

/** Why the row exists: tell of an opportunity, or edit what was told, to the given revision. */
export const Purpose = Schema.Union([Schema.Literal("notify"), Schema.TemplateLiteral(["edit:", Schema.Int])])
export type Purpose = typeof Purpose.Type

export const QueueItem = Schema.Struct({
  queueId: Schema.Int,
  kind: MessageKind,
  /** By which its reader was chosen. */
  strategy: Strategy,
  /** Null: it is not about an opportunity. */
  opportunityType: Schema.NullOr(Schema.String),
  /** Of other kinds: what the message is about, the same for a repeat of it. */
  opportunityId: Schema.String,
  userId: Schema.String,
  chatId: Schema.String,
  /** By which it leaves: the first of its user's route until that one fails. Of an edit: the notification's. */
  channel: DeliveryChannel,
  purpose: Purpose,
  priority: Priority,
  status: QueueStatus,
  /** When it is due; null until the user's queue actor has decided. */
  scheduledAt: Schema.NullOr(Schema.Int),
  /** When it was first due, before limits and retries. */
  dueSince: Schema.NullOr(Schema.Int),
  expiresAt: Schema.Int,
  createdAt: Schema.Int,
  /** Messages that have left for this row. */
  attempts: Schema.Int,
  /** Telegram's id of the sent message; of an edit: of the message to edit. Null: not sent yet. */
  messageId: Schema.NullOr(Schema.Int),
  lastError: Schema.NullOr(Schema.String),
  /** Rows of one chat with the same leave as one message; null: by itself. */
  batchId: Schema.NullOr(Schema.Int),
  payload: Schema.Unknown,
  /** Headers of the trace that the row was made in. Null or absent: of none. */
  trace: Schema.optionalKey(Schema.NullOr(Schema.Record(Schema.String, Schema.String))),
})
export type QueueItem = typeof QueueItem.Type

export interface NewQueueItem {
  /** An opportunity where it is left out. */
  readonly kind?: MessageKind
  /** `broadcast` where it is left out. */
  readonly strategy?: Strategy
  readonly opportunityId: string
  readonly userId: string
  readonly chatId: TelegramId
  readonly purpose: Purpose
  readonly priority: Priority
  /** Null: not claimed before its user's queue (UserSchedule) gives it a time. */
  readonly scheduledAt: number | null
  readonly expiresAt: number
  /** Anything JSON can hold. */
  readonly payload: unknown
}

/** What became of a message in flight. `Unknown`: no answer came; it goes out once more, if not expired, never thrice. */
export type Settlement =
  | {
    readonly _tag: "Sent"
    readonly messageId: number
    /** The message says that it is over, so long after it was found. Left out or null: it does not. */
    readonly toldAfterMs?: number | null
  }
  | { readonly _tag: "Failed"; readonly error: string }
  | { readonly _tag: "Unknown"; readonly error: string }
  /** `channel`: by another one. */
  | {
    readonly _tag: "Reschedule"
    readonly dueAtMs: number
    readonly error: string
    readonly channel?: DeliveryChannel
  }
  | { readonly _tag: "Cancelled"; readonly error: string }

/** A place in the order of claims: a row's rank of priority, time and id. */
export interface Place {
  readonly rank: number
  readonly atMs: number
  readonly queueId: number
}

export interface Reclaimed {
  /** Leases given back before anything left. */
  readonly pending: number
  /** Messages whose end nobody knows, to be sent once more. */
  readonly unknown: number
  /** Messages whose second end nobody knows either. */
  readonly failed: number
}

/** A message that is in a chat. */
export interface SentMessage {
  readonly chatId: TelegramId
  readonly messageId: number
}

/** Of what a message told. */
export interface ToldOpportunity {
  readonly opportunityId: string
  /** It said that it was over, so long after it was found; null: it did not. */
  readonly toldAfterMs: number | null
}

/** What a row is about to tell its user. */
export interface Telling {
  readonly fingerprint: string
  readonly netProfit: number | null
  /** The same fingerprint by another row, sent or scheduled; null: not since then. */
  readonly told: Told | null
}

export class OpportunityQueue extends Context.Service<OpportunityQueue, {
  /**
   * Inserts what is new in one statement and tells the channel `queue`. A row that exists is left alone; a newer edit
   * takes the place of older ones not yet claimed, an older edit than what is queued or sent is dropped. Out: the rows
   * inserted. Joins the caller's transaction.
   */
  readonly enqueue: (
    items: ReadonlyArray<NewQueueItem>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Pick<QueueItem, "queueId" | "chatId" | "userId" | "purpose">>, StoreError>
  /** These users' rows without a time, each user's most urgent first, `limit` a user: what is decided on. */
  readonly undecided: (
    userIds: ReadonlyArray<string>,
    limit: number,
  ) => Effect.Effect<ReadonlyArray<QueueItem>, StoreError>
  /** Users who have such rows: whom to wake after a restart. */
  readonly undecidedUsers: Effect.Effect<ReadonlyArray<string>, StoreError>
  /**
   * Leases due rows: by priority, then time. Rows leased to others are skipped; an edit waits until the notification's
   * end is known and is passed over once a newer edit exists. An edit without `messageId` has nothing to edit: cancel it.
   */
  readonly claim: (options: {
    readonly owner: string
    readonly limit: number
    readonly nowMs: number
    readonly leaseMs: number
    /** Only rows behind these places, one a priority: the others are passed over. */
    readonly after?: ReadonlyArray<Place>
  }) => Effect.Effect<ReadonlyArray<QueueItem>, StoreError>
  /** Leases what else of these batches is due and free, so that they leave together. Out: those rows alone. */
  readonly claimMates: (options: {
    readonly owner: string
    readonly batchIds: ReadonlyArray<number>
    readonly nowMs: number
    readonly leaseMs: number
  }) => Effect.Effect<ReadonlyArray<QueueItem>, StoreError>
  /** Commits that these messages are about to leave. Out: the ids that may; the others are no longer the owner's. */
  readonly markSending: (options: {
    readonly owner: string
    readonly queueIds: ReadonlyArray<number>
    readonly nowMs: number
    readonly leaseMs: number
  }) => Effect.Effect<ReadonlyArray<number>, StoreError>
  /**
   * Makes leases of the owner that still hold last longer: until `claimMs` from now for what is claimed, `sendingMs` for
   * what is being sent. Out: the ids that are still the owner's.
   */
  readonly prolong: (options: {
    readonly owner: string
    readonly queueIds: ReadonlyArray<number>
    readonly nowMs: number
    readonly claimMs: number
    readonly sendingMs: number
  }) => Effect.Effect<ReadonlyArray<number>, StoreError>
  /** Gives leases back untouched, due at `dueAtMs` (the limiter says wait). Rows no longer the owner's are left alone. */
  readonly release: (options: {
    readonly owner: string
    readonly queueIds: ReadonlyArray<number>
    readonly dueAtMs: number
  }) => Effect.Effect<void, StoreError>
  /**
   * Records the ends of sends, in one statement. Out: what each row is now; a row that is left out is no longer the
   * owner's: the lease was lost and another took it. A late `Sent` for a row that waits as `unknown` still counts: the
   * message is there.
   */
  readonly settleAll: (options: {
    readonly owner: string
    readonly ends: ReadonlyArray<{ readonly queueId: number; readonly settlement: Settlement }>
    readonly nowMs: number
  }) => Effect.Effect<ReadonlyMap<number, QueueStatus>, StoreError>
  /** The same for one. `Fenced`: it is no longer the owner's. */
  readonly settle: (options: {
    readonly owner: string
    readonly queueId: number
    readonly settlement: Settlement
    readonly nowMs: number
  }) => Effect.Effect<QueueStatus, StoreError | Fenced>
  /** Takes back leases that ran out: each of rows being sent; of others those among the most urgent 1,000, the rest being claimed in their turn. */
  readonly reclaim: (nowMs: number) => Effect.Effect<Reclaimed, StoreError>
  /** Marks waiting rows past their expiry. Out: how many. */
  readonly expire: (nowMs: number) => Effect.Effect<number, StoreError>
  /** Stops everything that waits for a chat (logout, push off, blocked). Out: how many. */
  readonly cancelChat: (chatId: TelegramId, why: string, nowMs: number) => Effect.Effect<number, StoreError>
  /** How many rows stand in each status; every status is present. */
  readonly counts: Effect.Effect<Readonly<Record<QueueStatus, number>>, StoreError>
  /** When `claim` will next find a row (now or earlier: it would now); none: nothing waits. */
  readonly nextDueAt: (nowMs: number) => Effect.Effect<Option.Option<number>, StoreError>
  /**
   * By user, in order: times (ms) from `sinceMs` on at which notifications count against the user's caps: when they were
   * sent, or are scheduled to be.
   */
  readonly spentSince: (
    userIds: ReadonlyArray<string>,
    sinceMs: number,
  ) => Effect.Effect<ReadonlyMap<string, ReadonlyArray<number>>, StoreError>
  /** By user: batches that still wait, with how many rows each holds. */
  readonly waitingBatches: (
    userIds: ReadonlyArray<string>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyMap<string, ReadonlyArray<Batch>>, StoreError>
  /** By row that tells of an opportunity: what it tells, and when its user was last told of the same by another row. */
  readonly tellings: (
    queueIds: ReadonlyArray<number>,
    sinceMs: number,
  ) => Effect.Effect<ReadonlyMap<number, Telling>, StoreError>
  /** What each of these messages told of, in its order, and whether it said at once that it was over. */
  readonly toldBy: (
    messages: ReadonlyArray<SentMessage>,
  ) => Effect.Effect<ReadonlyArray<ReadonlyArray<ToldOpportunity>>, StoreError>
  /** The message that told the chat of an opportunity. */
  readonly messageIdOf: (
    chatId: TelegramId,
    opportunityId: string,
  ) => Effect.Effect<Option.Option<number>, StoreError>
  /**
   * Everyone who was told of an opportunity, or is still to be: whom its close concerns; and what they are told. Who has
   * dismissed it is left alone.
   */
  readonly toldOf: (opportunityId: string) => Effect.Effect<
    ReadonlyArray<{
      readonly userId: string
      readonly chatId: TelegramId
      readonly payload: unknown
      /** When its message was sent or last edited; null: it has not left. */
      readonly touchedAt: number | null
    }>,
    StoreError
  >
}>()("arbedge/OpportunityQueue") {}
