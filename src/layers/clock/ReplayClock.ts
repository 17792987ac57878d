/**
 * The clock of a replay at full speed: time stands still until it is told to jump.
 *
 * In: `jumpTo`. Out: Effect's Clock. Promises: a jump never goes back; every sleeper due by then wakes, in the order of
 * its time, at the new time. What is waiting on the outside world (sockets, databases) is not hurried and not timed out.
 */
import { Clock, Context, Duration, Effect, Layer } from "effect"
import { StreamTime } from "../StreamTime.ts"
import * as DerivedClock from "./DerivedClock.ts"

interface Sleeper {
  readonly wakeAtMs: number
  readonly wake: () => void
}

export class ReplayClock extends Context.Service<ReplayClock, {
  readonly now: Effect.Effect<number>
  /** Sets the time (ms) and wakes whoever is due; a time before now is ignored. */
  readonly jumpTo: (atMs: number) => Effect.Effect<void>
}>()("arbedge/ReplayClock") {}

/** `startMs` is what the clock shows at first. */
export const layer = (startMs: number): Layer.Layer<ReplayClock | StreamTime> =>
  Layer.effectContext(Effect.gen(function* () {
    const wall = yield* Clock.Clock
    let nowMs = startMs
    let sleepers: Array<Sleeper> = []
    const sleep = (duration: Duration.Duration) =>
      Effect.callback<void>((resume) => {
        const sleeper = { wakeAtMs: nowMs + Duration.toMillis(duration), wake: () => resume(Effect.void) }
        if (sleeper.wakeAtMs <= nowMs) return resume(Effect.yieldNow)
        sleepers.push(sleeper)
        return Effect.sync(() => {
          sleepers = sleepers.filter((other) => other !== sleeper)
        })
      })
    const clock = DerivedClock.make({
      millis: () => nowMs,
      sleep: (duration) => Duration.isFinite(duration) ? sleep(duration) : wall.sleep(duration),
    })
    const jumpTo = (atMs: number) =>
      Effect.sync(() => {
        if (atMs <= nowMs) return
        nowMs = atMs
        const due = sleepers.filter(({ wakeAtMs }) => wakeAtMs <= atMs).sort((a, b) => a.wakeAtMs - b.wakeAtMs)
        sleepers = sleepers.filter(({ wakeAtMs }) => wakeAtMs > atMs)
        for (const { wake } of due) wake()
      })
    return Context.make(Clock.Clock, clock).pipe(
      Context.add(ReplayClock, ReplayClock.of({ now: clock.currentTimeMillis, jumpTo })),
      Context.add(StreamTime, StreamTime.ignored),
    )
  }))
