/**
 * Topology: every durable stream and every bucket of the product, declared in one place.
 *
 * In: what the operator set of sizes, ages and replicas (TopologySettings.ts). Out: declarations for the bus. When a stream
 * is full its oldest messages go first, and who reads slower than that is told by the jump in sequence; a bucket that is
 * full refuses, and whoever wrote goes on without it. A time to live is per bucket; a shorter one is `expiresAt` in the
 * value. Nothing here is known to newer servers only: NATS 2.9 will do.
 */
import { Context, Duration, Effect, Option, type Scope } from "effect"
import { LONGEST_MS } from "../domain/Lifetime.ts"
import * as Subject from "../domain/Subject.ts"
import { type BucketSpec, Bus, type BusError, type KeyValue, type StreamSpec } from "../layers/Bus.ts"

const KIBIBYTE = 1024
const MEBIBYTE = 1024 * KIBIBYTE

/** What a NATS server takes at most, unless it is told to take more. */
const maxMessageBytes = MEBIBYTE

/** Frames, for a day at most. A frame that is published again within 30 s is stored once. */
export const MARKET_DATA: StreamSpec = {
  name: "MD",
  subjects: [Subject.ALL_FRAMES, Subject.ALL_VENUE_FRAMES],
  maxBytes: 1024 * MEBIBYTE,
  maxMessageBytes,
  maxAge: Duration.hours(24),
  dedupWindow: Duration.seconds(30),
}

/** Transitions of opportunities, for a week. */
export const OPPORTUNITIES: StreamSpec = {
  name: "OPP",
  subjects: [Subject.ALL_OPPORTUNITIES],
  maxBytes: 256 * MEBIBYTE,
  maxMessageBytes,
  maxAge: Duration.days(7),
  dedupWindow: Duration.minutes(2),
  timeToLivePerMessage: true,
}

/** Facts, for a week; the archive and the dashboard read them. */
export const FACTS: StreamSpec = {
  name: "EVT",
  subjects: [Subject.ALL_FACTS],
  maxBytes: 256 * MEBIBYTE,
  maxMessageBytes,
  maxAge: Duration.days(7),
  dedupWindow: Duration.minutes(2),
}

/** Market events that were refused, for three days. */
export const QUARANTINE: StreamSpec = {
  name: "QUARANTINE",
  subjects: [Subject.ALL_QUARANTINE],
  maxBytes: 64 * MEBIBYTE,
  maxMessageBytes,
  maxAge: Duration.days(3),
  dedupWindow: Duration.minutes(2),
}

const bucket = (
  name: string,
  timeToLive: Duration.Duration,
  maxBytes: number,
  maxValueBytes: number,
): BucketSpec => ({ name, timeToLive: Option.some(timeToLive), maxBytes, maxValueBytes })

/** Public: the newest of each market, `<venue>.<market>.<base>-<quote>`. */
export const MARKET_BUCKET = bucket("market_data", Duration.millis(LONGEST_MS), 64 * MEBIBYTE, 256 * KIBIBYTE)

/** Public: the newest revision of each opportunity, `<id>`. */
export const OPPORTUNITY_BUCKET = bucket("opportunity", Duration.minutes(15), 64 * MEBIBYTE, 512 * KIBIBYTE)

/** Public: the newest scored finding of each type and instrument, `<type>.<market>.<base>-<quote>`. */
export const ANALYSIS_BUCKET = bucket("analysis", Duration.minutes(15), 16 * MEBIBYTE, 16 * KIBIBYTE)

/** Internal, of people: sealed, in the server's memory alone, never read by an outside account. */
const ofPeople = (name: string, timeToLive: Duration.Duration, maxValueBytes: number): BucketSpec => ({
  ...bucket(name, timeToLive, 16 * MEBIBYTE, maxValueBytes),
  storage: "memory",
})

export const PEOPLE_BUCKETS = {
  /** `<telegram id>`: until when a session lasts. */
  session: ofPeople("session", Duration.hours(1), 4 * KIBIBYTE),
  /** `<session id>`: what it was asked and has not answered yet, without what was typed. */
  sessionTemp: ofPeople("session_temp", Duration.hours(1), 4 * KIBIBYTE),
  /** `<telegram id>.<date>`: how much somebody asked of the bot. */
  rateLimit: ofPeople("rate_limit", Duration.hours(24), 32 * KIBIBYTE),
  /** `<user id>`: what eligibility goes by. */
  eligibility: ofPeople("eligibility", Duration.minutes(5), 64 * KIBIBYTE),
  /** `<user id>` */
  preferences: ofPeople("preferences", Duration.hours(1), 64 * KIBIBYTE),
  /** `<user id>` */
  profile: ofPeople("profile", Duration.hours(1), 4 * KIBIBYTE),
} as const

export const PUBLIC_BUCKETS: ReadonlyArray<BucketSpec> = [MARKET_BUCKET, OPPORTUNITY_BUCKET, ANALYSIS_BUCKET]

export interface Declarations {
  readonly streams: ReadonlyArray<StreamSpec>
  readonly buckets: ReadonlyArray<BucketSpec>
}

export const SHIPPED: Declarations = {
  streams: [MARKET_DATA, OPPORTUNITIES, FACTS, QUARANTINE],
  buckets: [...PUBLIC_BUCKETS, ...Object.values(PEOPLE_BUCKETS)],
}

/** As this process has them; the operator's sizes, ages and replicas put in. */
export const Topology = Context.Reference<Declarations>("arbedge/Topology", { defaultValue: () => SHIPPED })

/** Creates what is missing of the streams and brings their limits up to date; idempotent. */
export const ensureStreams: Effect.Effect<void, BusError, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  const { streams } = yield* Topology
  yield* Effect.forEach(streams, bus.ensureStream, { discard: true })
}).pipe(Effect.withSpan("Topology.ensureStreams"))

/** Takes away all of it, and what is in it: for runs with names of their own. */
export const removeEverything: Effect.Effect<void, never, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  const { buckets, streams } = yield* Topology
  yield* Effect.forEach(streams, ({ name }) => Effect.ignore(bus.removeStream(name)), { discard: true })
  yield* Effect.forEach(buckets, ({ name }) => Effect.ignore(bus.removeBucket(name)), { discard: true })
}).pipe(Effect.withSpan("Topology.removeEverything"))

/** Opens a declared bucket under the limits in force; whoever uses it first makes it. */
export const openBucket = (
  declared: BucketSpec,
): Effect.Effect<KeyValue, BusError, Bus | Scope.Scope> =>
  Effect.gen(function* () {
    const bus = yield* Bus
    const { buckets } = yield* Topology
    return yield* bus.bucket(buckets.find(({ name }) => name === declared.name) ?? declared)
  })
