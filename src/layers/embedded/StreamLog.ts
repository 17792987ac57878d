/**
 * One embedded stream: its messages in memory, oldest first.
 *
 * In: messages with the time they arrive at. Out: sequences from 1, the messages between two limits, their state.
 * Promises: never more than `maxBytes` (each message counts its text plus MESSAGE_OVERHEAD_BYTES) nor `maxMessages`, nor
 * older than `maxAge`; the oldest goes first, or the new one is refused. A message id repeated inside the dedup window is stored once; at most
 * DEDUP_CAPACITY ids are remembered, the oldest is forgotten first. Plain code: the caller brings the time, so any
 * Clock will do.
 */
import { Duration } from "effect"
import type { OutgoingMessage, Pending, PublishAck, StoredMessage, StreamSpec, StreamState } from "../Bus.ts"
import { anyMatcher } from "../SubjectPattern.ts"
import { Signal } from "../Signal.ts"

export const MESSAGE_OVERHEAD_BYTES = 64
export const DEDUP_CAPACITY = 262_144
/** Below this many free slots in front the array is left alone. */
const COMPACT_AT = 1024

const NO_HEADERS: Readonly<Record<string, string>> = {}

/** What one message weighs against `maxBytes`. */
export const messageBytes = (message: OutgoingMessage | StoredMessage): number => {
  let bytes = MESSAGE_OVERHEAD_BYTES + message.subject.length + message.data.byteLength
  for (const name in message.headers) bytes += name.length + (message.headers[name]?.length ?? 0)
  return bytes
}

/** Someone who reads the stream: told about every new message that concerns it. */
export interface Follower {
  readonly matches: (subject: string) => boolean
  /** Called after the message was stored. */
  readonly arrived: (sequence: number) => void
  /** The oldest stored message it still has to read, if any: a waiting publisher spares it. */
  readonly unreadFrom: () => number
  /** Called when the stream was removed. */
  readonly gone: () => void
}

export class StreamLog {
  readonly followers: Set<Follower> = new Set()
  /** Notified when a follower moved on or left, so that a publisher waiting for room looks again. */
  readonly room: Signal = new Signal()
  removed = false
  spec: StreamSpec
  captures: (subject: string) => boolean
  #items: Array<StoredMessage | undefined> = []
  #head = 0
  #first = 1
  #bytes = 0
  readonly #lastBySubject: Map<string, number> = new Map()
  readonly #seen: Map<string, { readonly sequence: number; readonly atMs: number }> = new Map()

  constructor(spec: StreamSpec) {
    this.spec = spec
    this.captures = anyMatcher(spec.subjects)
  }

  get first(): number {
    return this.#first
  }

  get last(): number {
    return this.#first + this.#items.length - this.#head - 1
  }

  /** Takes over new limits; what exceeds them goes at once. */
  update(spec: StreamSpec, nowMs: number): void {
    this.spec = spec
    this.captures = anyMatcher(spec.subjects)
    this.#enforce(nowMs)
  }

  remove(): void {
    this.removed = true
    this.room.notify()
    for (const follower of this.followers) follower.gone()
  }

  /** True if the message fits without discarding one that a follower has not read. */
  hasRoom(message: OutgoingMessage): boolean {
    if (this.#fits(message)) return true
    for (const follower of this.followers) if (follower.unreadFrom() <= this.#first) return false
    return true
  }

  /** True if it could never be stored. */
  isTooLarge(message: OutgoingMessage): boolean {
    return message.data.byteLength > (this.spec.maxMessageBytes ?? Infinity) ||
      messageBytes(message) > this.spec.maxBytes
  }

  /** True if the message is not to be stored: the stream is full, and says so rather than discard. */
  refuses(message: OutgoingMessage, nowMs: number): boolean {
    if (this.spec.whenFull !== "refuse") return false
    this.expire(nowMs)
    return !this.#fits(message)
  }

  append(message: OutgoingMessage, nowMs: number): PublishAck {
    if (message.messageId !== undefined) {
      this.#forgetIds(nowMs)
      const known = this.#seen.get(message.messageId)
      if (known !== undefined) return { sequence: known.sequence, duplicate: true }
    }
    const sequence = this.last + 1
    const { subject, data } = message
    this.#items.push({ subject, data, headers: message.headers ?? NO_HEADERS, sequence, storedAtMs: nowMs })
    this.#bytes += messageBytes(message)
    this.#lastBySubject.set(subject, sequence)
    if (message.messageId !== undefined) this.#seen.set(message.messageId, { sequence, atMs: nowMs })
    this.#enforce(nowMs)
    for (const follower of this.followers) if (follower.matches(subject)) follower.arrived(sequence)
    return { sequence, duplicate: false }
  }

  get(sequence: number): StoredMessage | undefined {
    return sequence < this.#first ? undefined : this.#items[this.#head + sequence - this.#first]
  }

  lastOn(subject: string): StoredMessage | undefined {
    const sequence = this.#lastBySubject.get(subject)
    return sequence === undefined ? undefined : this.get(sequence)
  }

  /** The messages on `subject` behind the sequence `after`. */
  pending(subject: string, after: number): Pending {
    const last = this.#lastBySubject.get(subject) ?? 0
    let messages = 0, oldestStoredAtMs: number | null = null
    for (let sequence = Math.max(after + 1, this.#first); sequence <= last; sequence++) {
      const message = this.get(sequence)
      if (message?.subject !== subject) continue
      messages++
      oldestStoredAtMs ??= message.storedAtMs
    }
    return { messages, oldestStoredAtMs }
  }

  /** The first sequence stored at `atMs` or later; one past the last if there is none. */
  sequenceAt(atMs: number): number {
    for (let sequence = this.#first; sequence <= this.last; sequence++) {
      if ((this.get(sequence)?.storedAtMs ?? 0) >= atMs) return sequence
    }
    return this.last + 1
  }

  state(): StreamState {
    return {
      firstSequence: this.#first,
      lastSequence: this.last,
      messages: this.#count,
      bytes: this.#bytes,
    }
  }

  /** Discards what is too old at `nowMs`. */
  expire(nowMs: number): void {
    const oldestMs = nowMs - Duration.toMillis(this.spec.maxAge)
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      if (item.storedAtMs > oldestMs) return
      this.#discard(item)
    }
  }

  get #count(): number {
    return this.#items.length - this.#head
  }

  get #mostMessages(): number {
    return this.spec.maxMessages ?? Infinity
  }

  #fits(message: OutgoingMessage): boolean {
    return this.#bytes + messageBytes(message) <= this.spec.maxBytes && this.#count < this.#mostMessages
  }

  #enforce(nowMs: number): void {
    for (let item = this.#items[this.#head]; item !== undefined; item = this.#items[this.#head]) {
      if (this.#bytes <= this.spec.maxBytes && this.#count <= this.#mostMessages) break
      this.#discard(item)
    }
    this.expire(nowMs)
  }

  #discard(item: StoredMessage): void {
    this.#bytes -= messageBytes(item)
    if (this.#lastBySubject.get(item.subject) === item.sequence) this.#lastBySubject.delete(item.subject)
    this.#items[this.#head] = undefined
    this.#head += 1
    this.#first += 1
    if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
  }

  #forgetIds(nowMs: number): void {
    const oldestMs = nowMs - Duration.toMillis(this.spec.dedupWindow)
    for (const [id, { atMs }] of this.#seen) {
      if (atMs > oldestMs && this.#seen.size < DEDUP_CAPACITY) return
      this.#seen.delete(id)
    }
  }
}
