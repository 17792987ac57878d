/**
 * "Something changed": wakes whoever waits, and holds nothing itself.
 * Comes in: `notify` from plain code. Goes out: an effect that ends at the next notify.
 * Promises: a waiter that asks for `next` in the same synchronous step as its check misses no change.
 */
import { Deferred, Effect, Exit } from "effect"

export interface Signal {
  /** Take this while checking, then run it: it ends at the first `notify` after it was taken. */
  readonly next: () => Effect.Effect<void>
  readonly notify: () => void
}

export const make = (): Signal => {
  let current = Deferred.makeUnsafe<void>()
  return {
    next: () => Deferred.await(current),
    notify: () => {
      const done = current
      current = Deferred.makeUnsafe<void>()
      Deferred.doneUnsafe(done, Exit.void)
    },
  }
}

/** Waits for the next change, but at most so long. */
export const wait = (next: Effect.Effect<void>, atMostMs: number): Effect.Effect<void> =>
  Effect.asVoid(Effect.timeoutOption(next, atMostMs))
