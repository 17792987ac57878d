/**
 * How an actor is asked: with a deadline, and with one error for everything that keeps it from answering.
 *
 * In: a call through an entity's client. Out: its answer, its own typed errors, or `ActorUnavailable`. Promises: a
 * question ends. Giving up interrupts what the actor was doing for it, so a message that makes an actor fail again and
 * again goes away with its caller. The deadline is the wall's time even under a test clock: a process that does not
 * answer is a fact of the outside world.
 */
import { Cause, Clock, type Duration, Effect, Schedule, Schema } from "effect"
import {
  AlreadyProcessingMessage,
  EntityNotAssignedToRunner,
  MailboxFull,
  PersistenceError,
} from "effect/cluster/ClusterError"

/**
 * Why an actor did not answer; all are worth retrying. `full`: its mailbox, or the process's cap on actors.
 * `unassigned`: it is moving, or its process is leaving. `timeout`: its process may be gone; another takes over within the lock's expiry.
 */
export const UnavailableReason = Schema.Literals(["full", "unassigned", "timeout"])

export class ActorUnavailable extends Schema.TaggedError<ActorUnavailable>()("ActorUnavailable", {
  reason: UnavailableReason,
  /** Such as "Session 1234". */
  actor: Schema.String,
}) {
  readonly retryable: boolean = true

  override get message(): string {
    return `${this.actor} is unavailable: ${this.reason}`
  }
}

type ClusterError = AlreadyProcessingMessage | EntityNotAssignedToRunner | MailboxFull | PersistenceError

/** What is left of a call's errors once the cluster's own have become `ActorUnavailable`. */
type Answered<E> = Exclude<E, Extract<E, ClusterError>> | ActorUnavailable

const isClusterError = <E>(error: E): error is Extract<E, ClusterError> =>
  error instanceof MailboxFull || error instanceof EntityNotAssignedToRunner ||
  error instanceof AlreadyProcessingMessage || error instanceof PersistenceError

/** Asks, and waits `deadline` for the answer at most. */
export const ask =
  (actor: string, deadline: Duration.Input) =>
  <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, Answered<E>, R> => {
    const unavailable = (reason: typeof UnavailableReason.Type) => new ActorUnavailable({ reason, actor })
    const deadlinePassed = Effect.sleep(deadline).pipe(
      Effect.andThen(Effect.fail(unavailable("timeout"))),
      Effect.provideService(Clock.Clock, Clock.Clock.defaultValue()),
    )
    const answer = Effect.catchIf(
      question,
      (error): error is Extract<E, ClusterError> => isClusterError(error),
      (error) => Effect.fail(unavailable(error instanceof MailboxFull ? "full" : "unassigned")),
    )
    // The actor was stopped under the question: its shard moves, or its process leaves. If instead the caller is being
    // interrupted, it stays so whatever is caught here.
    const stopped = Effect.catchCauseIf(answer, Cause.hasInterruptsOnly, () => Effect.fail(unavailable("unassigned")))
    return Effect.raceFirst(stopped, deadlinePassed)
  }

/** How an actor that failed comes back: at once, then ever slower, every 5 seconds at last. */
export const restarting = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("5 seconds")])
