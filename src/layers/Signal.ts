/**
 * A wake-up call between plain code and waiting fibers of this process.
 *
 * In: `notify` from whoever changed something. Out: `waitUntil(ready)` returns once `ready` may hold. Wake-ups can be
 * spurious, so callers look again; a change between the look and the wait is never missed, because both happen in one
 * synchronous step.
 */
import { Effect } from "effect"

export class Signal {
  #waiting: Set<() => void> = new Set()

  notify(): void {
    if (this.#waiting.size === 0) return
    const woken = this.#waiting
    this.#waiting = new Set()
    for (const wake of woken) wake()
  }

  waitUntil(ready: () => boolean): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      if (ready()) return resume(Effect.void)
      const wake = () => resume(Effect.void)
      this.#waiting.add(wake)
      return Effect.sync(() => {
        this.#waiting.delete(wake)
      })
    })
  }
}
