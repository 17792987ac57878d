/**
 * The Bus inside this process: the default when nothing is configured, and what replay and tests run on.
 *
 * Volatile: a kill loses every stream, position, bucket and message; whoever needs more configures NATS. Time comes
 * from the Effect Clock of each caller (dedup window, age, time to live, ack wait), so virtual time works throughout.
 * Data is handed over by reference, never copied: do not change an array after publishing it. A durable publish also
 * reaches live subscribers of its subject, and a live one is stored where a stream captures it, as on a NATS server.
 */
import { Clock, Effect, Latch, Layer, Option, Stream } from "effect"
import { Bus, BusError, type BusReason, type OutgoingMessage, type StreamSpec } from "../Bus.ts"
import { isPattern, isSubject, overlaps } from "../SubjectPattern.ts"
import { Bucket } from "./Bucket.ts"
import { LiveTopics } from "./LiveTopics.ts"
import { consumeLog, streamMissing } from "./OrderedReader.ts"
import { Requests } from "./Requests.ts"
import { StreamLog } from "./StreamLog.ts"
import { foundBucket, foundStream } from "./Survey.ts"
import { WorkGroup, workOn } from "./WorkGroup.ts"

export interface EmbeddedOptions {
  /** The largest payload accepted, in bytes. Default 1 MiB, as a NATS server's. */
  readonly maxPayloadBytes?: number
  /**
   * What a durable publish does when a stream is full: `discard_old` (default, as JetStream) or `wait_for_readers`,
   * which first waits while an attached `consume` has not read the oldest message: a replay at full speed then loses
   * nothing, and a stalled reader holds up its publishers.
   */
  readonly whenFull?: "discard_old" | "wait_for_readers"
}

const DEFAULT_MAX_PAYLOAD_BYTES = 1_048_576

const make = Effect.fnUntraced(function* (options: EmbeddedOptions) {
  const maxPayloadBytes = options.maxPayloadBytes ?? DEFAULT_MAX_PAYLOAD_BYTES
  const waitsForReaders = options.whenFull === "wait_for_readers"
  const logs = new Map<string, StreamLog>()
  const groups = new Map<StreamLog, Map<string, WorkGroup>>()
  const buckets = new Map<string, Bucket>()
  const live = new LiveTopics(), requests = new Requests()
  const closing = yield* Latch.make(false)
  yield* Effect.addFinalizer(() => closing.open)
  /** Which stream captures a subject; forgotten whenever a stream comes, changes or goes. */
  const routes = new Map<string, StreamLog | undefined>()

  const fail = (reason: BusReason, operation: string, subject: string, detail: string) =>
    Effect.fail(new BusError({ reason, operation, subject, detail }))

  const findLog = (operation: string, name: string): Effect.Effect<StreamLog, BusError> => {
    const log = logs.get(name)
    return log === undefined ? Effect.fail(streamMissing(operation, name)) : Effect.succeed(log)
  }

  const route = (subject: string): StreamLog | undefined => {
    if (routes.has(subject)) return routes.get(subject)
    if (routes.size >= 16_384) routes.clear()
    const log = [...logs.values()].find((candidate) => candidate.captures(subject))
    routes.set(subject, log)
    return log
  }

  const check = (operation: string, message: OutgoingMessage): Effect.Effect<void, BusError> => {
    if (!isSubject(message.subject)) return fail("rejected", operation, message.subject, "not a subject")
    return message.data.byteLength > maxPayloadBytes
      ? fail("too_large", operation, message.subject, `${message.data.byteLength} bytes, at most ${maxPayloadBytes}`)
      : Effect.void
  }

  const store = Effect.fnUntraced(function* (message: OutgoingMessage) {
    yield* check("publish", message)
    const log = route(message.subject)
    if (log === undefined) return yield* Effect.fail(streamMissing("publish", message.subject))
    if (log.isTooLarge(message)) {
      return yield* fail("too_large", "publish", message.subject, `larger than stream ${log.spec.name} takes`)
    }
    const clock = yield* Clock.Clock
    while (waitsForReaders && !log.removed && !log.hasRoom(message)) {
      yield* log.room.waitUntil(() => log.removed || log.hasRoom(message))
    }
    if (log.removed) return yield* Effect.fail(streamMissing("publish", message.subject))
    if (log.refuses(message, clock.currentTimeMillisUnsafe())) {
      return yield* fail("rejected", "publish", message.subject, `stream ${log.spec.name} is full`)
    }
    const ack = log.append(message, clock.currentTimeMillisUnsafe())
    live.deliver(message)
    return ack
  })

  const checkSpec = (spec: StreamSpec): Effect.Effect<void, BusError> => {
    const bad = spec.subjects.find((subject) => !isPattern(subject))
    if (bad !== undefined || spec.subjects.length === 0) {
      return fail("rejected", "ensureStream", spec.name, `not a subject pattern: ${bad ?? "none given"}`)
    }
    for (const other of logs.values()) {
      if (other.spec.name === spec.name) continue
      if (spec.subjects.some((subject) => other.spec.subjects.some((taken) => overlaps(subject, taken)))) {
        return fail("rejected", "ensureStream", spec.name, `subjects overlap with stream ${other.spec.name}`)
      }
    }
    return Effect.void
  }

  return Bus.of({
    kind: "embedded",
    describe: Effect.succeed({ where: "in this process (volatile)", version: "1" }),
    ensureStream: Effect.fn("Bus.ensureStream")(function* (spec) {
      yield* checkSpec(spec)
      const log = logs.get(spec.name)
      if (log === undefined) logs.set(spec.name, new StreamLog(spec))
      else log.update(spec, yield* Clock.currentTimeMillis)
      routes.clear()
    }),
    removeStream: Effect.fn("Bus.removeStream")(function* (name) {
      const log = yield* findLog("removeStream", name)
      logs.delete(name)
      groups.delete(log)
      routes.clear()
      log.remove()
    }),
    survey: Effect.gen(function* () {
      const nowMs = yield* Clock.currentTimeMillis
      const streams = [...logs.values()].map((log) => foundStream(log, groups.get(log) ?? new Map(), nowMs))
      return [...streams, ...[...buckets.values()].map((bucket) => foundBucket(bucket, nowMs))]
    }).pipe(Effect.withSpan("Bus.survey")),
    streamState: Effect.fn("Bus.streamState")(function* (name) {
      const log = yield* findLog("streamState", name)
      log.expire(yield* Clock.currentTimeMillis)
      return log.state()
    }),
    lastMessage: Effect.fn("Bus.lastMessage")(function* (stream, subject) {
      const log = yield* findLog("lastMessage", stream)
      log.expire(yield* Clock.currentTimeMillis)
      return Option.fromUndefinedOr(log.lastOn(subject))
    }),
    pending: Effect.fn("Bus.pending")(function* (stream, subject, after) {
      const log = yield* findLog("pending", stream)
      log.expire(yield* Clock.currentTimeMillis)
      return log.pending(subject, after)
    }),
    publish: Effect.fn("Bus.publish")(store),
    publishAll: Effect.fn("Bus.publishAll")((messages) => Effect.forEach(messages, store)),
    publishLive: Effect.fnUntraced(function* (message) {
      yield* check("publishLive", message)
      const log = route(message.subject)
      const nowMs = yield* Clock.currentTimeMillis
      if (log !== undefined && !log.isTooLarge(message) && !log.refuses(message, nowMs)) log.append(message, nowMs)
      live.deliver(message)
    }),
    subscribeLive: (subject, capacity) =>
      isPattern(subject)
        ? live.subscribe(subject, capacity)
        : Stream.fromEffect(fail("rejected", "subscribeLive", subject, "not a subject pattern")),
    request: Effect.fn("Bus.request")((message, within) =>
      Effect.andThen(check("request", message), requests.ask(message, within))
    ),
    respond: (pattern, capacity, answer) =>
      isPattern(pattern)
        ? requests.respond(pattern, capacity, answer)
        : fail("rejected", "respond", pattern, "not a subject pattern"),
    consume: (options) =>
      Stream.unwrap(Effect.map(findLog("consume", options.stream), (log) => consumeLog(log, options))),
    work: (options) =>
      Stream.unwrap(Effect.map(findLog("work", options.stream), (log) => {
        const ofLog = groups.get(log) ?? new Map<string, WorkGroup>()
        groups.set(log, ofLog)
        const known = ofLog.get(options.durable)
        const group = known ?? new WorkGroup(log, options)
        known?.update(options)
        ofLog.set(options.durable, group)
        return workOn(log, group, options)
      })),
    removeBucket: Effect.fn("Bus.removeBucket")(function* (name) {
      if (!buckets.delete(name)) return yield* Effect.fail(streamMissing("removeBucket", name))
    }),
    bucket: Effect.fn("Bus.bucket")(function* (spec) {
      if (!/^[-\w]+$/.test(spec.name)) return yield* fail("rejected", "bucket", spec.name, "not a bucket name")
      const bucket = buckets.get(spec.name) ?? new Bucket(spec)
      bucket.declare(spec)
      buckets.set(spec.name, bucket)
      return bucket
    }),
    status: Stream.concat(
      Stream.make("connected" as const),
      Stream.fromEffect(Effect.as(closing.await, "closed" as const)),
    ),
  })
})

/** The in-process Bus; see the header for what it promises and what it does not. */
export const layer = (options: EmbeddedOptions = {}): Layer.Layer<Bus> => Layer.effect(Bus, make(options))
