/**
 * Facts: what became true, as it goes out on `evt.v1.<area>.<event>`.
 *
 * In: changes that were committed. Out: JSON objects by these Schemas. Promises: a fact is published at least once, its
 * message id makes a repeat recognisable, and it holds no secret and no text a user wrote; whom it is about
 * is sealed under that person's own key (domain/Person.ts).
 */
import { Schema } from "effect"
import { VenueSymbol } from "./AssetIdentity.ts"
import { Priority } from "./Opportunity.ts"
import { SealedPerson } from "./Person.ts"

const envelope = { v: Schema.Literal(1), at: Schema.Int }

/** A notification or an edit reached its end. */
export const DeliverySettled = Schema.Struct({
  ...envelope,
  queueId: Schema.Int,
  opportunityId: Schema.String,
  /** With `userId` and `chatId` sealed. */
  person: SealedPerson,
  purpose: Schema.String,
  priority: Priority,
  /** The row's status after it. */
  status: Schema.String,
  messageId: Schema.NullOr(Schema.Int),
  error: Schema.NullOr(Schema.String),
  /** From the triggering tick's ingest time to the messenger's acceptance, ms; null where nothing was accepted. */
  latencyMs: Schema.NullOr(Schema.Int),
  /** Of it, spent waiting for the messenger's rate limits, ms. */
  limiterWaitMs: Schema.Int,
})
export type DeliverySettled = typeof DeliverySettled.Type

/** What an opportunity's transition led to. */
export const OpportunityDistributed = Schema.Struct({
  ...envelope,
  opportunityId: Schema.String,
  revision: Schema.Int,
  state: Schema.String,
  action: Schema.Literals(["notify", "edit", "none"]),
  /** Recipients matched, and rows that were new. */
  matched: Schema.Int,
  enqueued: Schema.Int,
})
export type OpportunityDistributed = typeof OpportunityDistributed.Type

/** Two symbols that claim to be one asset are quarantined until an administrator decides. */
export const IdentitySuspected = Schema.Struct({
  ...envelope,
  asset: Schema.String,
  a: VenueSymbol,
  b: VenueSymbol,
  /** Gross spread and the bound it exceeds, both fractions. */
  spread: Schema.String,
  bound: Schema.Finite,
})
export type IdentitySuspected = typeof IdentitySuspected.Type
