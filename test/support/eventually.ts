/**
 * Waiting for what other processes do: asked for again and again, by the wall's time, and given up with what was seen.
 *
 * In: a look, what is wanted of it, how long to wait. Out: what was seen when it held.
 */
import { Clock, Duration, Effect } from "effect"

/** Tries again, by the wall's time, until it holds; fails with what it last saw. */
export const eventually = <A, E, R>(
  look: Effect.Effect<A, E, R>,
  holds: (seen: A) => boolean,
  within: Duration.Input,
): Effect.Effect<A, E, R> =>
  Effect.gen(function* () {
    const endMs = (yield* Clock.currentTimeMillis) + Duration.toMillis(Duration.fromInputUnsafe(within))
    while (true) {
      const seen = yield* look
      if (holds(seen)) return seen
      if ((yield* Clock.currentTimeMillis) > endMs) {
        return yield* Effect.die(new Error(`it did not happen in time; last seen: ${JSON.stringify(seen)}`))
      }
      yield* Effect.sleep("50 millis")
    }
  })
