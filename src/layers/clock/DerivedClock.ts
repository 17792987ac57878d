/**
 * A clock of Effect's from the little that distinguishes one: what time it is, and how sleeping works.
 *
 * In: milliseconds since the epoch, optionally a monotonic time of its own, and a sleep. Out: the whole Clock service.
 * Promises: milliseconds and nanoseconds never disagree.
 */
import { type Clock, type Duration, Effect } from "effect"

const NANOS_PER_MS = 1_000_000n

export interface Timepiece {
  /** Since the epoch; whole or with a fraction. */
  readonly millis: () => number
  /** For measuring spans; the milliseconds themselves where it is absent. */
  readonly monotonicNanos?: () => bigint
  readonly sleep: (duration: Duration.Duration) => Effect.Effect<void>
}

export const make = ({ millis, monotonicNanos, sleep }: Timepiece): Clock.Clock => {
  const nanos = () => BigInt(Math.round(millis())) * NANOS_PER_MS
  const monotonic = monotonicNanos ?? nanos
  return {
    currentTimeMillisUnsafe: millis,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanosUnsafe: nanos,
    currentTimeNanos: Effect.sync(nanos),
    monotonicTimeNanosUnsafe: monotonic,
    monotonicTimeNanos: Effect.sync(monotonic),
    sleep,
  }
}
