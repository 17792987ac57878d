/**
 * Replay to a file: what is played of recordings, as one recording of ticks.
 *
 * In: a playlist. Out: the file, and how many ticks are in it. Promises: as the recorder does, the file takes its name when
 * it is complete, with what there was until then when reading fails.
 */
import { Effect, Option } from "effect"
import * as TickCodec from "../../domain/TickCodec.ts"
import { record } from "../Record.ts"
import type { PlayedBatch, Playlist, RefusedLine } from "./Playlist.ts"

export interface ReplayToFileOptions {
  readonly path: string
  readonly playlist: Playlist
  readonly onProgress: (share: number, ticks: number) => Effect.Effect<void>
}

export const replayToFile = Effect.fn("ReplayToFile.replayToFile")(function* (options: ReplayToFileOptions) {
  const bad: Array<RefusedLine> = []
  let taken = 0
  return yield* record({
    path: options.path,
    rotation: Option.none(),
    duration: Option.none(),
    source: options.playlist.batches,
    shareOf: ({ progress }) => progress,
    tally: {
      take: (batch: PlayedBatch) => {
        bad.push(...batch.bad)
        taken += batch.ticks.length
        return batch.ticks.map(TickCodec.toLine)
      },
      rest: Effect.succeed([]),
      taken: () => taken,
      recorded: ({ lines }) => ({ ticks: lines, bad }),
    },
    onProgress: (share, ticks) => options.onProgress(share ?? 0, ticks),
    onDone: () => Effect.void,
  })
})
