/**
 * Live messages over core NATS: at most once, nobody listening, nobody told.
 *
 * In: messages on subjects. Out: a stream per subscriber, resubscribed by NATS.js after a reconnect. Each subscriber's
 * buffer holds `capacity` messages; when it is full its oldest is dropped and counted. While the link is down what is
 * published live is dropped and counted too: by the time it is back it would be history.
 */
import { errors, type Msg } from "@nats-io/nats-core"
import { Cause, Effect, Metric, Queue, Stream } from "effect"
import { BusError, type LiveMessage, type OutgoingMessage } from "../Bus.ts"
import { liveDropped } from "../BusMetrics.ts"
import { isPattern, isSubject } from "../SubjectPattern.ts"
import { toBusError } from "./Errors.ts"
import type { Link } from "./Link.ts"
import { toLive } from "./Messages.ts"
import { toHeaders } from "./Publisher.ts"

const OPERATION = "publishLive"

export const publishLive = (link: Link, message: OutgoingMessage): Effect.Effect<void, BusError> =>
  Effect.suspend(() => {
    const { subject, data } = message
    const fail = (reason: "rejected" | "too_large", detail: string) =>
      Effect.fail(new BusError({ reason, operation: OPERATION, subject, detail }))
    if (!isSubject(subject)) return fail("rejected", "not a subject")
    if (!link.up) return Metric.update(liveDropped.disconnected, 1)
    const limit = link.connection.info?.max_payload
    if (limit !== undefined && data.byteLength > limit) {
      return fail("too_large", `${data.byteLength} bytes, at most ${limit}`)
    }
    const headers = toHeaders(message)
    return Effect.try({
      try: () => link.connection.publish(link.names.subject(subject), data, headers === undefined ? {} : { headers }),
      catch: toBusError(OPERATION, subject),
    })
  })

export interface Subscribing {
  readonly operation: string
  readonly pattern: string
  readonly capacity: number
  /** Who share it get each message once between them. */
  readonly queue?: string
}

/** Messages as the connection hands them over, through the subscriber's buffer. */
export const received = (
  link: Link,
  { capacity, operation, pattern, queue: group }: Subscribing,
): Stream.Stream<Msg, BusError> => {
  const refused = (detail: string) => new BusError({ reason: "rejected", operation, subject: pattern, detail })
  if (!isPattern(pattern)) return Stream.fail(refused("not a subject pattern"))
  return Stream.fromPull(Effect.gen(function* () {
    const queue = yield* Queue.make<Msg, BusError | Cause.Done>({
      capacity: Math.max(1, capacity),
      strategy: "sliding",
    })
    let dropped = 0
    yield* Effect.acquireRelease(
      Effect.sync(() =>
        link.connection.subscribe(link.names.subject(pattern), {
          ...(group === undefined ? {} : { queue: group }),
          callback: (error, message) => {
            if (error instanceof errors.PermissionViolationError) {
              Queue.failCauseUnsafe(queue, Cause.fail(refused("the server does not permit this subscription")))
            }
            if (error !== null) return
            if (Queue.isFullUnsafe(queue)) dropped += 1
            Queue.offerUnsafe(queue, message)
          },
        })
      ),
      (subscription) => Effect.sync(() => subscription.unsubscribe()),
    )
    const count = Effect.suspend(() => {
      const counted = dropped
      dropped = 0
      return counted === 0 ? Effect.void : Metric.update(liveDropped.bufferFull, counted)
    })
    return Effect.tap(Queue.takeAll(queue), count)
  })).pipe(Stream.scoped)
}

export const subscribeLive = (
  link: Link,
  pattern: string,
  capacity: number,
): Stream.Stream<LiveMessage, BusError> =>
  Stream.map(received(link, { operation: "subscribeLive", pattern, capacity }), (message) => toLive(link, message))
