/**
 * A durable consumer of one embedded stream, shared by every worker that names it.
 *
 * A message is `new` -> `leased` (handed to one worker until its due time) -> gone by ack or term, or `leased` again
 * after nak (due at once or later) or when `ackWait` passed unanswered, until `maxDeliver` deliveries were made; then
 * it is given up and counted. At most `maxAckPending` are leased at once; no more are handed out then. Due times are
 * on the Clock of whoever pulls. In: the log. Out: batches of deliveries. At least once; new ones in stream order.
 */
import { Clock, Duration, Effect, Metric, Stream } from "effect"
import type { BusError, Delivery, Reader, StoredMessage, WorkOptions } from "../Bus.ts"
import { workAbandoned } from "../BusMetrics.ts"
import { anyMatcher } from "../SubjectPattern.ts"
import { startSequence, streamMissing } from "./OrderedReader.ts"
import { Signal } from "../Signal.ts"
import type { Follower, StreamLog } from "./StreamLog.ts"

interface Lease {
  attempt: number
  dueAtMs: number
}

export class WorkGroup implements Follower {
  readonly signal: Signal = new Signal()
  matches: (subject: string) => boolean
  abandoned = 0
  readonly #log: StreamLog
  readonly #leases: Map<number, Lease> = new Map()
  #options: WorkOptions
  #ackWaitMs: number
  /** The next sequence never handed out. */
  #cursor: number
  /** No lease is due before this; a lower bound, so that a pull need not look at every lease. */
  #nextDueMs = Infinity

  constructor(log: StreamLog, options: WorkOptions) {
    this.#log = log
    this.#options = options
    this.#ackWaitMs = Duration.toMillis(options.ackWait)
    this.matches = anyMatcher(options.subjects)
    this.#cursor = startSequence(log, options.start)
    log.followers.add(this)
  }

  /** A later worker brings newer limits; the position stays. */
  update(options: WorkOptions): void {
    this.#options = options
    this.#ackWaitMs = Duration.toMillis(options.ackWait)
    this.matches = anyMatcher(options.subjects)
  }

  /** How far behind it is, under the name it was asked for by. */
  get reader(): Reader {
    let pending = 0
    for (let sequence = Math.max(this.#cursor, this.#log.first); sequence <= this.#log.last; sequence++) {
      const message = this.#log.get(sequence)
      if (message !== undefined && this.matches(message.subject)) pending += 1
    }
    const leases = [...this.#leases.values()]
    return {
      name: this.#options.durable,
      pending,
      unanswered: leases.length,
      redelivered: leases.filter(({ attempt }) => attempt > 1).length,
    }
  }

  get nextDueMs(): number {
    return this.#nextDueMs
  }

  arrived(): void {
    this.signal.notify()
  }

  /** Work never holds up a publisher: it is the slow side by design and its stream is sized for that. */
  unreadFrom(): number {
    return Infinity
  }

  gone(): void {
    this.signal.notify()
  }

  /** True if a pull would look at something it has not looked at. */
  hasNews(nowMs: number): boolean {
    return this.#log.removed || this.#nextDueMs <= nowMs ||
      (this.#leases.size < this.#options.maxAckPending && this.#cursor <= this.#log.last)
  }

  take(nowMs: number, batchSize: number): Array<Delivery> {
    const batch: Array<Delivery> = []
    if (this.#nextDueMs <= nowMs) this.#takeDue(nowMs, batchSize, batch)
    this.#cursor = Math.max(this.#cursor, this.#log.first)
    for (; this.#cursor <= this.#log.last && batch.length < batchSize; this.#cursor++) {
      if (this.#leases.size >= this.#options.maxAckPending) break
      const message = this.#log.get(this.#cursor)
      if (message === undefined || !this.matches(message.subject)) continue
      this.#leases.set(this.#cursor, { attempt: 1, dueAtMs: nowMs + this.#ackWaitMs })
      this.#nextDueMs = Math.min(this.#nextDueMs, nowMs + this.#ackWaitMs)
      batch.push(this.#delivery(message, 1))
    }
    return batch
  }

  #takeDue(nowMs: number, batchSize: number, batch: Array<Delivery>): void {
    this.#nextDueMs = Infinity
    for (const [sequence, lease] of this.#leases) {
      if (lease.dueAtMs <= nowMs && batch.length < batchSize) {
        const message = this.#log.get(sequence)
        if (message === undefined || lease.attempt >= this.#options.maxDeliver) {
          this.#leases.delete(sequence)
          this.abandoned += 1
          continue
        }
        lease.attempt += 1
        lease.dueAtMs = nowMs + this.#ackWaitMs
        batch.push(this.#delivery(message, lease.attempt))
      }
      this.#nextDueMs = Math.min(this.#nextDueMs, lease.dueAtMs)
    }
  }

  #delivery(message: StoredMessage, attempt: number): Delivery {
    const { sequence } = message
    const settle = Effect.sync(() => {
      if (this.#leases.delete(sequence)) this.signal.notify()
    })
    const dueIn = (delayMs: number) =>
      Effect.map(Clock.currentTimeMillis, (nowMs) => {
        const lease = this.#leases.get(sequence)
        // A lease that was given to somebody else meanwhile is theirs to answer, but an ack counts from anyone.
        if (lease === undefined || lease.attempt !== attempt) return
        lease.dueAtMs = nowMs + delayMs
        this.#nextDueMs = Math.min(this.#nextDueMs, lease.dueAtMs)
        this.signal.notify()
      })
    return {
      ...message,
      attempt,
      ack: settle,
      nak: (delay) => dueIn(delay === undefined ? 0 : Duration.toMillis(delay)),
      term: () => settle,
      inProgress: Effect.suspend(() => dueIn(this.#ackWaitMs)),
    }
  }
}

/** One worker of `group`; see the header. */
export const workOn = (
  log: StreamLog,
  group: WorkGroup,
  options: WorkOptions,
): Stream.Stream<ReadonlyArray<Delivery>, BusError> => {
  const batchSize = Math.max(1, options.batchSize)
  const pull: Effect.Effect<readonly [ReadonlyArray<Delivery>], BusError> = Effect.flatMap(
    Clock.currentTimeMillis,
    (nowMs) => {
      if (log.removed) return Effect.fail(streamMissing("work", options.stream))
      log.expire(nowMs)
      const batch = group.take(nowMs, batchSize)
      const abandoned = group.abandoned
      group.abandoned = 0
      const next = batch.length > 0 ? Effect.succeed([batch] as const) : Effect.andThen(waitForNews(group, nowMs), pull)
      return abandoned === 0 ? next : Effect.andThen(Metric.update(workAbandoned, abandoned), next)
    },
  )
  return Stream.fromPull(Effect.succeed(pull))
}

const waitForNews = (group: WorkGroup, nowMs: number): Effect.Effect<void> => {
  const news = group.signal.waitUntil(() => group.hasNews(nowMs))
  return group.nextDueMs === Infinity
    ? news
    : Effect.raceFirst(news, Effect.sleep(Duration.millis(Math.max(0, group.nextDueMs - nowMs))))
}
