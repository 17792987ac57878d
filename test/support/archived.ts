/**
 * What is in an archive, read without the product's own readers: by gunzip, line by line.
 *
 * In: files. Out: their lines by file; ids of records.
 */
import { gunzipSync } from "node:zlib"

const ID = /^\{"event_id":"([^"]+)"/

export const linesOf = (bytes: Uint8Array): ReadonlyArray<string> =>
  gunzipSync(bytes).toString().split("\n").filter((line) => line !== "")

export const idOf = (line: string): string => ID.exec(line)?.[1] ?? `no id: ${line.slice(0, 80)}`

/** The record without what the archive adds to it. */
export const recordOf = (line: string): Record<string, unknown> => {
  const { event_id: _id, mark: _mark, source: _source, ...record } = JSON.parse(line)
  return record
}
