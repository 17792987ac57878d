/**
 * Work: durable pull consumers whose messages carry their ack.
 *
 * The consumer is made by the first worker that names it; later ones bring its limits up to date and keep its
 * position. In: the server's deliveries. Out: batches of at most `batchSize`, no more than that ahead of the worker.
 * At least once: an answer is sent, not confirmed; if it is lost the message comes again after `ackWait` (the
 * server's clock), and a server killed right after an ack may have forgotten it. What was fetched and waits to be handed
 * over stays its worker's, and is given back at once when the worker leaves.
 */
import { AckPolicy, type ConsumerConfig, JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream"
import { type Msg, nanos } from "@nats-io/nats-core"
import { Duration, Effect, Stream } from "effect"
import type { BusError, Delivery, WorkOptions } from "../Bus.ts"
import type { Link } from "./Link.ts"
import { toStored } from "./Messages.ts"
import { durableStart, filterConfig } from "./OrderedReader.ts"
import { type Position, pullFrom, SKIP } from "./PullLoop.ts"

/** Creates the durable consumer or brings its limits up to date. */
const ensureConsumer = async (link: Link, options: WorkOptions): Promise<string> => {
  const { consumers } = link.manager
  const { config: filter } = filterConfig(link, options.subjects)
  const limits: Partial<ConsumerConfig> = {
    ack_wait: nanos(Duration.toMillis(options.ackWait)),
    max_deliver: Number.isFinite(options.maxDeliver) ? options.maxDeliver : -1,
    max_ack_pending: options.maxAckPending,
  }
  try {
    const { config } = await consumers.info(options.stream, options.durable)
    const same = config.ack_wait === limits.ack_wait && config.max_deliver === limits.max_deliver &&
      config.max_ack_pending === limits.max_ack_pending && config.filter_subject === filter.filter_subject &&
      String(config.filter_subjects) === String(filter.filter_subjects)
    if (!same) await consumers.update(options.stream, options.durable, { ...limits, ...filter })
  } catch (cause) {
    if (!(cause instanceof JetStreamApiError) || cause.code !== JetStreamApiCodes.ConsumerNotFound) throw cause
    await consumers.add(options.stream, {
      durable_name: options.durable,
      ack_policy: AckPolicy.Explicit,
      ...filter,
      ...limits,
      ...durableStart(options.start),
    })
  }
  return options.durable
}

/** Answers to the server; all of them are published on the message's reply subject. */
const answers = (link: Link, message: Msg, reply: string) => {
  const send = (payload: string): Effect.Effect<void, BusError> =>
    Effect.suspend(() =>
      Effect.map(link.ready("answer", link.names.local(message.subject)), () => {
        link.post(reply, payload)
      })
    )
  return {
    ack: send("+ACK"),
    nak: (delay?: Duration.Duration) =>
      send(delay === undefined ? "-NAK" : `-NAK {"delay": ${nanos(Duration.toMillis(delay))}}`),
    // Servers before 2.10.4 know no reason.
    term: (why: string) => send(link.atLeast(2, 10, 4) ? `+TERM ${why}` : "+TERM"),
    inProgress: send("+WPI"),
  }
}

/** A delivery and where its answers go. */
interface Fetched extends Delivery {
  readonly reply: string
}

/** One worker; stream and subjects in the server's names. */
export const workOn = (link: Link, options: WorkOptions): Stream.Stream<ReadonlyArray<Delivery>, BusError> =>
  Stream.suspend(() => runWorker(link, options))

const runWorker = (link: Link, options: WorkOptions): Stream.Stream<ReadonlyArray<Fetched>, BusError> => {
  let matches: ((subject: string) => boolean) | undefined
  return pullFrom<Fetched>(link, {
    operation: "work",
    stream: options.stream,
    capacity: options.batchSize,
    open: Effect.suspend(() => {
      matches = filterConfig(link, options.subjects).matches
      return link.request("work", options.stream, () => ensureConsumer(link, options))
    }),
    read: (message: Msg, position: Position) => {
      const reply = message.reply ?? ""
      if (matches !== undefined && !matches(message.subject)) {
        // Not ours, and nobody else's under this name.
        link.post(reply, "+ACK")
        return SKIP
      }
      return {
        ...toStored(link, message, position),
        attempt: position.attempt,
        reply,
        ...answers(link, message, reply),
      }
    },
    keep: (buffered) => {
      for (const { reply } of buffered) link.post(reply, "+WPI")
    },
    leave: (_, buffered) => {
      if (!link.up) return
      for (const { reply } of buffered) link.post(reply, "-NAK")
    },
  })
}
