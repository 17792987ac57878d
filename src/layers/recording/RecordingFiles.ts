/**
 * Recordings in files: the Recording port over node:fs and node:zlib.
 *
 * In: paths. Out: batches of ticks, one a chunk read. Promises: gzip is told by its first bytes, never by the name; a
 * line over 8 MB is refused without being held; a file that was cut gives everything up to its last whole line, and
 * says that it was cut; what is written takes its name when complete (RecordingWriter.ts).
 */
import { createReadStream, type ReadStream } from "node:fs"
import { open, stat } from "node:fs/promises"
import { type Readable, Writable } from "node:stream"
import { pipeline } from "node:stream/promises"
import { constants, createGunzip } from "node:zlib"
import { Layer, Stream } from "effect"
import { badTick, type Tick } from "../../domain/Tick.ts"
import * as TickCodec from "../../domain/TickCodec.ts"
import { type BadLine, Recording, type RecordingBatch } from "../Recording.ts"
import { failure } from "./Failure.ts"
import { write } from "./RecordingWriter.ts"

const MAX_LINE_CHARACTERS = 8_000_000
const GZIP_MAGIC = 0x1f8b
/** At the end of a gzip member: how long its content is, modulo 2^32. */
const GZIP_LENGTH_BYTES = 4

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

  /** `cut`: the file ends before its end was written. */
  end(cut: boolean): RecordingBatch {
    const ticks: Array<Tick> = [], bad: Array<BadLine> = []
    if (this.#carry !== "" || this.#skipping) this.#take(this.#carry, ticks, bad)
    const isTorn = bad.at(-1)?.reason === "not_json"
    if (isTorn) bad.pop()
    if (isTorn || cut) {
      const detail = `the file was cut: it is read up to line ${isTorn ? this.#line - 1 : this.#line}`
      bad.push({ ...badTick("not_json", detail), line: this.#line })
    }
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

export const isGzip = async (path: string): Promise<boolean> => {
  const file = await open(path, "r")
  try {
    const head = new Uint8Array(2)
    const { bytesRead } = await file.read(head, 0, 2, 0)
    return bytesRead === 2 && ((head[0] ?? 0) << 8 | (head[1] ?? 0)) === GZIP_MAGIC
  } finally {
    await file.close()
  }
}

/** Whether a gzip file has no end; `read`: bytes that came out of it. */
const isCut = async (path: string, size: number, read: number): Promise<boolean> => {
  const file = await open(path, "r")
  try {
    const tail = new Uint8Array(GZIP_LENGTH_BYTES)
    await file.read(tail, 0, GZIP_LENGTH_BYTES, Math.max(0, size - GZIP_LENGTH_BYTES))
    if (new DataView(tail.buffer).getUint32(0, true) === read % 2 ** 32) return false
  } finally {
    await file.close()
  }
  // Cut, or of several members, of which the last tells its own length alone: zlib knows.
  try {
    await pipeline(createReadStream(path), createGunzip(), new Writable({ write: (_chunk, _encoding, done) => done() }))
    return false
  } catch {
    return true
  }
}

async function* chunks(path: string): AsyncGenerator<RecordingBatch> {
  const { size } = await stat(path)
  const gzip = await isGzip(path)
  const source: ReadStream = createReadStream(path, { highWaterMark: 256 * 1024 })
  // A gzip stream that has no end gives all that is in it, instead of failing.
  const gunzip = () => createGunzip({ chunkSize: 256 * 1024, finishFlush: constants.Z_SYNC_FLUSH })
  const bytes: Readable = gzip ? source.pipe(gunzip()) : source
  // `pipe` does not carry a read error over to the gunzip stream.
  source.on("error", (error) => bytes.destroy(error))
  const decoder = new TextDecoder(), lines = new Lines()
  let read = 0
  for await (const chunk of bytes) {
    if (chunk instanceof Uint8Array) {
      read += chunk.byteLength
      yield lines.push(decoder.decode(chunk, { stream: true }), size === 0 ? 1 : source.bytesRead / size)
    }
  }
  yield lines.push(decoder.decode(), 1)
  yield lines.end(gzip && await isCut(path, size, read))
}

export const layer = Layer.succeed(Recording, {
  read: (path) => Stream.fromAsyncIterable(chunks(path), failure(path)),
  write,
})
