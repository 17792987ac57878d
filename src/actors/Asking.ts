/**
 * How an actor is asked: with a deadline, and with one error for everything that keeps it from answering.
 *
 * In: a call through an entity's client. Out: its answer, its own typed errors, or `ActorUnavailable`. Promises: a
 * question ends. Giving up interrupts what the actor was doing for it, so a message that makes an actor fail again and
 * again goes away with its caller. The deadline is the wall's time even under a test clock: a process that does not
 * answer is a fact of the outside world.
 */
import { Cause, Clock, Duration, Effect, Fiber, Schedule, Schema } from "effect"
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

/** A question on its way. */
interface Asked {
  readonly sinceMs: number
  readonly fiber: Fiber.Fiber<unknown, unknown>
  isLate: boolean
}

/** Deadlines are looked after this often within one: a question may wait that much longer. */
const LOOKS = 8

/**
 * How one kind of actor is asked, each time for `deadline` at most. A timer for each question would cost as much as the
 * question, so one fiber, which ends with the scope, looks after all of them.
 */
export const makeAsking = Effect.fnUntraced(function* (actor: string, deadline: Duration.Input) {
  const wall = Clock.Clock.defaultValue()
  const deadlineMs = Duration.toMillis(Duration.fromInputUnsafe(deadline))
  /** Oldest first: all wait equally long. */
  const underWay = new Set<Asked>()

  const giveUpLate = Effect.sync(() => {
    const bornBeforeMs = wall.currentTimeMillisUnsafe() - deadlineMs
    for (const asked of underWay) {
      if (asked.sinceMs > bornBeforeMs) break
      underWay.delete(asked)
      asked.isLate = true
      asked.fiber.interruptUnsafe()
    }
  })
  yield* Effect.sleep(Duration.millis(deadlineMs / LOOKS)).pipe(
    Effect.andThen(giveUpLate),
    Effect.forever,
    Effect.provideService(Clock.Clock, wall),
    Effect.forkScoped,
  )

  return (key: string) => <A, E, R>(question: Effect.Effect<A, E, R>): Effect.Effect<A, Answered<E>, R> => {
    const unavailable = (reason: typeof UnavailableReason.Type) =>
      Effect.fail(new ActorUnavailable({ reason, actor: `${actor} ${key}` }))
    return Effect.flatMap(Effect.forkChild(question, { startImmediately: true }), (fiber) => {
      const asked: Asked = { sinceMs: wall.currentTimeMillisUnsafe(), fiber, isLate: false }
      underWay.add(asked)
      return Fiber.join(fiber).pipe(
        Effect.onExit(() => {
          underWay.delete(asked)
          return fiber.pollUnsafe() === undefined ? Fiber.interrupt(fiber) : Effect.void
        }),
        Effect.catchIf(
          (error): error is Extract<E, ClusterError> => isClusterError(error),
          (error) => unavailable(error instanceof MailboxFull ? "full" : "unassigned"),
        ),
        // Too late, or the actor was stopped under the question: its shard moves, or its process leaves. If instead the
        // caller is being interrupted, it stays so whatever is caught here.
        Effect.catchCauseIf(Cause.hasInterruptsOnly, () => unavailable(asked.isLate ? "timeout" : "unassigned")),
      )
    })
  }
})

/** How an actor that failed comes back: at once, then ever slower, every 5 seconds at last. */
export const restarting = Schedule.min([Schedule.exponential("50 millis"), Schedule.spaced("5 seconds")])
