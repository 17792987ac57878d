/**
 * Requests inside this process: a question on a subject, one answer.
 *
 * In: questions, and who answers on which pattern. Out: answers. Promises: each question goes to one of those who answer
 * on its subject; each of them holds `capacity` questions, then its oldest is dropped and counted, and whoever asked it
 * is told by the timeout.
 */
import { Deferred, type Duration, Effect, Metric, Queue } from "effect"
import { BusError, type LiveMessage, type OutgoingMessage, type Reply } from "../Bus.ts"
import { liveDropped } from "../BusMetrics.ts"
import { matcher } from "../SubjectPattern.ts"

interface Question {
  readonly message: LiveMessage
  readonly answered: Deferred.Deferred<LiveMessage>
}

interface Responder {
  readonly matches: (subject: string) => boolean
  readonly queue: Queue.Queue<Question>
}

const NO_HEADERS: Readonly<Record<string, string>> = {}

export class Requests {
  readonly #responders: Set<Responder> = new Set()

  ask(message: OutgoingMessage, within: Duration.Duration): Effect.Effect<LiveMessage, BusError> {
    const { data, headers = NO_HEADERS, subject } = message
    const failed = (reason: "unavailable" | "timeout", detail: string) =>
      Effect.fail(new BusError({ reason, operation: "request", subject, detail }))
    return Effect.suspend(() => {
      const responder = [...this.#responders].find(({ matches }) => matches(subject))
      if (responder === undefined) return failed("unavailable", "nobody answers on this subject")
      const answered = Deferred.makeUnsafe<LiveMessage>()
      const dropped = Queue.isFullUnsafe(responder.queue) ? Metric.update(liveDropped.bufferFull, 1) : Effect.void
      Queue.offerUnsafe(responder.queue, { message: { subject, data, headers }, answered })
      return Effect.andThen(dropped, Deferred.await(answered))
    }).pipe(Effect.timeoutOrElse({ duration: within, orElse: () => failed("timeout", "no answer in time") }))
  }

  respond(
    pattern: string,
    capacity: number,
    answer: (request: LiveMessage) => Effect.Effect<Reply>,
  ): Effect.Effect<never> {
    return Effect.scoped(Effect.gen({ self: this }, function* () {
      const queue = yield* Queue.sliding<Question>(Math.max(1, capacity))
      const responder: Responder = { matches: matcher(pattern), queue }
      yield* Effect.acquireRelease(
        Effect.sync(() => this.#responders.add(responder)),
        () => Effect.sync(() => this.#responders.delete(responder)),
      )
      return yield* Effect.forever(Effect.gen(function* () {
        const { answered, message } = yield* Queue.take(queue)
        const { data, headers = NO_HEADERS } = yield* answer(message)
        yield* Deferred.succeed(answered, { subject: message.subject, data, headers })
      }))
    }))
  }
}
