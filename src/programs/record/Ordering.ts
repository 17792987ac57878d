/**
 * Ordering: ticks of many partitions or venues become one sequence by `ingestTime`, as a recording wants it.
 *
 * In: ticks as they arrive. Out: ticks in order of ingest time, those of one millisecond as they came; what is behind the
 * last one given out is refused and counted. Promises: it waits 1 s of ingest time for stragglers and holds no more than
 * the ticks of that second and of one batch. Pure: no clock of its own.
 */
import type { Tick } from "../../domain/Tick.ts"

const HOLD_MS = 1_000

export class Ordering {
  #held: Array<Tick> = []
  #newest = -1
  #given = -1
  #late = 0

  /** Ticks that came too late to stand in their place. */
  get late(): number {
    return this.#late
  }

  /** Takes a batch, gives what can no longer be preceded. */
  push(ticks: ReadonlyArray<Tick>): ReadonlyArray<Tick> {
    for (const tick of ticks) {
      if (tick.ingestTime < this.#given) this.#late++
      else this.#held.push(tick)
      this.#newest = Math.max(this.#newest, tick.ingestTime)
    }
    return this.#upTo(this.#newest - HOLD_MS)
  }

  /** Gives the rest. */
  flush(): ReadonlyArray<Tick> {
    return this.#upTo(Infinity)
  }

  #upTo(ingestTime: number): ReadonlyArray<Tick> {
    // Stable, and quick on what is nearly in order already.
    this.#held.sort((a, b) => a.ingestTime - b.ingestTime)
    const end = this.#held.findIndex((tick) => tick.ingestTime > ingestTime)
    const ready = this.#held.splice(0, end === -1 ? this.#held.length : end)
    this.#given = ready.at(-1)?.ingestTime ?? this.#given
    return ready
  }
}
