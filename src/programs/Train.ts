/**
 * Train: a model of success from what became of the opportunities of a recording.
 *
 * In: a recording, a detection configuration, and whether its data are real. Out: the model and how good it is on the part
 * it has not seen; or how many cases there were, where they are too few. Promises: deterministic; cases stand in the order
 * of their detection, so that nothing is learned from the future.
 */
import { Effect } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import * as Model from "../domain/Model.ts"
import { type Outcome, succeeded } from "../domain/Outcome.ts"
import type { Recording, RecordingError } from "../layers/Recording.ts"
import { type Analysed, analyseFile } from "./FileAnalysis.ts"

export interface TrainedOnFile extends Analysed {
  /** Outcomes, and those of them that could be judged. */
  readonly outcomes: number
  readonly cases: number
  /** Null: too few cases. */
  readonly trained: Model.Trained | null
}

/** Those that could be judged, by time of detection. */
export const casesOf = (outcomes: ReadonlyArray<Outcome>): ReadonlyArray<Model.Case> =>
  outcomes
    .toSorted((a, b) => a.detectedAt - b.detectedAt || (a.opportunityId < b.opportunityId ? -1 : 1))
    .flatMap((outcome) => {
      const success = succeeded(outcome)
      return success === null ? [] : [{ features: outcome.features, succeeded: success }]
    })

export const trainOnFile = Effect.fn("Train.trainOnFile")(function* (options: {
  readonly path: string
  readonly config: DetectConfig
  readonly source: DataSource
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}): Effect.fn.Return<TrainedOnFile, RecordingError, Recording> {
  const outcomes: Array<Outcome> = []
  const analysed = yield* analyseFile({
    ...options,
    onTold: (told) => Effect.sync(() => void outcomes.push(...told.outcomes)),
  })
  const cases = casesOf(outcomes)
  return { ...analysed, outcomes: outcomes.length, cases: cases.length, trained: Model.train(cases, options.source) }
})
