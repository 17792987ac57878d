/**
 * Analysis of a file: the analysis of the live pipeline, fed from a recording, without bus, store or clock.
 *
 * In: a recording and the configuration. Out: transitions, verdicts and outcomes in the order in which they came about,
 * and what was counted. Promises: the same recording and configuration give the same answers on every runtime; what is
 * still open when the file ends is closed as it stands.
 */
import { Effect, Stream } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { DataSource } from "../domain/Frame.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import { type BadLine, Recording, type RecordingError } from "../layers/Recording.ts"
import { Analysis, type Figures, type Findings } from "../streams/Analysis.ts"
import { needsVenueFrames } from "../streams/detectors/All.ts"
import { Framing } from "../streams/Framing.ts"

export interface Told extends Findings {
  readonly transitions: ReadonlyArray<Opportunity>
}

export interface Analysed {
  readonly figures: Figures
  readonly bad: ReadonlyArray<BadLine>
}

export interface FileAnalysisOptions<E, R> {
  readonly path: string
  readonly config: DetectConfig
  /** Where the recording's data come from, which no line of it says. Default "recorded". */
  readonly source?: DataSource
  readonly onTold: (told: Told) => Effect.Effect<void, E, R>
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}

export const analyseFile = Effect.fn("FileAnalysis.analyseFile")(function* <E, R>(
  options: FileAnalysisOptions<E, R>,
): Effect.fn.Return<Analysed, RecordingError | E, Recording | R> {
  const recording = yield* Recording
  const analysis = new Analysis(options.config)
  const venues = needsVenueFrames(options.config)
  const framing = new Framing("file.0", options.source ?? "recorded", { refreshes: false, venues })
  const bad: Array<BadLine> = []
  let ticks = 0
  const tell = (transitions: ReadonlyArray<Opportunity>) => options.onTold({ transitions, ...analysis.findings() })
  yield* recording.read(options.path).pipe(
    Stream.runForEach((batch) => {
      for (const tick of batch.ticks) framing.push(tick)
      ticks += batch.ticks.length
      bad.push(...batch.bad)
      return Effect.andThen(tell(analysis.frames(framing.take(), 0)), options.onProgress(batch.progress, ticks))
    }),
  )
  framing.flush()
  yield* tell(analysis.frames(framing.take(), 0))
  yield* tell(analysis.finish())
  return { figures: analysis.figures, bad }
})
