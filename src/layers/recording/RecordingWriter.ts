/**
 * The writing half of recordings in files: lines into one file, or into parts by size and time.
 *
 * In: batches of lines. Out: how many lines went into which file. Promises: a batch is taken once the one before went to
 * the file (nothing piles up here); what is begun is called `<name>.partial` and takes its name when it is complete; a
 * kill leaves the part it was in as such, readable up to a second before.
 */
import { createWriteStream, type WriteStream } from "node:fs"
import { rename } from "node:fs/promises"
import { once } from "node:events"
import { constants, createGzip, type Gzip } from "node:zlib"
import { Clock, Effect, Stream } from "effect"
import { partPath, type RecordingError, type Rotation, type Written } from "../Recording.ts"
import { failure } from "./Failure.ts"

/** What a kill may cost of a gzipped part. */
const FLUSH_EVERY_MS = 1_000
/** A part may be longer than wanted by so many lines. */
const LINES_AT_ONCE = 1_000
/** One file while it is written. */
class Part {
  readonly path: string
  readonly openedAtMs: number
  readonly #file: WriteStream
  readonly #gzip: Gzip | null
  #failed: unknown = null
  #flushedAtMs: number
  #isFlushed = true
  lines = 0

  constructor(path: string, nowMs: number) {
    this.path = path
    this.openedAtMs = this.#flushedAtMs = nowMs
    this.#file = createWriteStream(`${path}.partial`)
    this.#gzip = path.endsWith(".gz") ? createGzip() : null
    this.#gzip?.pipe(this.#file)
    const failed = (error: Error) => {
      this.#failed = error
    }
    this.#file.on("error", failed)
    this.#gzip?.on("error", failed)
  }

  /** In the file so far. */
  get bytes(): number {
    return this.#file.bytesWritten
  }

  /** Returns once it is compressed, or in the file. Without lines it only looks whether what is there must be flushed. */
  async write(lines: ReadonlyArray<string>, nowMs: number): Promise<void> {
    const into = this.#gzip ?? this.#file
    this.lines += lines.length
    if (lines.length > 0) {
      this.#isFlushed = false
      await new Promise<void>((done) => into.write(lines.map((line) => `${line}\n`).join(""), () => done()))
    }
    if (!this.#isFlushed && nowMs - this.#flushedAtMs >= FLUSH_EVERY_MS) {
      this.#flushedAtMs = nowMs
      this.#isFlushed = true
      this.#gzip?.flush(constants.Z_SYNC_FLUSH)
    }
    this.#check()
  }

  async finish(): Promise<void> {
    this.#check()
    const closed = once(this.#file, "close")
    const into = this.#gzip ?? this.#file
    into.end()
    await closed
    this.#check()
    await rename(`${this.path}.partial`, this.path)
  }

  /** Leaves what there is under its unfinished name. */
  abandon(): void {
    const into = this.#gzip ?? this.#file
    into.end()
  }

  #check(): void {
    if (this.#failed !== null) throw this.#failed
  }
}

const isFull = (part: Part, rotation: Rotation, nowMs: number): boolean =>
  part.lines > 0 && (part.bytes >= rotation.bytes || nowMs - part.openedAtMs >= rotation.everyMs)

export const write = (
  path: string,
  lines: Stream.Stream<ReadonlyArray<string>>,
  rotation?: Rotation,
): Effect.Effect<Written, RecordingError> =>
  Effect.gen(function* () {
    const done: Array<{ path: string; lines: number }> = []
    const attempt = <A>(work: () => Promise<A>) => Effect.tryPromise({ try: work, catch: failure(path) })
    const open = Effect.map(
      Clock.currentTimeMillis,
      (nowMs) => new Part(rotation === undefined ? path : partPath(path, done.length + 1), nowMs),
    )
    let part = yield* open
    const finish = Effect.suspend(() => {
      const { lines, path } = part
      return Effect.map(attempt(() => part.finish()), () => done.push({ path, lines }))
    })
    const take = (batch: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        for (let from = 0; from === 0 || from < batch.length; from += LINES_AT_ONCE) {
          const nowMs = yield* Clock.currentTimeMillis
          if (rotation !== undefined && isFull(part, rotation, nowMs)) {
            yield* finish
            part = yield* open
          }
          yield* attempt(() => part.write(batch.slice(from, from + LINES_AT_ONCE), nowMs))
        }
      })
    yield* Stream.runForEach(lines, take).pipe(
      Effect.andThen(finish),
      Effect.onError(() => Effect.sync(() => part.abandon())),
    )
    return { lines: done.reduce((sum, { lines }) => sum + lines, 0), files: done }
  })
