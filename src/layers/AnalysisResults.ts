/**
 * The AnalysisResults port: the newest analysis of each type and instrument, table `ai_analysis_results`.
 *
 * In: analyses as they are made. Out: the newest that still holds. Promises: an older one never takes the place of a newer
 * one; one whose time has run out is not told; each that is kept is told as a fact in the same transaction.
 */
import { Context, type Effect, type Option } from "effect"
import type { MarketAnalysis } from "../domain/MarketAnalysis.ts"
import type { StoreError } from "./Store.ts"

export class AnalysisResults extends Context.Service<AnalysisResults, {
  /** Out: those that are news. */
  readonly save: (
    analyses: ReadonlyArray<MarketAnalysis>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<MarketAnalysis>, StoreError>
  readonly newest: (
    type: MarketAnalysis["type"],
    instrument: string,
    nowMs: number,
  ) => Effect.Effect<Option.Option<MarketAnalysis>, StoreError>
  /** Forgets what ran out before the instant. Out: how many. */
  readonly prune: (expiredBeforeMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/AnalysisResults") {}
