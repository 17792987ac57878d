/**
 * Backtest over a file: what its opportunities were, and what they would have earned.
 *
 * In: a recording, a detection configuration, and whether its data are real. Out: the report of domain/Backtest.ts.
 * Promises: those of FileAnalysis; verdicts are counted as they come, so that memory grows with what was found alone.
 */
import { Effect } from "effect"
import { type Backtest, backtest, type Refusals } from "../domain/Backtest.ts"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { Outcome } from "../domain/Outcome.ts"
import type { Recording, RecordingError } from "../layers/Recording.ts"
import { type Analysed, analyseFile } from "./FileAnalysis.ts"

export interface Backtested extends Analysed {
  readonly report: Backtest
}

export const backtestFile = Effect.fn("Backtest.backtestFile")(function* (options: {
  readonly path: string
  readonly config: DetectConfig
  readonly source: DataSource
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}): Effect.fn.Return<Backtested, RecordingError, Recording> {
  const outcomes: Array<Outcome> = [], refused = new Map<string, Refusals>()
  const analysed = yield* analyseFile({
    ...options,
    onTold: (told) =>
      Effect.sync(() => {
        for (const outcome of told.outcomes) outcomes.push(outcome)
        for (const { level, passed, reason } of told.verdicts) {
          if (passed || reason === null) continue
          const key = `${level}|${reason}`
          refused.set(key, { level, reason, count: (refused.get(key)?.count ?? 0) + 1 })
        }
      }),
  })
  const { checks, rejected } = analysed.figures
  const simulated = options.source === "simulated"
  return { ...analysed, report: backtest({ simulated, outcomes, checks, rejected, refused: [...refused.values()] }) }
})
