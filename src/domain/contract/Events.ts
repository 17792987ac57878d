/**
 * Events that stand where silence would: what was left out, what fell silent, what ran out, what was refused.
 *
 * In: nothing. Out: the payloads of `md.v1.<...>.gap` and `.stale`, `opp.v1.<...>.expired` and `quarantine.<venue>`.
 * Promises: times are integer milliseconds since the epoch (UTC); each event names its venue and instrument as a tick
 * does.
 */
import { Schema } from "effect"
import { Suspicion } from "../AssetIdentity.ts"
import { Refused } from "../Feed.ts"
import { Opportunity } from "../Opportunity.ts"
import { Gap, TICK_KINDS } from "../Tick.ts"

const { ingestTime, instrument, v, venue } = Gap.fields
const WholeNumber = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

/** Newer ticks of a kind took the place of older ones within 20 ms: the newest was published, these were not. */
export const Conflated = Schema.Struct({
  v,
  venue,
  instrument,
  kind: Schema.Literal("gap"),
  reason: Schema.Literal("conflated"),
  of: Schema.Literals(TICK_KINDS).annotate({ description: "The kind of tick that was left out" }),
  skipped: Schema.Int.check(Schema.isGreaterThan(0)).annotate({ description: "How many were left out" }),
  ingestTime: ingestTime.annotate({ description: "Of the tick that was published in their place, ms" }),
})
export type Conflated = typeof Conflated.Type

/** The continuity of the market broke, or live ticks of it were conflated. */
export const LiveGap = Schema.Union([Gap, Conflated])

/** Neither tick nor heartbeat was heard of a market; whoever shows its prices should say so. Ends with its next tick. */
export const Stale = Schema.Struct({
  v,
  venue,
  instrument,
  kind: Schema.Literal("stale"),
  heardAt: ingestTime.annotate({ description: "When it was heard last, ms" }),
  silentMs: WholeNumber.annotate({ description: "For how long it has been silent" }),
  ingestTime: ingestTime.annotate({ description: "When that was noticed, ms" }),
})
export type Stale = typeof Stale.Type

/** The transition that closed an opportunity, where its time ran out. */
export const Expired = Schema.Struct({ ...Opportunity.fields, state: Schema.Literal("closed") })

/** Two symbols that claim to be one asset: their venue's half of the quarantine. */
export const IdentityQuarantined = Schema.Struct({
  v,
  venue,
  reason: Schema.Literal("identity_suspect"),
  ...Suspicion.fields,
})
export type IdentityQuarantined = typeof IdentityQuarantined.Type

export const Quarantined = Schema.Union([Refused, IdentityQuarantined])
