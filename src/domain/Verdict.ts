/**
 * Verdicts: what each level of validation said of an opportunity, and the values it compared.
 *
 * In: judgements. Out: their Schema, as logged and as explained to people. Promises: one verdict for each level of an
 * opportunity's revision; a refusal has a reason of a closed list; values carry their units in their names.
 */
import { Schema } from "effect"

/** 1 the market, 2 experience, 3 one user (by distribution), 4 the model. */
export const Level = Schema.Literals([1, 2, 3, 4])
export type Level = typeof Level.Type

export const VerdictValue = Schema.NullOr(Schema.Union([Schema.String, Schema.Finite, Schema.Boolean]))

export const Verdict = Schema.Struct({
  /** Of what was refused by level 1: the id it would have had. */
  opportunityId: Schema.String,
  fingerprint: Schema.String,
  /** 0: it never came to be. */
  revision: Schema.Int,
  level: Level,
  /** Null: it concerns nobody in particular. */
  userId: Schema.NullOr(Schema.String),
  passed: Schema.Boolean,
  /** Null where it passed. */
  reason: Schema.NullOr(Schema.String),
  values: Schema.Record(Schema.String, VerdictValue),
  at: Schema.Int,
})
export type Verdict = typeof Verdict.Type
export type VerdictValues = Verdict["values"]
