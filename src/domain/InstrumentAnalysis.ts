/**
 * A value of the bucket `analysis`: what was last found and scored of one type on one instrument.
 *
 * In: scored transitions. Out: JSON and back, and the key `<type>.<market>.<base>-<quote>` of the leading leg. Promises:
 * figures are the opportunity's own; what is unknown is null; `expiresAt` says until when it is meant to hold, which may
 * be sooner than the bucket forgets it.
 */
import { Option, Schema } from "effect"
import { Assessment } from "./Assessment.ts"
import * as Instrument from "./Instrument.ts"
import { leadingLeg, type Opportunity, OpportunityState, OpportunityType, Priority } from "./Opportunity.ts"

export const InstrumentAnalysis = Schema.Struct({
  v: Schema.Literal(1),
  type: OpportunityType,
  /** Canonical. */
  instrument: Schema.String,
  /** In the order of the plan's legs. */
  venues: Schema.Array(Schema.String),
  opportunityId: Schema.String,
  revision: Schema.Int,
  state: OpportunityState,
  /** When this was found (ms). */
  at: Schema.Int,
  expiresAt: Schema.Int,
  netBps: Schema.NullOr(Schema.String),
  /** 0 to 100. */
  score: Schema.Finite,
  confidence: Schema.NullOr(Schema.Finite),
  assessment: Assessment,
  priority: Priority,
  reasons: Schema.Array(Schema.String),
  simulated: Schema.Boolean,
})
export type InstrumentAnalysis = typeof InstrumentAnalysis.Type

export const InstrumentAnalysisJson = Schema.fromJsonString(InstrumentAnalysis)

/** None: not scored, or its leading leg's instrument has no canonical name. */
export const analysisOf = (
  found: Opportunity,
): Option.Option<{ readonly key: string; readonly value: InstrumentAnalysis }> =>
  Option.gen(function* () {
    const { score, type } = found
    const leg = yield* Option.fromUndefinedOr(leadingLeg(found))
    const instrument = yield* Instrument.parse(leg.instrument)
    if (score === null) return yield* Option.none()
    const { assessment, at, confidence, expiresAt, id, legs, netBps, priority, reasons, revision, simulated, state } =
      found
    const value: InstrumentAnalysis = {
      v: 1,
      type,
      instrument: leg.instrument,
      venues: legs.map(({ venue }) => venue),
      opportunityId: id,
      revision,
      state,
      at,
      expiresAt,
      netBps,
      score,
      confidence,
      assessment,
      priority,
      reasons,
      simulated,
    }
    return { key: `${type}.${Instrument.marketToken(instrument)}.${Instrument.pairToken(instrument)}`, value }
  })
