/**
 * The Recording port: files of ticks (NDJSON, one tick a line, optionally `.gz`), read and written.
 *
 * Out of `read`: ticks in file order, and beside them every line that was refused, with its number and reason; a bad
 * line loses nothing but itself. `write` appends whole lines and is complete when its stream ends.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { BadTick, Tick } from "../domain/Tick.ts"

/** Not worth a retry, except `io`. */
export const RecordingReason = Schema.Literals(["not_found", "not_readable", "corrupt", "io"])

export class RecordingError extends Schema.TaggedError<RecordingError>()("RecordingError", {
  reason: RecordingReason,
  path: Schema.String,
  detail: Schema.String,
}) {}

export interface BadLine extends BadTick {
  /** From 1. */
  readonly line: number
}

export interface RecordingBatch {
  readonly ticks: ReadonlyArray<Tick>
  readonly bad: ReadonlyArray<BadLine>
  /** Share of the file read so far, 0 to 1. */
  readonly progress: number
}

export class Recording extends Context.Service<Recording, {
  readonly read: (path: string) => Stream.Stream<RecordingBatch, RecordingError>
  /** Lines in, number of lines written out; replaces an existing file only when `overwrite`. */
  readonly write: (
    path: string,
    lines: Stream.Stream<ReadonlyArray<string>>,
  ) => Effect.Effect<number, RecordingError>
}>()("arbedge/Recording") {}
