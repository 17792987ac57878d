/**
 * The one bridge from foreign callbacks and promises into Effect (ccxt's sockets and the like).
 *
 * In: values handed over by code that knows nothing of fibers. Out: a bounded inlet whose queue a fiber reads, and
 * promises as effects. Promises: nothing foreign runs outside the scope that asked for it; an inlet never blocks its
 * caller and never throws into it: `offer` says whether the value was taken, and what was not is the caller's to
 * announce. A promise that settles after its effect was interrupted is ignored, whichever way it settles.
 */
import { type Cause, Effect, Queue, type Scope } from "effect"

/** The end of a queue that foreign code may hold. */
export interface Inlet<A, E> {
  /** False when the queue is full or closed: the value was not taken. */
  readonly offer: (value: A) => boolean
  /** Ends the queue with an error, after what was taken before. */
  readonly fail: (cause: Cause.Cause<E>) => void
  readonly queue: Queue.Dequeue<A, E>
}

/**
 * An inlet of `capacity` values, shut down with the scope. When it is full, new values are refused (the oldest stay):
 * for data whose order matters it is better to say "here is a gap" than to lose the middle in silence.
 */
export const inlet = <A, E = never>(capacity: number): Effect.Effect<Inlet<A, E>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(Queue.dropping<A, E>(capacity), Queue.shutdown),
    (queue) => ({
      offer: (value: A) => Queue.offerUnsafe(queue, value),
      fail: (cause: Cause.Cause<E>) => {
        Queue.failCauseUnsafe(queue, cause)
      },
      queue,
    }),
  )

/** A foreign promise as an effect; `refused` turns whatever it was rejected with into an error of ours. */
export const fromPromise = <A, E>(
  start: () => PromiseLike<A>,
  refused: (reason: unknown) => E,
): Effect.Effect<A, E> => Effect.tryPromise({ try: async () => await start(), catch: refused })

/** Starts a foreign promise whose only news is its failure; never an unhandled rejection. */
export const watchFailure = (start: () => PromiseLike<unknown>, failed: (reason: unknown) => void): void => {
  try {
    start().then(() => undefined, failed)
  } catch (reason) {
    failed(reason)
  }
}
