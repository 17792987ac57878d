/**
 * An analysis that runs through, and one that is killed and goes on from its checkpoint.
 *
 * In: a configuration and frames. Out: every transition either of them tells. Promises: the checkpoint goes through its
 * JSON, as a process that starts anew reads it; stream sequences count from 1.
 */
import { Schema } from "effect"
import type { DetectConfig } from "../../src/domain/DetectConfig.ts"
import type { Frame } from "../../src/domain/Frame.ts"
import type { Opportunity } from "../../src/domain/Opportunity.ts"
import { Analysis, AnalysisState } from "../../src/streams/Analysis.ts"

export const unbroken = (config: DetectConfig, frames: ReadonlyArray<Frame>): ReadonlyArray<Opportunity> => {
  const analysis = new Analysis(config)
  return [...frames.flatMap((frame, at) => analysis.frames([frame], at + 1)), ...analysis.finish()]
}

const AsJson = Schema.fromJsonString(AnalysisState)

/** Killed after `at` frames; the next process reads its checkpoint, rewinds, and goes on. */
export const restartedAfter = (
  config: DetectConfig,
  frames: ReadonlyArray<Frame>,
  at: number,
): ReadonlyArray<Opportunity> => {
  const first = new Analysis(config)
  const before = frames.slice(0, at).flatMap((frame, n) => first.frames([frame], n + 1))
  const saved = Schema.encodeSync(AsJson)(first.snapshot())
  const state = Schema.decodeSync(AsJson)(saved)
  const second = new Analysis(config)
  second.restore(state)
  for (let sequence = state.rewindTo ?? at + 1; sequence <= at; sequence++) {
    const frame = frames[sequence - 1]
    if (frame !== undefined) second.rewind([frame], sequence)
  }
  second.resume()
  const after = frames.slice(at).flatMap((frame, n) => second.frames([frame], at + n + 1))
  return [...before, ...after, ...second.finish()]
}
