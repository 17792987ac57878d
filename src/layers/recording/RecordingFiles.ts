/**
 * Recordings in files: the Recording port over node:fs and node:zlib.
 *
 * In: paths. Out: batches of ticks, one a chunk read. Promises: gzip is told by its first bytes, never by the name; a
 * line over 8 MB is refused without being held; what is written goes to a temporary file beside the target and takes
 * its name when complete, so a kill never leaves half a recording under a final name.
 */
import { createReadStream, createWriteStream, type ReadStream } from "node:fs"
import { open, rename, stat } from "node:fs/promises"
import { Readable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { createGunzip, createGzip } from "node:zlib"
import { Effect, Layer, Stream } from "effect"
import { badTick, type Tick } from "../../domain/Tick.ts"
import * as TickCodec from "../../domain/TickCodec.ts"
import { type BadLine, Recording, type RecordingBatch, RecordingError } from "../Recording.ts"

const MAX_LINE_CHARACTERS = 8_000_000
const GZIP_MAGIC = 0x1f8b

/** Cuts text into lines and lines into ticks; keeps what a chunk leaves unfinished. */
class Lines {
  #carry = ""
  /** True while the rest of a line that was too long is thrown away. */
  #skipping = false
  #line = 0
  #newest = -1

  push(text: string, progress: number): RecordingBatch {
    const ticks: Array<Tick> = [], bad: Array<BadLine> = []
    let start = 0
    for (let end = text.indexOf("\n"); end !== -1; end = text.indexOf("\n", start)) {
      this.#take(this.#carry + text.slice(start, end), ticks, bad)
      this.#carry = ""
      start = end + 1
    }
    this.#carry += text.slice(start)
    if (this.#carry.length > MAX_LINE_CHARACTERS) {
      if (!this.#skipping) {
        bad.push({ ...badTick("too_large", `over ${MAX_LINE_CHARACTERS} characters`), line: this.#line + 1 })
      }
      this.#skipping = true
      this.#carry = ""
    }
    return { ticks, bad, progress }
  }

  end(): RecordingBatch {
    const ticks: Array<Tick> = [], bad: Array<BadLine> = []
    if (this.#carry !== "" || this.#skipping) this.#take(this.#carry, ticks, bad)
    return { ticks, bad, progress: 1 }
  }

  #take(line: string, ticks: Array<Tick>, bad: Array<BadLine>): void {
    this.#line++
    if (this.#skipping) {
      this.#skipping = false
      return
    }
    if (line === "" || line === "\r") return
    const decoded = TickCodec.fromLine(line)
    if (TickCodec.isBad(decoded)) bad.push({ ...decoded, line: this.#line })
    else if (decoded.ingestTime < this.#newest) {
      bad.push({ ...badTick("time_backwards", `${decoded.ingestTime} after ${this.#newest}`), line: this.#line })
    } else {
      this.#newest = decoded.ingestTime
      ticks.push(decoded)
    }
  }
}

const codeOf = (cause: unknown): string =>
  typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : ""

const failure = (path: string) => (cause: unknown): RecordingError => {
  const code = codeOf(cause)
  const detail = cause instanceof Error ? cause.message : String(cause)
  const reason = code === "ENOENT"
    ? "not_found"
    : code === "EACCES" || code === "EISDIR" || code === "EPERM"
    ? "not_readable"
    : code.startsWith("Z_")
    ? "corrupt"
    : "io"
  return new RecordingError({ reason, path, detail })
}

const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path, "r")
  try {
    const head = new Uint8Array(2)
    const { bytesRead } = await file.read(head, 0, 2, 0)
    return bytesRead === 2 && ((head[0] ?? 0) << 8 | (head[1] ?? 0)) === GZIP_MAGIC
  } finally {
    await file.close()
  }
}

async function* chunks(path: string): AsyncGenerator<RecordingBatch> {
  const { size } = await stat(path)
  const gzip = await isGzip(path)
  const source: ReadStream = createReadStream(path, { highWaterMark: 256 * 1024 })
  const bytes: Readable = gzip ? source.pipe(createGunzip({ chunkSize: 256 * 1024 })) : source
  // `pipe` does not carry a read error over to the gunzip stream.
  source.on("error", (error) => bytes.destroy(error))
  const decoder = new TextDecoder(), lines = new Lines()
  for await (const chunk of bytes) {
    if (chunk instanceof Uint8Array) {
      yield lines.push(decoder.decode(chunk, { stream: true }), size === 0 ? 1 : source.bytesRead / size)
    }
  }
  yield lines.push(decoder.decode(), 1)
  yield lines.end()
}

const write = (path: string, lines: Stream.Stream<ReadonlyArray<string>>): Effect.Effect<number, RecordingError> =>
  Effect.gen(function* () {
    let written = 0
    const partial = `${path}.partial`
    const text = lines.pipe(Stream.map((batch) => {
      written += batch.length
      return batch.map((line) => `${line}\n`).join("")
    }))
    const iterable = yield* Stream.toAsyncIterableEffect(text)
    yield* Effect.tryPromise({
      try: async () => {
        const stages = path.endsWith(".gz") ? [createGzip()] : []
        await pipeline([Readable.from(iterable), ...stages, createWriteStream(partial)])
        await rename(partial, path)
      },
      catch: failure(path),
    })
    return written
  })

export const layer = Layer.succeed(Recording, {
  read: (path) => Stream.fromAsyncIterable(chunks(path), failure(path)),
  write,
})
