/**
 * Facts: what became true, as it goes out on `evt.v1.<area>.<event>`.
 *
 * In: changes that were committed. Out: JSON objects by these Schemas. Promises: a fact is published at least once, its
 * message id makes a repeat recognisable, and it holds no secret and no text a user wrote; whom it is about
 * is sealed under that person's own key (domain/Person.ts).
 */
import { Schema } from "effect"
import { VenueSymbol } from "./AssetIdentity.ts"
import { AuditAction, AuditDetails } from "./AuditEntry.ts"
import { DistributionType, Feedback } from "./Engagement.ts"
import { Priority } from "./Opportunity.ts"
import { Outcome } from "./Outcome.ts"
import { DenialReason } from "./Permission.ts"
import { SealedPerson } from "./Person.ts"

const envelope = { v: Schema.Literal(1), at: Schema.Int }

/** A notification or an edit reached its end. */
export const DeliverySettled = Schema.Struct({
  ...envelope,
  queueId: Schema.Int,
  opportunityId: Schema.String,
  person: SealedPerson.annotate({ description: "With userId and chatId sealed" }),
  purpose: Schema.String,
  priority: Priority,
  status: Schema.String.annotate({ description: "The row's status after it" }),
  messageId: Schema.NullOr(Schema.Int),
  error: Schema.NullOr(Schema.String),
  latencyMs: Schema.NullOr(Schema.Int).annotate({
    description:
      "From the triggering tick's ingest time to the messenger's acceptance, ms; null where nothing was accepted",
  }),
  limiterWaitMs: Schema.Int.annotate({ description: "Of it, spent waiting for the messenger's rate limits, ms" }),
  scheduledWaitMs: Schema.Int.annotate({
    description: "Of it, spent waiting for others to leave with it, or for quiet hours to end, ms",
  }),
})
export type DeliverySettled = typeof DeliverySettled.Type

/** What an opportunity's transition led to. */
export const OpportunityDistributed = Schema.Struct({
  ...envelope,
  opportunityId: Schema.String,
  revision: Schema.Int,
  state: Schema.String,
  action: Schema.Literals(["notify", "edit", "none"]),
  matched: Schema.Int.annotate({ description: "Recipients matched, and rows that were new" }),
  enqueued: Schema.Int,
})
export type OpportunityDistributed = typeof OpportunityDistributed.Type

/** Two symbols that claim to be one asset are quarantined until an administrator decides. */
export const IdentitySuspected = Schema.Struct({
  ...envelope,
  asset: Schema.String,
  a: VenueSymbol,
  b: VenueSymbol,
  spread: Schema.String.annotate({ description: "Gross spread and the bound it exceeds, both fractions" }),
  bound: Schema.Finite,
})
export type IdentitySuspected = typeof IdentitySuspected.Type

/** What became of an opportunity. */
export const OpportunityOutcome = Schema.Struct({ v: envelope.v, ...Outcome.fields })
export type OpportunityOutcome = typeof OpportunityOutcome.Type

/** Somebody did something with what they were sent. */
export const EngagementRecorded = Schema.Struct({
  ...envelope,
  person: SealedPerson.annotate({ description: "With userId sealed" }),
  opportunityId: Schema.String,
  distributionType: DistributionType,
  event: Schema.Literals(["opened", "clicked", "converted", "dismissed", "muted", "feedback"]),
  feedback: Schema.NullOr(Feedback).annotate({ description: "The last word on it; null: none" }),
  score: Schema.Finite.annotate({ description: "Of this message after it, 0 to 1 (docs/engagement.md)" }),
})
export type EngagementRecorded = typeof EngagementRecorded.Type

/** A privileged action was written into the chain of the audit log. */
export const AuditRecorded = Schema.Struct({
  ...envelope,
  person: SealedPerson.annotate({ description: "With userId, to whom, and actorId, who did it, sealed" }),
  action: AuditAction,
  command: Schema.NullOr(Schema.String),
  success: Schema.Boolean,
  error: Schema.NullOr(Schema.String),
  details: AuditDetails,
  sequence: Schema.Int.annotate({ description: "Its place in the chain, from 1" }),
  hash: Schema.String.annotate({ description: "SHA-256 in hex: what the chain in the database must still say there" }),
})
export type AuditRecorded = typeof AuditRecorded.Type

/** Somebody with a session did something, or was kept from it. */
export const ActionTaken = Schema.Struct({
  ...envelope,
  person: SealedPerson.annotate({ description: "With userId sealed" }),
  action: Schema.String.annotate({ description: "Such as command:session, tap:preferences or message" }),
  success: Schema.Boolean.annotate({ description: "Whether they were admitted to it" }),
  error: Schema.NullOr(DenialReason).annotate({ description: "Why not; null: they were" }),
})
export type ActionTaken = typeof ActionTaken.Type

/** A session began, or ended. */
export const SessionFact = Schema.Struct({
  ...envelope,
  person: SealedPerson.annotate({ description: "With userId, telegramId and sessionId sealed" }),
  outcome: Schema.Literals(["created", "renewed", "logout", "expired"]).annotate({
    description: "Of a start: how it began. Of an end: why.",
  }),
  session: Schema.optionalKey(Schema.String).annotate({
    description: "The same in all facts of one session; says nothing about whose it is",
  }),
  durationMs: Schema.optionalKey(Schema.Int).annotate({
    description: "Of an end: from its start to the last interaction, ms",
  }),
  commandsUsed: Schema.optionalKey(Schema.Int).annotate({
    description: "Of an end: commands counted in it; those of its last 10 s may be missing",
  }),
  opportunitiesReceived: Schema.optionalKey(Schema.Int).annotate({
    description: "Of an end: opportunities delivered or shown in it",
  }),
})
export type SessionFact = typeof SessionFact.Type
