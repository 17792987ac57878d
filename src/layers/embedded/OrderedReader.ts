/**
 * An ordered consumer of one embedded stream: a position in the log and nothing else, so a stalled one costs no
 * memory of its own.
 *
 * In: the log and where to begin. Out: batches of at most `capacity` messages in stream order, as soon as one is
 * there. Promises: no loss and no repeat while the stream retains the messages; when its limits overtake the reader
 * that is counted and reading goes on at the oldest one left. Ends with `stream_missing` when the stream is removed.
 */
import { Clock, Effect, Metric, Stream } from "effect"
import { BusError, type ConsumeOptions, type StartAt, type StoredMessage } from "../Bus.ts"
import { consumerOvertaken } from "../BusMetrics.ts"
import { anyMatcher } from "../SubjectPattern.ts"
import { Signal } from "../Signal.ts"
import type { Follower, StreamLog } from "./StreamLog.ts"

export const streamMissing = (operation: string, stream: string): BusError =>
  new BusError({ reason: "stream_missing", operation, subject: stream, detail: `no stream ${stream}` })

/** The first sequence to read for a start point. */
export const startSequence = (log: StreamLog, start: StartAt): number => {
  switch (start._tag) {
    case "First":
      return log.first
    case "New":
      return log.last + 1
    case "Sequence":
      return Math.max(start.sequence, 1)
    case "Time":
      return log.sequenceAt(start.atMs)
  }
}

class OrderedReader implements Follower {
  readonly matches: (subject: string) => boolean
  readonly signal: Signal = new Signal()
  readonly #log: StreamLog
  readonly #capacity: number
  #cursor: number
  /** The oldest sequence that may concern us and was not handed over. */
  #unreadFrom: number
  overtaken = false

  constructor(log: StreamLog, options: ConsumeOptions) {
    this.#log = log
    this.#capacity = Math.max(1, options.capacity)
    this.matches = anyMatcher(options.subjects)
    this.#cursor = startSequence(log, options.start)
    this.#unreadFrom = this.#cursor <= log.last ? this.#cursor : Infinity
    log.followers.add(this)
  }

  arrived(sequence: number): void {
    if (sequence < this.#cursor) return
    if (this.#unreadFrom === Infinity) this.#unreadFrom = sequence
    this.signal.notify()
  }

  unreadFrom(): number {
    return this.#unreadFrom
  }

  gone(): void {
    this.signal.notify()
  }

  hasUnread(): boolean {
    return this.#unreadFrom !== Infinity || this.#log.removed
  }

  take(): Array<StoredMessage> {
    const log = this.#log
    if (this.#unreadFrom < log.first) this.overtaken = true
    const batch: Array<StoredMessage> = []
    let sequence = Math.max(this.#cursor, log.first)
    for (; sequence <= log.last && batch.length < this.#capacity; sequence++) {
      const message = log.get(sequence)
      if (message !== undefined && this.matches(message.subject)) batch.push(message)
    }
    this.#cursor = Math.max(sequence, this.#cursor)
    this.#unreadFrom = this.#cursor <= log.last ? this.#cursor : Infinity
    log.room.notify()
    return batch
  }

  leave(): void {
    this.#log.followers.delete(this)
    this.#log.room.notify()
  }
}

/** Reads `log` from `options.start`; see the header. */
export const consumeLog = (
  log: StreamLog,
  options: ConsumeOptions,
): Stream.Stream<ReadonlyArray<StoredMessage>, BusError> =>
  Stream.fromPull(Effect.gen(function* () {
    log.expire(yield* Clock.currentTimeMillis)
    const reader = yield* Effect.acquireRelease(
      Effect.sync(() => new OrderedReader(log, options)),
      (reader) => Effect.sync(() => reader.leave()),
    )
    const pull: Effect.Effect<readonly [ReadonlyArray<StoredMessage>], BusError> = Effect.suspend(() => {
      if (log.removed) return Effect.fail(streamMissing("consume", options.stream))
      const batch = reader.take()
      const next = batch.length > 0
        ? Effect.succeed([batch] as const)
        : Effect.andThen(reader.signal.waitUntil(() => reader.hasUnread()), pull)
      if (!reader.overtaken) return next
      reader.overtaken = false
      return Effect.andThen(Metric.update(consumerOvertaken, 1), next)
    })
    const expire = Effect.map(Clock.currentTimeMillis, (nowMs) => log.expire(nowMs))
    return Effect.andThen(expire, pull)
  })).pipe(Stream.scoped)
