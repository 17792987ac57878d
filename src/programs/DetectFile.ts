/**
 * Detect over a file: the analysis of the live pipeline, fed from a recording, without bus or clock.
 *
 * In: batches of a recording and the configuration. Out: each opportunity once, when it has ended (or the file has), at
 * its best revision. Promises: the same recording and configuration give the same lines on every runtime.
 */
import { Effect, Stream } from "effect"
import type { DetectConfig } from "../domain/DetectConfig.ts"
import type { Opportunity } from "../domain/Opportunity.ts"
import { type BadLine, Recording, type RecordingError } from "../layers/Recording.ts"
import { Analysis, type Figures } from "../streams/Analysis.ts"
import { Framing } from "../streams/Framing.ts"

export interface Detected {
  readonly figures: Figures
  readonly bad: ReadonlyArray<BadLine>
  readonly found: number
}

export const detectFile = Effect.fn("DetectFile.detectFile")(function* <E, R>(options: {
  readonly path: string
  readonly config: DetectConfig
  readonly onFound: (opportunity: Opportunity) => Effect.Effect<void, E, R>
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}): Effect.fn.Return<Detected, RecordingError | E, Recording | R> {
  const recording = yield* Recording
  const analysis = new Analysis(options.config)
  const framing = new Framing("file.0", "recorded", { refreshes: false })
  const bad: Array<BadLine> = []
  let found = 0, ticks = 0
  const tell = (transitions: ReadonlyArray<Opportunity>) =>
    Effect.forEach(transitions.filter(({ state }) => state === "closed"), (opportunity) => {
      found++
      return options.onFound(opportunity)
    }, { discard: true })
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
  return { figures: analysis.figures, bad, found }
})
