/**
 * Detect over a file: which opportunities stood in a recording.
 *
 * In: a recording and the configuration. Out: each opportunity once, when it has ended (or the file has), at its best
 * revision. Promises: those of FileAnalysis.
 */
import { Effect } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import type { Recording, RecordingError } from "../layers/Recording.ts"
import { type Analysed, analyseFile } from "./FileAnalysis.ts"

export interface Detected extends Analysed {
  readonly found: number
}

export const detectFile = Effect.fn("DetectFile.detectFile")(function* <E, R>(options: {
  readonly path: string
  readonly config: DetectConfig
  readonly onFound: (opportunity: Opportunity) => Effect.Effect<void, E, R>
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}): Effect.fn.Return<Detected, RecordingError | E, Recording | R> {
  let found = 0
  const analysed = yield* analyseFile({
    ...options,
    onTold: ({ transitions }) =>
      Effect.forEach(transitions.filter(({ state }) => state === "closed"), (opportunity) => {
        found++
        return options.onFound(opportunity)
      }, { discard: true }),
  })
  return { ...analysed, found }
})
