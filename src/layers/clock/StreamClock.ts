/**
 * The clock of a running service: the wall's time, unless recorded data arrives; then the newest recorded time, going on
 * at the wall's pace until newer data arrives.
 *
 * In: observations of the StreamTime port. Out: Effect's Clock. Promises: live and simulated data bring the wall's time
 * back; within 250 ms of what it should be it is left alone, so that a recording played at its own pace does not jitter
 * it. Sleeps are real: they are not shortened when time jumps.
 */
import { Clock, Context, Effect, Layer } from "effect"
import { StreamTime } from "../StreamTime.ts"
import * as DerivedClock from "./DerivedClock.ts"

const TOLERANCE_MS = 250

export const layer: Layer.Layer<StreamTime> = Layer.effectContext(Effect.gen(function* () {
  const wall = yield* Clock.Clock
  let offsetMs = 0
  const clock = DerivedClock.make({
    millis: () => wall.currentTimeMillisUnsafe() + offsetMs,
    monotonicNanos: () => wall.monotonicTimeNanosUnsafe(),
    sleep: (duration) => wall.sleep(duration),
  })
  const observe: StreamTime["Service"]["observe"] = (source, ingestTime) =>
    Effect.sync(() => {
      const due = source === "recorded" ? ingestTime - wall.currentTimeMillisUnsafe() : 0
      if (Math.abs(due - offsetMs) > TOLERANCE_MS) offsetMs = due
    })
  return Context.make(Clock.Clock, clock).pipe(Context.add(StreamTime, StreamTime.of({ observe })))
}))
