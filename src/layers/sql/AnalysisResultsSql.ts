/**
 * Analyses over SQL.
 *
 * In: the AnalysisResults port's calls. Out: rows of `ai_analysis_results`, and a fact of each new one in the outbox.
 * Promises: a batch is one transaction, its rows in the order of their keys.
 */
import { Effect, Layer, Option, Schema } from "effect"
import { MarketAnalysis } from "../../domain/MarketAnalysis.ts"
import * as Subject from "../../domain/Subject.ts"
import { AnalysisResults } from "../AnalysisResults.ts"
import { Outbox } from "../Outbox.ts"
import { Store } from "../Store.ts"
import { all, at, count, first, isoOf } from "./Rows.ts"

const KeyRow = Schema.Struct({ type: Schema.String, subject: Schema.String })
const ResultRow = Schema.Struct({ result: MarketAnalysis })

const nameOf = (type: string, subject: string): string => `${type} ${subject}`

const rowOf = (analysis: MarketAnalysis) => ({
  analysis_type: analysis.type,
  subject: analysis.instrument,
  made_at: isoOf(analysis.at),
  expires_at: isoOf(analysis.expiresAt),
  result: analysis,
})

const make = Effect.gen(function* () {
  const { sql, transaction } = yield* Store
  const outbox = yield* Outbox

  const save: AnalysisResults["Service"]["save"] = Effect.fn("AnalysisResults.save")((analyses, nowMs) =>
    transaction(Effect.gen(function* () {
      if (analyses.length === 0) return []
      const rows = yield* sql`insert into ai_analysis_results as r (analysis_type, subject, made_at, expires_at, result)
        select * from jsonb_to_recordset(${sql.json(analyses.map(rowOf))}) as n (analysis_type text, subject text,
          made_at timestamptz, expires_at timestamptz, result jsonb) order by 1, 2
        on conflict (analysis_type, subject) do update
          set made_at = excluded.made_at, expires_at = excluded.expires_at, result = excluded.result
          where r.made_at < excluded.made_at
        returning analysis_type as type, subject`.pipe(all("AnalysisResults.save", KeyRow))
      const news = new Set(rows.map(({ subject, type }) => nameOf(type, subject)))
      const kept = analyses.filter(({ instrument, type }) => news.has(nameOf(type, instrument)))
      yield* outbox.append(kept.map((payload) => ({ subject: Subject.fact("analysis", "made"), payload })), nowMs)
      return kept
    }))
  )

  const newest: AnalysisResults["Service"]["newest"] = Effect.fn("AnalysisResults.newest")((type, instrument, nowMs) =>
    sql`select result from ai_analysis_results
      where analysis_type = ${type} and subject = ${instrument} and expires_at > ${at(nowMs)}`.pipe(
      first("AnalysisResults.newest", ResultRow),
      Effect.map(Option.map(({ result }) => result)),
    )
  )

  const prune = Effect.fn("AnalysisResults.prune")((expiredBeforeMs: number) =>
    sql`with gone as (delete from ai_analysis_results where expires_at < ${at(expiredBeforeMs)} returning 1)
      select count(*) as count from gone`.pipe(count("AnalysisResults.prune"))
  )

  return { save, newest, prune }
})

export const layer: Layer.Layer<AnalysisResults, never, Outbox | Store> = Layer.effect(AnalysisResults, make)
