/**
 * What the running service can be asked by RPC, and what it answers.
 *
 * In: calls over HTTP POST at `PATH`, as NDJSON, with the bearer token of `service.json`. Out: values of the schemas
 * below. Promises: both ends use this file; nothing secret is in an answer; a dependency that is down leaves its figures
 * null and says so in `trouble`, it never makes a call fail.
 */
import { Schema } from "effect"
import { Rpc, RpcGroup } from "effect/rpc"
import { QueueStatus } from "../../layers/OpportunityQueue.ts"
import { Role } from "../../streams/Pipeline.ts"

export const PATH = "/rpc/v1"

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
  /** Rows owed to users, by status; null: the store did not answer. */
  queue: Schema.NullOr(Schema.Record(QueueStatus, Schema.Int)),
  sessionsActive: Schema.NullOr(Schema.Int),
  /** Why figures are missing; null: none is. */
  trouble: Schema.NullOr(Schema.String),
})
export type Status = typeof Status.Type

export class Admin extends RpcGroup.make(Rpc.make("Status", { success: Status })) {}
