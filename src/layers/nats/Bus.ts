/**
 * The Bus on a NATS server (>= 2.9) with JetStream: durable, shared by many processes.
 *
 * Outlives reconnects and server restarts: publishes wait a bounded time and are sent again, readers go on where they
 * stood, live messages of the meantime are lost. JetStream acknowledges before it syncs to disk: a killed server
 * loses nothing it acknowledged, a power cut may. Message times, dedup, ages, ack waits and time to live are on the
 * server's clock, our own timeouts on real timers: nothing here follows a virtual Clock.
 */
import { Duration, Effect, Layer, Option } from "effect"
import { Bus, BusError } from "../Bus.ts"
import { isPattern, isSubject } from "../SubjectPattern.ts"
import { openBucket } from "./Bucket.ts"
import { type Link, type NatsOptions, openLink } from "./Link.ts"
import { publishLive, subscribeLive } from "./LiveTopics.ts"
import { ownHeaders } from "./Messages.ts"
import { bucketStream } from "./Names.ts"
import { readOrdered } from "./OrderedReader.ts"
import { pendingOf } from "./Pending.ts"
import { Publisher } from "./Publisher.ts"
import { request, respond } from "./Requests.ts"
import { ensureStream } from "./Streams.ts"
import { survey } from "./Survey.ts"
import { workOn } from "./WorkQueue.ts"

export type { NatsOptions } from "./Link.ts"

const DEFAULT_WINDOW = 256

const lastMessage = (link: Link, stream: string, subject: string) =>
  link.request(
    "lastMessage",
    stream,
    () => link.manager.streams.getMessage(link.names.stream(stream), { last_by_subj: link.names.subject(subject) }),
  )

const make = Effect.fnUntraced(function* (options: NatsOptions) {
  const { link, status } = yield* openLink(options)
  const publisher = yield* Effect.acquireRelease(
    Effect.sync(() =>
      new Publisher(
        link,
        options.publishWindow ?? DEFAULT_WINDOW,
        Duration.toMillis(options.publishTimeout ?? Duration.seconds(5)),
      )
    ),
    (open) => Effect.sync(() => open.close()),
  )
  const { names } = link
  const refuse = (operation: string, subject: string, detail: string) =>
    new BusError({ reason: "rejected", operation, subject, detail })

  return Bus.of({
    kind: "jetstream",
    describe: Effect.sync(() => ({ where: link.where, version: link.version })),
    ensureStream: Effect.fn("Bus.ensureStream")(function* (spec) {
      const bad = spec.subjects.find((subject) => !isPattern(subject))
      if (bad !== undefined || spec.subjects.length === 0) {
        return yield* refuse("ensureStream", spec.name, `not a subject pattern: ${bad ?? "none given"}`)
      }
      yield* link.request("ensureStream", spec.name, () => ensureStream(link, spec))
    }),
    removeStream: Effect.fn("Bus.removeStream")(function* (name) {
      yield* link.request("removeStream", name, () => link.manager.streams.delete(names.stream(name)))
    }),
    survey: survey(link).pipe(Effect.withSpan("Bus.survey")),
    streamState: Effect.fn("Bus.streamState")(function* (name) {
      const { state } = yield* link.request("streamState", name, () => link.manager.streams.info(names.stream(name)))
      return {
        firstSequence: state.first_seq,
        lastSequence: state.last_seq,
        messages: state.messages,
        bytes: state.bytes,
      }
    }),
    lastMessage: Effect.fn("Bus.lastMessage")(function* (stream, subject) {
      if (!isSubject(subject)) return yield* refuse("lastMessage", subject, "not a subject")
      const found = yield* lastMessage(link, stream, subject)
      if (found === null) return Option.none()
      return Option.some({
        subject: names.local(found.subject),
        data: found.data,
        headers: ownHeaders(found.header),
        sequence: found.seq,
        storedAtMs: found.time.getTime(),
      })
    }),
    pending: Effect.fn("Bus.pending")(function* (stream, subject, after) {
      if (!isSubject(subject)) return yield* refuse("pending", subject, "not a subject")
      return yield* pendingOf(link, names.stream(stream), names.subject(subject), after)
    }),
    publish: Effect.fn("Bus.publish")(function* (message) {
      const [ack] = yield* publisher.publish("publish", [message])
      return ack ?? (yield* refuse("publish", message.subject, "no acknowledgement"))
    }),
    publishAll: Effect.fn("Bus.publishAll")((messages) => publisher.publish("publishAll", messages)),
    publishLive: (message) => publishLive(link, message),
    subscribeLive: (subject, capacity) => subscribeLive(link, subject, capacity),
    request: Effect.fn("Bus.request")((message, within) => request(link, message, within)),
    respond: (pattern, capacity, answer) => respond(link, pattern, capacity, answer),
    consume: (options) =>
      readOrdered(link, {
        ...options,
        operation: "consume",
        stream: names.stream(options.stream),
        subjects: options.subjects.map(names.subject),
      }),
    work: (options) =>
      workOn(link, {
        ...options,
        stream: names.stream(options.stream),
        subjects: options.subjects.map(names.subject),
      }),
    removeBucket: Effect.fn("Bus.removeBucket")(function* (name) {
      yield* link.request("removeBucket", name, () => link.manager.streams.delete(bucketStream(names.stream(name))))
    }),
    bucket: Effect.fn("Bus.bucket")(function* (spec) {
      if (!/^[-\w]+$/.test(spec.name)) return yield* refuse("bucket", spec.name, "not a bucket name")
      return yield* openBucket(link, spec)
    }),
    status,
  })
})

/** Fails with `unavailable` when no server answers at start, `rejected` for a malformed URL. */
export const layer = (options: NatsOptions): Layer.Layer<Bus, BusError> => Layer.effect(Bus, make(options))
