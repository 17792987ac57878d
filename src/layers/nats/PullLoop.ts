/**
 * Messages of one pull consumer, never more on our side than there is room for.
 *
 * `opening` (the consumer is made sure of) -> `flowing` (the server owes us at most the free room) -> `opening` again
 * after a reconnect, a lost heartbeat, a deleted consumer or a gap -> `failed` for reasons not worth retrying.
 * NATS.js's own consumers ask for more when messages arrive, not when they are used, so their buffer has no bound;
 * here what is buffered plus what is asked for never exceeds `capacity`. In: a source that opens the consumer and
 * reads a message. Out: arrays. Real timers.
 */
import { createInbox, type Msg, type Subscription } from "@nats-io/nats-core"
import { Effect, Stream } from "effect"
import { BusError } from "../Bus.ts"
import { Signal } from "../Signal.ts"
import { toBusError } from "./Errors.ts"
import { type Link, realSleep } from "./Link.ts"

const REQUEST_EXPIRES_MS = 30_000
const HEARTBEAT_MS = 1000
/** No sign of life for this long while messages are asked for: the consumer is opened anew. */
const SILENCE_MS = 3500
const FIRST_RETRY_MS = 50
const RETRY_CAP_MS = 1000
const NANOS_PER_MS = 1_000_000

/** Where a message stands, as its reply subject says. */
export interface Position {
  readonly attempt: number
  readonly streamSequence: number
  readonly consumerSequence: number
  readonly storedAtMs: number
}

/** `read` answers with one of these instead of a value. */
export const SKIP: unique symbol = Symbol("skip")
export const GAP: unique symbol = Symbol("gap")

export interface Source<A> {
  readonly operation: string
  /** The stream's name on the server. */
  readonly stream: string
  readonly capacity: number
  /** Makes sure the consumer exists; its name on the server. */
  readonly open: Effect.Effect<string, BusError>
  /** SKIP leaves the message out, GAP asks for a new consumer. */
  readonly read: (message: Msg, position: Position) => A | typeof SKIP | typeof GAP
  /** Once a second: what waits to be handed over, should the server give it to somebody else meanwhile. */
  readonly keep?: (buffered: ReadonlyArray<A>) => void
  /** What was not handed over when the reader leaves. */
  readonly leave: (consumer: string | undefined, buffered: ReadonlyArray<A>) => void
}

/** Reads `$JS.ACK.[domain.account.]stream.consumer.deliveries.streamSeq.consumerSeq.nanos.pending[.token]`. */
export const readPosition = (reply: string): Position => {
  const tokens = reply.split(".")
  const at = tokens.length > 9 ? 6 : 4
  return {
    attempt: Number(tokens[at]),
    streamSequence: Number(tokens[at + 1]),
    consumerSequence: Number(tokens[at + 2]),
    storedAtMs: Number(tokens[at + 3]?.slice(0, -6)),
  }
}

class PullLoop<A> {
  readonly #link: Link
  readonly #source: Source<A>
  readonly #capacity: number
  readonly #arrived: Signal = new Signal()
  readonly #renewal: Signal = new Signal()
  readonly #listener = { up: () => this.#renew(), down: () => this.#hush() }
  readonly #watch: ReturnType<typeof setInterval>
  #subscription: Subscription | undefined
  #inbox = ""
  #consumer: string | undefined
  #buffer: Array<A> = []
  /** Asked for and not yet received. */
  #owed = 0
  #aliveAtMs = 0
  #stale = true
  #failure: BusError | undefined

  constructor(link: Link, source: Source<A>) {
    this.#link = link
    this.#source = source
    this.#capacity = Math.max(1, Math.trunc(source.capacity))
    link.listeners.add(this.#listener)
    this.#watch = setInterval(() => {
      if (this.#owed > 0 && this.#link.up && performance.now() - this.#aliveAtMs > SILENCE_MS) this.#renew()
      if (this.#buffer.length > 0 && this.#link.up) this.#source.keep?.(this.#buffer)
    }, HEARTBEAT_MS)
  }

  close(): void {
    clearInterval(this.#watch)
    this.#link.listeners.delete(this.#listener)
    this.#subscription?.unsubscribe()
    this.#source.leave(this.#consumer, this.#buffer)
  }

  /** Keeps the consumer open; runs for as long as the reader lives. */
  get supervise(): Effect.Effect<void> {
    const opened = Effect.gen({ self: this }, function* () {
      for (let retryMs = FIRST_RETRY_MS;; retryMs = Math.min(RETRY_CAP_MS, retryMs * 2)) {
        yield* this.#link.changed.waitUntil(() => this.#link.up)
        this.#stale = false
        const result = yield* Effect.result(this.#source.open)
        if (result._tag === "Success") return result.success
        if (!result.failure.retryable) return yield* result.failure
        yield* realSleep(retryMs)
      }
    })
    return Effect.gen({ self: this }, function* () {
      while (true) {
        this.#flow(yield* opened)
        yield* this.#renewal.waitUntil(() => this.#stale)
      }
    }).pipe(
      Effect.catchDefect((defect) => Effect.fail(toBusError(this.#source.operation, this.#source.stream)(defect))),
      Effect.catch((error) => Effect.sync(() => this.#fail(error))),
    )
  }

  /** What has arrived, at least one message; it makes room for as many. */
  get take(): Effect.Effect<readonly [ReadonlyArray<A>], BusError> {
    return Effect.suspend(() => {
      const batch = this.#buffer
      if (batch.length > 0) {
        this.#buffer = []
        this.#ask()
        return Effect.succeed([batch] as const)
      }
      if (this.#failure !== undefined) return Effect.fail(this.#failure)
      const ready = this.#arrived.waitUntil(() => this.#buffer.length > 0 || this.#failure !== undefined)
      return Effect.andThen(ready, this.take)
    })
  }

  #flow(consumer: string): void {
    this.#hush()
    this.#consumer = consumer
    this.#inbox = createInbox()
    const subscription = this.#link.connection.subscribe(this.#inbox, {
      callback: (error, message) => {
        if (subscription !== this.#subscription) return
        if (error === null) this.#receive(message)
        else this.#fail(new BusError({ ...this.#place, reason: "rejected", detail: error.message }))
      },
    })
    this.#subscription = subscription
    this.#ask()
  }

  /** Nothing more comes from the consumer of before. */
  #hush(): void {
    this.#subscription?.unsubscribe()
    this.#subscription = undefined
    this.#owed = 0
  }

  #renew(): void {
    this.#hush()
    this.#stale = true
    this.#renewal.notify()
  }

  #ask(): void {
    const room = this.#capacity - this.#buffer.length - this.#owed
    // Half the room at once, so that a fast reader does not ask for every message.
    if (this.#subscription === undefined || room <= 0 || room * 2 < this.#capacity) return
    if (this.#owed === 0) this.#aliveAtMs = performance.now()
    this.#owed += room
    const request = {
      batch: room,
      expires: REQUEST_EXPIRES_MS * NANOS_PER_MS,
      idle_heartbeat: HEARTBEAT_MS * NANOS_PER_MS,
    }
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${this.#source.stream}.${this.#consumer}`
    this.#link.post(subject, JSON.stringify(request), this.#inbox)
  }

  #receive(message: Msg): void {
    this.#aliveAtMs = performance.now()
    if (message.subject === this.#inbox) return this.#heed(message)
    this.#owed -= 1
    const value = this.#source.read(message, readPosition(message.reply ?? ""))
    if (value === GAP) return this.#renew()
    if (value === SKIP) return this.#ask()
    this.#buffer.push(value)
    if (this.#buffer.length === 1) this.#arrived.notify()
  }

  /** A status instead of a message. */
  #heed(message: Msg): void {
    const code = message.headers?.code
    if (code === 100) return
    if (code === 408 || code === 404) {
      // The request ended; what it still owed will not come.
      const left = Number(message.headers?.get("Nats-Pending-Messages"))
      this.#owed = left > 0 ? Math.max(0, this.#owed - left) : 0
      return this.#ask()
    }
    this.#renew()
  }

  #fail(error: BusError): void {
    this.#hush()
    this.#failure = error
    this.#arrived.notify()
  }

  get #place() {
    return { operation: this.#source.operation, subject: this.#source.stream }
  }
}

/** A stream of what `source` reads; see the header. */
export const pullFrom = <A>(link: Link, source: Source<A>): Stream.Stream<ReadonlyArray<A>, BusError> =>
  Stream.fromPull(Effect.gen(function* () {
    const loop = yield* Effect.acquireRelease(
      Effect.sync(() => new PullLoop(link, source)),
      (loop) => Effect.sync(() => loop.close()),
    )
    yield* Effect.forkScoped(loop.supervise)
    return loop.take
  })).pipe(Stream.scoped)
