/**
 * The clock of a replay at a pace: recorded time, going on N times as fast as the wall's.
 *
 * In: the instant it begins at and the factor. Out: Effect's Clock. Promises: it never goes back; sleeps last a factor less
 * of the wall's time; it begins when its layer is built.
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { StreamTime } from "../StreamTime.ts"
import * as DerivedClock from "./DerivedClock.ts"

const NANOS_PER_MS = 1_000_000

export class Pace extends Context.Service<Pace, {
  /** Lets time pass from now on; more than once does nothing. */
  readonly start: Effect.Effect<void>
}>()("arbedge/Pace") {}

/** `factor` 10: ten recorded seconds pass in one. */
export const layer = (startMs: number, factor: number): Layer.Layer<StreamTime | Pace> =>
  Layer.effectContext(Effect.gen(function* () {
    const wall = yield* Clock.Clock
    let begun: bigint | null = null
    const passedMs = () => begun === null ? 0 : Number(wall.monotonicTimeNanosUnsafe() - begun) / NANOS_PER_MS
    const clock = DerivedClock.make({
      millis: () => startMs + Math.floor(passedMs() * factor),
      sleep: (duration) => wall.sleep(Duration.millis(Duration.toMillis(duration) / factor)),
    })
    const start = Effect.sync(() => {
      begun ??= wall.monotonicTimeNanosUnsafe()
    })
    return Context.make(Clock.Clock, clock).pipe(
      Context.add(StreamTime, StreamTime.ignored),
      Context.add(Pace, Pace.of({ start })),
    )
  }))
