/**
 * Ordered consumers: a short-lived consumer on the server, made anew where we stand whenever it is lost.
 *
 * In: a stream, filters and a start. Out: batches in stream order, no loss and no repeat while the stream retains the
 * messages, across reconnects and server restarts: the next sequence is ours, the server's consumer only a hose.
 * Several filters need server 2.10; before that the whole stream comes and is filtered here.
 */
import { AckPolicy, type ConsumerConfig, DeliverPolicy, ReplayPolicy } from "@nats-io/jetstream"
import { nanos } from "@nats-io/nats-core"
import { Effect, Stream } from "effect"
import type { BusError, ConsumeOptions, StartAt, StoredMessage } from "../Bus.ts"
import { consumerOvertaken } from "../BusMetrics.ts"
import { anyMatcher } from "../SubjectPattern.ts"
import type { Link } from "./Link.ts"
import { toStored } from "./Messages.ts"
import { GAP, pullFrom, SKIP } from "./PullLoop.ts"

/** A consumer nobody pulls from for this long is removed by the server. */
const INACTIVE_MS = 60_000

/** Beside the port's starts: the latest message of each subject, then what comes. */
export type ReaderStart = StartAt | { readonly _tag: "LastPerSubject" }

/** What to read, in the server's names. */
export interface ReaderOptions extends Omit<ConsumeOptions, "start"> {
  readonly operation: string
  readonly start: ReaderStart
}

const startConfig = (start: ReaderStart): Partial<ConsumerConfig> => {
  switch (start._tag) {
    case "First":
      return { deliver_policy: DeliverPolicy.All }
    case "New":
      return { deliver_policy: DeliverPolicy.New }
    case "LastPerSubject":
      return { deliver_policy: DeliverPolicy.LastPerSubject }
    case "Sequence":
      return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Math.max(1, start.sequence) }
    case "Time":
      return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(start.atMs).toISOString() }
  }
}

/** The part of a consumer's configuration that says which subjects, and what is left to do here. */
export interface Filter {
  readonly config: Pick<Partial<ConsumerConfig>, "filter_subject" | "filter_subjects">
  readonly matches: ((subject: string) => boolean) | undefined
}

export const filterConfig = (link: Link, subjects: ReadonlyArray<string>): Filter => {
  const [only] = subjects
  if (only === undefined) return { config: {}, matches: undefined }
  if (subjects.length === 1) return { config: { filter_subject: only }, matches: undefined }
  // Matched here in any case: a durable consumer may be older than the server.
  const matches = anyMatcher(subjects)
  return link.atLeast(2, 10, 0) ? { config: { filter_subjects: [...subjects] }, matches } : { config: {}, matches }
}

/** The start points of a durable consumer. */
export const durableStart = (start: StartAt): Partial<ConsumerConfig> => startConfig(start)

/** A stream of what `options` describe; each run stands for itself. */
export const readOrdered = (
  link: Link,
  options: ReaderOptions,
): Stream.Stream<ReadonlyArray<StoredMessage>, BusError> => Stream.suspend(() => runReader(link, options))

const runReader = (link: Link, options: ReaderOptions): Stream.Stream<ReadonlyArray<StoredMessage>, BusError> => {
  const { stream, subjects } = options
  // Servers begin at the next message when asked for one that is not there yet; we wait for it.
  let next = options.start._tag === "Sequence" ? Math.max(1, options.start.sequence) : 0
  let consumerSequence = 0
  let began = false
  let previous: string | undefined
  let matches: ((subject: string) => boolean) | undefined
  const forget = (consumer: string) => link.post(`$JS.API.CONSUMER.DELETE.${stream}.${consumer}`)
  return pullFrom(link, {
    operation: options.operation,
    stream,
    capacity: options.capacity,
    open: Effect.gen(function* () {
      if (previous !== undefined) forget(previous)
      previous = undefined
      const filter = filterConfig(link, subjects)
      matches = filter.matches
      const info = yield* link.request(options.operation, stream, () =>
        link.manager.consumers.add(stream, {
          ack_policy: AckPolicy.None,
          replay_policy: ReplayPolicy.Instant,
          inactive_threshold: nanos(INACTIVE_MS),
          mem_storage: true,
          num_replicas: 1,
          ...filter.config,
          ...startConfig(next > 0 ? { _tag: "Sequence", sequence: next } : options.start),
        }))
      previous = info.name
      consumerSequence = 0
      // Where the server begins: kept, so that losing the link before the first message loses nothing.
      if (options.start._tag !== "LastPerSubject") next = Math.max(next, info.delivered.stream_seq + 1)
      return info.name
    }),
    read: (message, position) => {
      consumerSequence += 1
      if (position.consumerSequence !== consumerSequence) return GAP
      if (position.streamSequence < next) return SKIP
      if (began && subjects.length === 0 && position.streamSequence > next) {
        consumerOvertaken.updateUnsafe(1, link.services)
      }
      began = true
      next = position.streamSequence + 1
      return matches === undefined || matches(message.subject) ? toStored(link, message, position) : SKIP
    },
    leave: (consumer) => {
      if (consumer !== undefined && link.up) forget(consumer)
    },
  })
}
