/**
 * What the running service can be asked by RPC, and what it answers.
 *
 * In: calls over HTTP POST at `PATH`, as NDJSON, with the bearer token of `service.json`. Out: values of the schemas
 * below. Promises: both ends use this file; nothing secret is in an answer; a dependency that is down leaves its figures
 * null and says so in `trouble`, it never makes a call fail.
 */
import { Schema } from "effect"
import { Rpc, RpcGroup } from "effect/rpc"
import { Verification } from "../../domain/AuditEntry.ts"
import { ListedSession, ListedUser, UserFilter } from "../../domain/Directory.ts"
import { Grouping, ScorecardRow } from "../../domain/Scorecard.ts"
import { DeadLetter, Handled } from "../../layers/DeadLetters.ts"
import { QueueStatus } from "../../layers/OpportunityQueue.ts"
import { QueueFigure } from "../../layers/QueueFigures.ts"
import { SealedCursor } from "../../layers/SealedRecords.ts"
import { MasterKeyState, RotationBatch } from "../../programs/KeyRotation.ts"
import { Change, Unchanged } from "../../programs/Administration.ts"
import { PartitionState } from "../../programs/Partitions.ts"
import { Explained } from "../../programs/TrackRecords.ts"
import { UnknownSubject, UserTrace } from "../../programs/UserTraces.ts"
import { MarketSource, SourceReason } from "../../domain/MarketQuery.ts"
import { Role } from "../../streams/Pipeline.ts"

export const PATH = "/rpc/v1"

/** One source of market data, `api` for each venue; latencies over the last 512 attempts, null: none yet. */
export const SourceState = Schema.Struct({
  source: MarketSource,
  venue: Schema.NullOr(Schema.String),
  answered: Schema.Int,
  missed: Schema.Int,
  failed: Schema.Int,
  p50Ms: Schema.NullOr(Schema.Finite),
  p99Ms: Schema.NullOr(Schema.Finite),
  breaker: Schema.NullOr(Schema.Literals(["closed", "open", "half_open"])),
  lastError: Schema.NullOr(Schema.Struct({ reason: SourceReason, detail: Schema.String, atMs: Schema.Int })),
})
export type SourceState = typeof SourceState.Type

export const Status = Schema.Struct({
  version: Schema.String,
  roles: Schema.Array(Role),
  /** Its market data are invented: shown wherever anything of it is shown. */
  simulated: Schema.Boolean,
  pid: Schema.Int,
  startedAt: Schema.Int,
  uptimeMs: Schema.Int,
  /** Ticks and checks analysed by this process since its start; 0 without the role `detect`. */
  ticks: Schema.Int,
  checks: Schema.Int,
  /** Position in the stream MD; null: nothing analysed here yet. */
  analysedSequence: Schema.NullOr(Schema.Int),
  /** Position in the stream OPP; 0: nothing distributed here yet. */
  distributedSequence: Schema.Int,
  delivering: Schema.Int,
  /** Of all processes together; null: the store did not answer. Empty where nothing was ever analysed. */
  partitions: Schema.NullOr(Schema.Array(PartitionState)),
  /** As of 20 s ago at most; empty in the first 20 s, and without the role `ingest`. */
  sources: Schema.Array(SourceState),
  /** Rows owed to users, by status; null: the store did not answer. */
  queue: Schema.NullOr(Schema.Record(QueueStatus, Schema.Int)),
  sessionsActive: Schema.NullOr(Schema.Int),
  /** Why figures are missing; null: none is. */
  trouble: Schema.NullOr(Schema.String),
})
export type Status = typeof Status.Type

/** The store did not answer, or refused. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { detail: Schema.String }) {
  readonly retryable: boolean = true
  override get message(): string {
    return this.detail
  }
}

/** The user as they are now, or why nothing was changed. */
export const ChangedUser = Schema.Struct({
  user: Schema.NullOr(ListedUser),
  unchanged: Schema.NullOr(Unchanged.fields.reason),
})

export class Admin extends RpcGroup.make(
  Rpc.make("ListUsers", { payload: UserFilter.fields, success: Schema.Array(ListedUser), error: Unanswered }),
  /** `who`: "@name", Telegram id or user id. */
  Rpc.make("FindUser", { payload: { who: Schema.String }, success: Schema.NullOr(ListedUser), error: Unanswered }),
  Rpc.make("ChangeUser", {
    payload: { who: Schema.String, change: Change },
    success: ChangedUser,
    error: Unanswered,
  }),
  Rpc.make("ListSessions", {
    payload: { limit: UserFilter.fields.limit },
    success: Schema.Array(ListedSession),
    error: Unanswered,
  }),
  Rpc.make("VerifyAudit", { success: Verification, error: Unanswered }),
  Rpc.make("Status", { success: Status }),
  /** `anew`: the key file is read again first. */
  Rpc.make("MasterKeys", { payload: { anew: Schema.Boolean }, success: MasterKeyState, error: Unanswered }),
  Rpc.make("RewrapKeys", { payload: { cursor: SealedCursor }, success: RotationBatch, error: Unanswered }),
  Rpc.make("Explain", { payload: { opportunityId: Schema.String }, success: Explained, error: Unanswered }),
  /** `who`: "@name", Telegram id or user id. */
  Rpc.make("ExplainTo", {
    payload: { who: Schema.String, opportunityId: Schema.String },
    success: Schema.Union([UserTrace, UnknownSubject]),
    error: Unanswered,
  }),
  Rpc.make("Scorecard", {
    payload: { by: Grouping, sinceMs: Schema.Int, untilMs: Schema.Int },
    success: Schema.Array(ScorecardRow),
    error: Unanswered,
  }),
  Rpc.make("QueueFigures", {
    payload: { sinceMs: Schema.Int },
    success: Schema.Array(QueueFigure),
    error: Unanswered,
  }),
  Rpc.make("DeadLetters", {
    payload: { limit: Schema.Int, beforeId: Schema.NullOr(Schema.Int) },
    success: Schema.Array(DeadLetter),
    error: Unanswered,
  }),
  Rpc.make("DeadLetter", {
    payload: { queueId: Schema.Int },
    success: Schema.NullOr(DeadLetter),
    error: Unanswered,
  }),
  Rpc.make("HandleDeadLetters", {
    payload: { queueIds: Schema.Array(Schema.Int), order: Schema.Literals(["requeue", "discard"]) },
    success: Schema.Array(Handled),
    error: Unanswered,
  }),
) {}
