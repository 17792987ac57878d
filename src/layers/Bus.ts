/**
 * The Bus port: how messages travel between roles, whatever carries them.
 *
 * Two implementations pass one conformance suite: `nats/` (JetStream, durable) and `embedded/` (in this process;
 * volatile: a kill loses every stream). In: frames, transitions, facts, live ticks. Out: the same, in stream order.
 * Promises: a durable publish is acknowledged before it returns and stored once per message id within the stream's
 * dedup window; `consume` is in order without loss while the stream retains the messages; `work` is at least once.
 */
import { Context, type Duration, type Effect, Option, Schema, type Scope, type Stream } from "effect"

/** `unavailable` and `timeout` are worth retrying; the others are not. */
export const BusReason = Schema.Literals([
  "unavailable",
  "timeout",
  "stream_missing",
  "too_large",
  "revision_conflict",
  "rejected",
])
export type BusReason = typeof BusReason.Type

/** What went wrong on the bus, during which operation, and where. */
export class BusError extends Schema.TaggedError<BusError>()("BusError", {
  reason: BusReason,
  operation: Schema.String,
  subject: Schema.String,
  detail: Schema.String,
}) {
  get retryable(): boolean {
    return this.reason === "unavailable" || this.reason === "timeout"
  }

  override get message(): string {
    return `${this.operation} on ${this.subject === "" ? "the bus" : this.subject}: ${this.reason}: ${this.detail}`
  }
}

/** How safely the bus keeps something; embedded there is one copy, in memory, whatever is asked for. */
export interface Keeping {
  /** Copies on servers of a cluster: 1 (default), 3 or 5. */
  readonly replicas?: number
  /** Default `file`. It cannot be changed once there is something. */
  readonly storage?: "file" | "memory"
}

/** A durable stream's declaration. Subjects may use the `*` and `>` wildcards. A limit left out is none. */
export interface StreamSpec extends Keeping {
  readonly name: string
  readonly subjects: ReadonlyArray<string>
  readonly maxBytes: number
  readonly maxAge: Duration.Duration
  /** Repeats of a message id inside this window are stored once. */
  readonly dedupWindow: Duration.Duration
  readonly maxMessages?: number
  /** A larger message is `too_large`. */
  readonly maxMessageBytes?: number
  /** `discard_old` (default): the oldest messages go; `refuse`: a publish is `rejected`. */
  readonly whenFull?: "discard_old" | "refuse"
  /** Single messages may be forgotten sooner than `maxAge`, where the bus can: `OutgoingMessage.timeToLive`. */
  readonly timeToLivePerMessage?: boolean
}

/**
 * A bucket's declaration. `timeToLive` is per bucket and applies to every key since its last write. A write beyond
 * `maxBytes` is `rejected`.
 */
export interface BucketSpec extends Keeping {
  readonly name: string
  readonly timeToLive: Option.Option<Duration.Duration>
  readonly maxBytes: number
  /** A larger value is `too_large`. */
  readonly maxValueBytes?: number
}

export interface OutgoingMessage {
  readonly subject: string
  readonly data: Uint8Array
  /** Makes a retried publish harmless inside the dedup window. */
  readonly messageId?: string
  /**
   * The stream may forget it after so long, if it is declared so and the bus can (NATS >= 2.11); else it goes with the
   * others. Of durable messages only.
   */
  readonly timeToLive?: Duration.Duration
  readonly headers?: Readonly<Record<string, string>>
}

export interface StoredMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** Position in the stream, from 1, without gaps while nothing was discarded between. */
  readonly sequence: number
  /** When the bus stored it (integer ms since the epoch, UTC). */
  readonly storedAtMs: number
}

export interface LiveMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
}

/** What answers a request. */
export type Reply = Pick<OutgoingMessage, "data" | "headers">

/**
 * Where an ordered consumer begins. `Sequence` is inclusive; one beyond the last is waited for, so whoever keeps a
 * checkpoint longer than the stream lives compares it with `streamState` first.
 */
export type StartAt =
  | { readonly _tag: "First" }
  | { readonly _tag: "New" }
  | { readonly _tag: "Sequence"; readonly sequence: number }
  | { readonly _tag: "Time"; readonly atMs: number }

export interface ConsumeOptions {
  readonly stream: string
  /** Filters inside the stream; empty means all its subjects. */
  readonly subjects: ReadonlyArray<string>
  readonly start: StartAt
  /** Messages held on our side at most; a full buffer stops the flow from the server. */
  readonly capacity: number
}

export interface WorkOptions {
  readonly stream: string
  readonly subjects: ReadonlyArray<string>
  /** The durable consumer's name: its position survives restarts (embedded: as long as the process lives). */
  readonly durable: string
  readonly start: StartAt
  readonly ackWait: Duration.Duration
  readonly maxDeliver: number
  /** Messages out and not yet acknowledged at most. */
  readonly maxAckPending: number
  readonly batchSize: number
}

/** One delivery that must be answered exactly once by `ack`, `nak` or `term`; `inProgress` prolongs its lease. */
export interface Delivery extends StoredMessage {
  readonly attempt: number
  readonly ack: Effect.Effect<void, BusError>
  readonly nak: (delay?: Duration.Duration) => Effect.Effect<void, BusError>
  readonly term: (why: string) => Effect.Effect<void, BusError>
  readonly inProgress: Effect.Effect<void, BusError>
}

export interface PublishAck {
  readonly sequence: number
  /** True if the message id was already stored inside the dedup window. */
  readonly duplicate: boolean
}

/** What a reader that stands somewhere in the stream still has before it. */
export interface Pending {
  readonly messages: number
  /** When the bus stored the first of them (ms); null: there is none. */
  readonly oldestStoredAtMs: number | null
}

export interface StreamState {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly messages: number
  readonly bytes: number
}

/** What a stream or bucket on the bus is allowed, as the bus has it; null: no limit. */
export interface Kept {
  readonly subjects: ReadonlyArray<string>
  readonly maxBytes: number | null
  readonly maxAgeMs: number | null
  readonly maxMessages: number | null
  readonly maxMessagesPerSubject: number | null
  readonly maxMessageBytes: number | null
  readonly dedupWindowMs: number
  readonly whenFull: "discard_old" | "refuse"
  /** `limits`: messages stay until a limit is reached. The others take them away once they are read. */
  readonly retention: "limits" | "interest" | "workqueue"
  readonly replicas: number
  readonly storage: "file" | "memory"
  /** Whether a message may have a time to live of its own; null: the server is too old to know. */
  readonly timeToLivePerMessage: boolean | null
}

/** A reader whose position the bus keeps. */
export interface Reader {
  readonly name: string
  /** Messages it has not been given yet. */
  readonly pending: number
  /** Given and not yet answered. */
  readonly unanswered: number
  /** Of those, given more than once. */
  readonly redelivered: number
}

/** A stream or bucket that is there, whoever made it; `name` is that of its declaration, where it has one. */
export interface FoundStream {
  readonly name: string
  readonly kind: "stream" | "bucket"
  readonly kept: Kept
  readonly state: StreamState
  readonly readers: ReadonlyArray<Reader>
}

export interface Entry {
  readonly key: string
  readonly value: Uint8Array
  readonly revision: number
  readonly storedAtMs: number
}

/** A bucket. `create` and `update` fail with `revision_conflict` when somebody else wrote first. */
export interface KeyValue {
  readonly get: (key: string) => Effect.Effect<Option.Option<Entry>, BusError>
  readonly put: (key: string, value: Uint8Array) => Effect.Effect<number, BusError>
  readonly create: (key: string, value: Uint8Array) => Effect.Effect<number, BusError>
  readonly update: (key: string, value: Uint8Array, revision: number) => Effect.Effect<number, BusError>
  readonly remove: (key: string) => Effect.Effect<void, BusError>
  /** Takes away what matches and every trace of it: no watcher is told, and no mark of a removal stays. */
  readonly erase: (filter: string) => Effect.Effect<void, BusError>
  readonly keys: (filter: string) => Effect.Effect<ReadonlyArray<string>, BusError>
  /**
   * Present values first, then every later write; a removal carries none, an expiry is not told. A watcher slower
   * than the writers sees only the latest of each key.
   */
  readonly watch: (
    filter: string,
  ) => Stream.Stream<{ readonly key: string; readonly entry: Option.Option<Entry> }, BusError>
}

/** Connection events, newest last; `connected` is announced at start too. */
export type BusStatus = "connected" | "disconnected" | "reconnected" | "closed"

export class Bus extends Context.Service<Bus, {
  readonly kind: "jetstream" | "embedded"
  /** For people: which server, its version; never credentials. */
  readonly describe: Effect.Effect<{ readonly where: string; readonly version: string }, BusError>
  /**
   * Creates the stream or brings it up to date; idempotent. What cannot be changed in place (storage, retention) stays as it is.
   * `rejected` if its subjects overlap another's.
   */
  readonly ensureStream: (spec: StreamSpec) => Effect.Effect<void, BusError>
  readonly removeStream: (name: string) => Effect.Effect<void, BusError>
  /** Everything on the bus that is ours, or stores a subject of ours. */
  readonly survey: Effect.Effect<ReadonlyArray<FoundStream>, BusError>
  readonly streamState: (name: string) => Effect.Effect<StreamState, BusError>
  /** The stored message with the greatest sequence on exactly this subject. */
  readonly lastMessage: (stream: string, subject: string) => Effect.Effect<Option.Option<StoredMessage>, BusError>
  /** The messages on exactly this subject behind the sequence `after`. */
  readonly pending: (stream: string, subject: string, after: number) => Effect.Effect<Pending, BusError>
  /** Returns when the stream has stored it. */
  readonly publish: (message: OutgoingMessage) => Effect.Effect<PublishAck, BusError>
  /**
   * Pipelined: sends all in order, then waits for every acknowledgement. Fails on the first that fails; others of the
   * batch may be stored, so repeat it whole with the same message ids.
   */
  readonly publishAll: (messages: ReadonlyArray<OutgoingMessage>) => Effect.Effect<ReadonlyArray<PublishAck>, BusError>
  /** Fire and forget, at most once: nobody listening, nobody told. */
  readonly publishLive: (message: OutgoingMessage) => Effect.Effect<void, BusError>
  /** Holds `capacity` messages for a slow reader; then the oldest is dropped and counted (BusMetrics). */
  readonly subscribeLive: (subject: string, capacity: number) => Stream.Stream<LiveMessage, BusError>
  /** The first answer on exactly this subject; `unavailable`: nobody answers there, `timeout`: nobody did in time. */
  readonly request: (message: OutgoingMessage, within: Duration.Duration) => Effect.Effect<LiveMessage, BusError>
  /**
   * Answers requests in turn until interrupted; of all who answer on a pattern, in all processes, one gets each. Holds
   * `capacity` of them; then the oldest is dropped and counted.
   */
  readonly respond: (
    pattern: string,
    capacity: number,
    answer: (request: LiveMessage) => Effect.Effect<Reply>,
  ) => Effect.Effect<never, BusError>
  /** In order, in batches of what has arrived; resumes by itself after a reconnect where it stood. */
  readonly consume: (options: ConsumeOptions) => Stream.Stream<ReadonlyArray<StoredMessage>, BusError>
  /** At least once, in batches that carry their ack; unanswered ones come again after `ackWait`. */
  readonly work: (options: WorkOptions) => Stream.Stream<ReadonlyArray<Delivery>, BusError>
  /** `stream_missing` where there is none. */
  readonly removeBucket: (name: string) => Effect.Effect<void, BusError>
  /** Opens the bucket, makes it if it is not there, and brings it up to date as `ensureStream` does. */
  readonly bucket: (spec: BucketSpec) => Effect.Effect<KeyValue, BusError, Scope.Scope>
  readonly status: Stream.Stream<BusStatus>
}>()("arbedge/Bus") {}
