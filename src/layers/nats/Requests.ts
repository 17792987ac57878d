/**
 * Requests over core NATS: a question on a subject, one answer.
 *
 * In: questions, and patterns on which this process answers. Out: answers. Promises: all processes that answer are one
 * queue group, so each question goes to one of them; each holds `capacity` questions, then the oldest is dropped and
 * counted, and whoever asked it is told by their timeout. A client without our code asks as it asks anything.
 */
import { Duration, Effect, Stream } from "effect"
import { BusError, type LiveMessage, type OutgoingMessage, type Reply } from "../Bus.ts"
import { isSubject } from "../SubjectPattern.ts"
import { toBusError } from "./Errors.ts"
import type { Link } from "./Link.ts"
import { received } from "./LiveTopics.ts"
import { toLive } from "./Messages.ts"
import { toHeaders } from "./Publisher.ts"

const QUEUE_GROUP = "arbedge"

export const request = (
  link: Link,
  message: OutgoingMessage,
  within: Duration.Duration,
): Effect.Effect<LiveMessage, BusError> => {
  const { data, subject } = message
  if (!isSubject(subject)) {
    return Effect.fail(new BusError({ reason: "rejected", operation: "request", subject, detail: "not a subject" }))
  }
  const headers = toHeaders(message)
  const asked = link.request("request", subject, () =>
    link.connection.request(link.names.subject(subject), data, {
      timeout: Math.max(1, Duration.toMillis(within)),
      ...(headers === undefined ? {} : { headers }),
    }))
  return Effect.map(asked, (answer) => ({ ...toLive(link, answer), subject }))
}

export const respond = (
  link: Link,
  pattern: string,
  capacity: number,
  answer: (request: LiveMessage) => Effect.Effect<Reply>,
): Effect.Effect<never, BusError> =>
  received(link, { operation: "respond", pattern, capacity, queue: QUEUE_GROUP }).pipe(
    Stream.runForEach((question) =>
      Effect.flatMap(answer(toLive(link, question)), (reply) => {
        const headers = toHeaders(reply)
        return Effect.try({
          try: () => question.respond(reply.data, headers === undefined ? {} : { headers }),
          catch: toBusError("respond", pattern),
        })
      })
    ),
    Effect.andThen(Effect.never),
  )
