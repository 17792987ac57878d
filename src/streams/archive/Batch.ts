/**
 * A batch: a stretch of one stream as lines, by the file they belong into.
 *
 * In: messages, in order. Out: buffers by group. Promises: the same messages under the same generation make the same
 * bytes, so that a batch that was interrupted can be made again; it is `full` before one more message could bring it
 * beyond 100 MB or 100,000 records; buffers are used again by the next one.
 */
import * as ArchiveEvent from "../../domain/ArchiveEvent.ts"
import { familyGroup } from "../../domain/ArchiveLayout.ts"
import type { StoredMessage } from "../../layers/Bus.ts"
import { FrameLines } from "./FrameLines.ts"
import { LineBuffer } from "./LineBuffer.ts"

export const MOST_BYTES = 100_000_000
export const MOST_RECORDS = 100_000
/** What one more message may bring: 64 KB of frames are some 1,100 quotes, or 5,400 heartbeats of 12 bytes. */
const RESERVE_RECORDS = 6_000
const RESERVE_BYTES = 2_000_000

/** What a stream's messages are. */
export type Content = "frames" | "events"

const decoder = new TextDecoder()

export class Batch {
  readonly #content: Content
  readonly #fullAt: number
  readonly #lines = new FrameLines()
  readonly #files = new Map<string, LineBuffer>()
  readonly #spare: Array<LineBuffer> = []
  #unreadableEvents = 0
  #records = 0
  #last = 0

  constructor(content: Content, mostRecords = MOST_RECORDS) {
    this.#content = content
    this.#fullAt = Math.max(1, mostRecords - RESERVE_RECORDS)
  }

  get records(): number {
    return this.#records
  }

  /** Sequence of the last message taken. */
  get last(): number {
    return this.#last
  }

  /** Messages, or frames in them, that could not be read since the beginning. */
  get unreadable(): number {
    return this.#lines.unreadable + this.#unreadableEvents
  }

  get isFull(): boolean {
    if (this.#records >= this.#fullAt) return true
    let bytes = 0
    for (const buffer of this.#files.values()) bytes += buffer.length
    return bytes > MOST_BYTES - RESERVE_BYTES
  }

  /** Groups with their lines, in order of their names. */
  get files(): ReadonlyArray<readonly [group: string, lines: LineBuffer]> {
    return [...this.#files].sort(([a], [b]) => a < b ? -1 : 1)
  }

  take(generation: string, message: StoredMessage): void {
    const { sequence } = message
    this.#last = sequence
    if (this.#content === "events") return this.#event(`${generation}-${sequence}-0`, message)
    this.#records += this.#lines.take(`${generation}-${sequence}`, message.data, this.#bufferOf)
  }

  clear(): void {
    for (const buffer of this.#files.values()) {
      buffer.clear()
      this.#spare.push(buffer)
    }
    this.#files.clear()
    this.#lines.forgetBuffers()
    this.#records = 0
  }

  #event(id: string, { data, storedAtMs, subject }: StoredMessage): void {
    const event = ArchiveEvent.eventOf({ id, subject, storedAtMs, text: decoder.decode(data) })
    if (event === null) {
      this.#unreadableEvents++
      return
    }
    const buffer = this.#bufferOf(familyGroup(event.family, event.timestamp))
    buffer.text(`${event.line}\n`)
    buffer.records++
    this.#records++
  }

  readonly #bufferOf = (group: string): LineBuffer => {
    const known = this.#files.get(group)
    if (known !== undefined) return known
    const buffer = this.#spare.pop() ?? new LineBuffer()
    this.#files.set(group, buffer)
    return buffer
  }
}
