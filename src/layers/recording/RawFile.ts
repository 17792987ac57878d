/**
 * Raw recordings read back: the rows that `record --raw` wrote, and their texts as they came.
 *
 * In: a path; of a recording in parts its first, the others follow. Out: rows with their line numbers, and beside them the
 * lines that are none. Promises: the text of a frame or body is what venue or library sent, character by character, where
 * it stands last in its row; a file that was cut is read up to its last whole line; no line is longer than 64 million
 * characters.
 */
import { createReadStream, existsSync } from "node:fs"
import { stat } from "node:fs/promises"
import type { Readable } from "node:stream"
import { constants, createGunzip } from "node:zlib"
import { Option, Schema } from "effect"
import { FeedKind } from "../../domain/Feed.ts"
import { badTick } from "../../domain/Tick.ts"
import { type BadLine, partPath } from "../Recording.ts"
import { isGzip } from "./RecordingFiles.ts"

const MAX_LINE_CHARACTERS = 64_000_000
const CHUNK_BYTES = 256 * 1024

const Payload = Schema.Union([
  Schema.Struct({
    dir: Schema.Literal("follow"),
    instruments: Schema.Array(Schema.String),
    kinds: Schema.Array(FeedKind),
    depth: Schema.Int,
  }),
  Schema.Struct({ dir: Schema.Literal("ask"), method: Schema.String, url: Schema.String }),
  Schema.Struct({
    dir: Schema.Literal("http"),
    method: Schema.String,
    url: Schema.String,
    status: Schema.Int,
    body: Schema.Unknown,
  }),
  Schema.Struct({ dir: Schema.Literals(["recv", "send"]), url: Schema.String, frame: Schema.Unknown }),
  Schema.Struct({ dir: Schema.Literal("lost") }),
])
const Row = Schema.Struct({ ts: Schema.Int, exchange: Schema.String, payload: Payload })
const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Row))

export interface RawRow {
  readonly line: number
  readonly atMs: number
  readonly venue: string
  readonly payload: typeof Payload.Type
  /** Of a frame or a body; null: bytes that nobody kept. */
  readonly text: string | null
}

export interface RawBatch {
  readonly rows: ReadonlyArray<RawRow>
  readonly bad: ReadonlyArray<BadLine>
  readonly progress: number
}

/** The text of the last value of the payload: what stands in the line, or what it says where it is a string. */
const textOf = (line: string, name: string, value: unknown): string | null => {
  if (value === null || typeof value === "string") return value
  const from = line.indexOf(`,"${name}":`)
  const text = line.slice(from + name.length + 4, -2)
  return from !== -1 && line.endsWith("}}") && Option.isSome(isJson(text)) ? text : JSON.stringify(value)
}

const isJson = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.Unknown))

const rowOf = (text: string, line: number): RawRow | BadLine => {
  const row = Option.getOrNull(decode(text))
  if (row === null) return { ...badTick("wrong_type", "not a row of a raw recording"), line }
  const { exchange: venue, payload, ts: atMs } = row
  const last = "frame" in payload
    ? textOf(text, "frame", payload.frame)
    : payload.dir === "http"
    ? textOf(text, "body", payload.body)
    : null
  return { line, atMs, venue, payload, text: last }
}

async function* linesOf(
  path: string,
): AsyncGenerator<{ readonly lines: ReadonlyArray<string>; readonly share: number }> {
  const { size } = await stat(path)
  const source = createReadStream(path, { highWaterMark: CHUNK_BYTES })
  const bytes: Readable = await isGzip(path)
    ? source.pipe(createGunzip({ chunkSize: CHUNK_BYTES, finishFlush: constants.Z_SYNC_FLUSH }))
    : source
  source.on("error", (error) => bytes.destroy(error))
  const decoder = new TextDecoder()
  let carry = ""
  for await (const chunk of bytes) {
    if (!(chunk instanceof Uint8Array)) continue
    const lines = (carry + decoder.decode(chunk, { stream: true })).split("\n")
    carry = lines.pop() ?? ""
    if (carry.length > MAX_LINE_CHARACTERS) throw new Error(`a line is longer than ${MAX_LINE_CHARACTERS} characters`)
    yield { lines, share: size === 0 ? 1 : source.bytesRead / size }
  }
  yield { lines: carry === "" ? [] : [carry], share: 1 }
}

const PART = /-(\d{4})((?:\.[a-z]+)?(?:\.gz)?)$/

/** The path, and where it is the part of a recording, the parts behind it. */
const partsFrom = (path: string): ReadonlyArray<string> => {
  const [, number, suffix] = PART.exec(path) ?? []
  if (number === undefined || suffix === undefined) return [path]
  const whole = path.slice(0, path.length - suffix.length - number.length - 1) + suffix
  const paths = [path]
  for (let n = Number(number) + 1; existsSync(partPath(whole, n)); n++) paths.push(partPath(whole, n))
  return paths
}

export async function* read(path: string): AsyncGenerator<RawBatch> {
  const paths = partsFrom(path)
  for (const [index, part] of paths.entries()) {
    let line = 0
    for await (const { lines, share } of linesOf(part)) {
      const rows: Array<RawRow> = [], bad: Array<BadLine> = []
      for (const text of lines) {
        line++
        if (text === "") continue
        const row = rowOf(text, line)
        if ("reason" in row) bad.push(row)
        else rows.push(row)
      }
      yield { rows, bad, progress: (index + share) / paths.length }
    }
  }
}
