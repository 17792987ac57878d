/**
 * The Recording port: files of ticks (NDJSON, one tick a line, optionally `.gz`), read and written.
 *
 * Out of `read`: ticks in file order, and beside them every line that was refused, with its number and reason; a bad
 * line loses nothing but itself, and a file that was cut is read up to there, the cut told as its last bad line. `write`
 * puts down whole lines, into one file or into parts, and is complete when its stream ends.
 */
import { Context, type Effect, Schema, type Stream } from "effect"
import type { BadTick, Tick } from "../domain/Tick.ts"

/** Not worth a retry, except `io`. `incomplete`: of a raw recording, what is asked for is not in it. */
export const RecordingReason = Schema.Literals(["not_found", "not_readable", "corrupt", "incomplete", "io"])

export class RecordingError extends Schema.TaggedError<RecordingError>()("RecordingError", {
  reason: RecordingReason,
  path: Schema.String,
  detail: Schema.String,
}) {
  override get message(): string {
    return `${this.path}: ${this.reason}: ${this.detail}`
  }
}

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

/** A part is closed once it is found this large (bytes in the file) or this old; looked at before every 1,000 lines. */
export interface Rotation {
  readonly bytes: number
  readonly everyMs: number
}

const PART_DIGITS = 4
const SUFFIX = /(\.[a-z]+)?(\.gz)?$/

/** Of the n-th part, from 1: `day.ndjson.gz` becomes `day-0001.ndjson.gz`. */
export const partPath = (path: string, part: number): string => {
  const suffix = SUFFIX.exec(path)?.[0] ?? ""
  return `${path.slice(0, path.length - suffix.length)}-${String(part).padStart(PART_DIGITS, "0")}${suffix}`
}

/** What went down, counted at the file. */
export interface Written {
  readonly lines: number
  readonly files: ReadonlyArray<{ readonly path: string; readonly lines: number }>
}

export class Recording extends Context.Service<Recording, {
  readonly read: (path: string) => Stream.Stream<RecordingBatch, RecordingError>
  /** With a rotation the parts are called `<name>-0001<suffix>` and so on. An existing file is replaced. */
  readonly write: (
    path: string,
    lines: Stream.Stream<ReadonlyArray<string>>,
    rotation?: Rotation,
  ) => Effect.Effect<Written, RecordingError>
}>()("arbedge/Recording") {}
