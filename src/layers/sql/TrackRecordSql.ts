/**
 * The track record over SQL.
 *
 * In: the TrackRecord port's calls. Out: rows of `opportunity_validation_log` and `opportunity_outcomes`, and the facts
 * of new outcomes in the outbox. Promises: a batch is one transaction; what was written before is passed over, and
 * announced no second time.
 */
import { Effect, Layer, Option, Schema } from "effect"
import type { OpportunityOutcome } from "../../domain/Fact.ts"
import { Outcome } from "../../domain/Outcome.ts"
import * as Subject from "../../domain/Subject.ts"
import { Level, Verdict } from "../../domain/Verdict.ts"
import { Outbox } from "../Outbox.ts"
import { Store } from "../Store.ts"
import { TrackRecord } from "../TrackRecord.ts"
import { all, at, EpochMs, first, isoOf, run } from "./Rows.ts"

const VerdictRow = Schema.Struct({
  opportunityId: Schema.String,
  fingerprint: Schema.String,
  revision: Schema.Int,
  level: Level,
  userId: Schema.NullOr(Schema.String),
  passed: Schema.Boolean,
  reason: Schema.NullOr(Schema.String),
  values: Verdict.fields.values,
  at: EpochMs,
})
const OutcomeRow = Schema.Struct({ payload: Outcome })
const WrittenRow = Schema.Struct({ opportunityId: Schema.String })

const verdictRow = (verdict: Verdict) => ({
  opportunity_id: verdict.opportunityId,
  fingerprint: verdict.fingerprint,
  revision: verdict.revision,
  level: verdict.level,
  user_id: verdict.userId,
  passed: verdict.passed,
  reason: verdict.reason,
  values_compared: verdict.values,
  validated_at: isoOf(verdict.at),
})

const outcomeRow = (outcome: Outcome) => ({
  opportunity_id: outcome.opportunityId,
  fingerprint: outcome.fingerprint,
  opportunity_type: outcome.type,
  asset: outcome.asset,
  detected_at: isoOf(outcome.detectedAt),
  lived_ms: outcome.livedMs,
  silent: outcome.silent,
  simulated: outcome.simulated,
  payload: outcome,
})

const factOf = (outcome: Outcome): OpportunityOutcome => ({ v: 1, ...outcome })
const OUTCOME_FACT = Subject.fact("opportunity", "outcome")

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox

  const logVerdicts = (verdicts: ReadonlyArray<Verdict>) =>
    sql`insert into opportunity_validation_log (opportunity_id, fingerprint, revision, level, user_id, passed, reason,
        values_compared, validated_at)
      select * from jsonb_to_recordset(${sql.json(verdicts.map(verdictRow))}) as x (opportunity_id text,
        fingerprint text, revision integer, level smallint, user_id text, passed boolean, reason text,
        values_compared jsonb, validated_at timestamptz)
      on conflict do nothing`.pipe(run("TrackRecord.append"))

  const recordOutcomes = Effect.fnUntraced(function* (outcomes: ReadonlyArray<Outcome>, nowMs: number) {
    const written = yield* sql`insert into opportunity_outcomes (opportunity_id, fingerprint, opportunity_type, asset,
        detected_at, lived_ms, silent, simulated, payload, created_at)
      select x.*, ${at(nowMs)} from jsonb_to_recordset(${sql.json(outcomes.map(outcomeRow))}) as x (opportunity_id text,
        fingerprint text, opportunity_type text, asset text, detected_at timestamptz, lived_ms bigint, silent boolean,
        simulated boolean, payload jsonb)
      on conflict do nothing returning opportunity_id as "opportunityId"`.pipe(all("TrackRecord.append", WrittenRow))
    const news = new Set(written.map(({ opportunityId }) => opportunityId))
    const facts = outcomes.filter(({ opportunityId }) => news.has(opportunityId))
    yield* outbox.append(facts.map((outcome) => ({ subject: OUTCOME_FACT, payload: factOf(outcome) })), nowMs)
  })

  const append: TrackRecord["Service"]["append"] = Effect.fn("TrackRecord.append")(({ outcomes, verdicts }, nowMs) =>
    transaction(Effect.gen(function* () {
      if (verdicts.length > 0) yield* logVerdicts(verdicts)
      if (outcomes.length > 0) yield* recordOutcomes(outcomes, nowMs)
    }))
  )

  const verdictsOf = Effect.fn("TrackRecord.verdictsOf")((opportunityId: string) =>
    sql`select opportunity_id as "opportunityId", fingerprint, revision, level, user_id as "userId", passed, reason,
        values_compared as "values", validated_at as "at"
      from opportunity_validation_log where opportunity_id = ${opportunityId}
      order by revision, level, user_id nulls first`.pipe(all("TrackRecord.verdictsOf", VerdictRow))
  )

  const outcomeOf = Effect.fn("TrackRecord.outcomeOf")((opportunityId: string) =>
    sql`select payload from opportunity_outcomes where opportunity_id = ${opportunityId}`.pipe(
      first("TrackRecord.outcomeOf", OutcomeRow),
      Effect.map(Option.map((row) => row.payload)),
    )
  )

  const outcomes: TrackRecord["Service"]["outcomes"] = Effect.fn("TrackRecord.outcomes")(
    ({ after, limit, sinceMs, untilMs }) => {
      const from = Option.getOrElse(after, () => ({ detectedAt: sinceMs, opportunityId: "" }))
      return sql`select payload from opportunity_outcomes
        where detected_at < ${at(untilMs)} and (detected_at, opportunity_id) > (${
        at(from.detectedAt)
      }, ${from.opportunityId})
        order by detected_at, opportunity_id limit ${limit}`.pipe(
        all("TrackRecord.outcomes", OutcomeRow),
        Effect.map((rows) => rows.map((row) => row.payload)),
      )
    },
  )

  return { append, verdictsOf, outcomeOf, outcomes }
})

export const layer: Layer.Layer<TrackRecord, never, Store | Outbox> = Layer.effect(TrackRecord, make)
