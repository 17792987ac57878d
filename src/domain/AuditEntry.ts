/**
 * Audit entries: who did what to whom, and whether it worked.
 *
 * In: what privileged actions tell. Out: one record each, and the text that its hash is taken of. Promises: people stand
 * in it by their user id alone, which is a pseudonym once the user's row is erased: the chain still verifies then.
 */
import { Schema } from "effect"

/** Closed list; what each changes stands in `details` as `from` and `to`. */
export const AuditAction = Schema.Literals(["tier_changed", "role_changed", "beta_changed"])
export type AuditAction = typeof AuditAction.Type

export const AuditDetails = Schema.Record(
  Schema.String,
  Schema.NullOr(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean])),
)
export type AuditDetails = typeof AuditDetails.Type

export const AuditEntry = Schema.Struct({
  /** Who did it; null: whoever holds the command line. */
  userId: Schema.NullOr(Schema.String),
  /** To whom. */
  subjectId: Schema.NullOr(Schema.String),
  action: AuditAction,
  at: Schema.Int,
  ipAddress: Schema.NullOr(Schema.String),
  userAgent: Schema.NullOr(Schema.String),
  sessionId: Schema.NullOr(Schema.String),
  /** By which command, such as "/users" or "arbedge users". */
  command: Schema.NullOr(Schema.String),
  success: Schema.Boolean,
  error: Schema.NullOr(Schema.String),
  details: AuditDetails,
})
export type AuditEntry = typeof AuditEntry.Type

/** One text for one entry, whatever the order of its keys: what is hashed, after the hash of the one before. */
export const canonical = (entry: AuditEntry): string =>
  JSON.stringify([
    entry.userId,
    entry.subjectId,
    entry.action,
    entry.at,
    entry.ipAddress,
    entry.userAgent,
    entry.sessionId,
    entry.command,
    entry.success,
    entry.error,
    Object.entries(entry.details).toSorted(([a], [b]) => a < b ? -1 : 1),
  ])

/** What a walk along the chain found. */
export const Verification = Schema.Struct({
  /** Entries that are in place, from the first on. */
  intact: Schema.Int,
  /** The hash at the end of them; empty: there are none. */
  head: Schema.String,
  /** The first that is not; null: all are. */
  broken: Schema.NullOr(Schema.Struct({
    sequence: Schema.Int,
    why: Schema.Literals(["missing", "changed", "unlinked"]),
  })),
})
export type Verification = typeof Verification.Type
