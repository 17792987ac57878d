/**
 * How much of a subject lies behind a place in the stream.
 *
 * In: stream, subject and sequence, in the server's names. Out: the number of messages and the age of the first. Promises:
 * exact at the moment the server looked; nothing stays on the server.
 */
import { AckPolicy, DeliverPolicy } from "@nats-io/jetstream"
import { nanos } from "@nats-io/nats-core"
import { Effect } from "effect"
import type { BusError, Pending } from "../Bus.ts"
import type { Link } from "./Link.ts"

/** Should it not be removed at once, the server does it. */
const INACTIVE_MS = 5_000

/** A consumer that reads nothing is the one thing the server counts for. */
export const pendingOf = (
  link: Link,
  stream: string,
  subject: string,
  after: number,
): Effect.Effect<Pending, BusError> =>
  Effect.gen(function* () {
    const { name, num_pending: messages } = yield* link.request("pending", stream, () =>
      link.manager.consumers.add(stream, {
        ack_policy: AckPolicy.None,
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: after + 1,
        filter_subject: subject,
        inactive_threshold: nanos(INACTIVE_MS),
        mem_storage: true,
        num_replicas: 1,
      }))
    link.post(`$JS.API.CONSUMER.DELETE.${stream}.${name}`)
    if (messages === 0) {
      return { messages, oldestStoredAtMs: null }
    }
    const oldest = { seq: after + 1, next_by_subj: subject }
    const message = yield* link.request("pending", stream, () =>
      link.manager.streams.getMessage(stream, oldest))
    return { messages, oldestStoredAtMs: message?.time.getTime() ?? null }
  })
