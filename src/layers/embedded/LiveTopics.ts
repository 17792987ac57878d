/**
 * Live messages inside this process: at most once, nobody listening, nobody told.
 *
 * In: messages on subjects. Out: a stream per subscriber. Each subscriber's buffer holds `capacity` messages; when it
 * is full its oldest is dropped and counted. Delivery never waits for a subscriber.
 */
import { Effect, Metric, Queue, Stream } from "effect"
import type { LiveMessage, OutgoingMessage } from "../Bus.ts"
import { liveDropped } from "../BusMetrics.ts"
import { matcher } from "../SubjectPattern.ts"

interface Subscriber {
  readonly matches: (subject: string) => boolean
  readonly queue: Queue.Queue<LiveMessage>
  dropped: number
}

/** Subjects whose subscribers are remembered; beyond it the memory starts afresh. */
const ROUTE_CAPACITY = 16_384
const NO_HEADERS: Readonly<Record<string, string>> = {}

export class LiveTopics {
  readonly #subscribers: Set<Subscriber> = new Set()
  readonly #routes: Map<string, ReadonlyArray<Subscriber>> = new Map()

  deliver(message: OutgoingMessage): void {
    if (this.#subscribers.size === 0) return
    const { subject, data } = message
    for (const subscriber of this.#route(subject)) {
      if (Queue.isFullUnsafe(subscriber.queue)) subscriber.dropped += 1
      Queue.offerUnsafe(subscriber.queue, { subject, data, headers: message.headers ?? NO_HEADERS })
    }
  }

  subscribe(pattern: string, capacity: number): Stream.Stream<LiveMessage> {
    return Stream.fromPull(Effect.gen({ self: this }, function* () {
      const queue = yield* Queue.sliding<LiveMessage>(Math.max(1, capacity))
      const subscriber: Subscriber = { matches: matcher(pattern), queue, dropped: 0 }
      yield* Effect.acquireRelease(
        Effect.sync(() => this.#change(() => this.#subscribers.add(subscriber))),
        () => Effect.sync(() => this.#change(() => this.#subscribers.delete(subscriber))),
      )
      const count = Effect.suspend(() => {
        const dropped = subscriber.dropped
        subscriber.dropped = 0
        return dropped === 0 ? Effect.void : Metric.update(liveDropped.bufferFull, dropped)
      })
      return Effect.tap(Queue.takeAll(queue), count)
    })).pipe(Stream.scoped)
  }

  #route(subject: string): ReadonlyArray<Subscriber> {
    const known = this.#routes.get(subject)
    if (known !== undefined) return known
    if (this.#routes.size >= ROUTE_CAPACITY) this.#routes.clear()
    const route = [...this.#subscribers].filter((subscriber) => subscriber.matches(subject))
    this.#routes.set(subject, route)
    return route
  }

  #change(act: () => void): void {
    act()
    this.#routes.clear()
  }
}
