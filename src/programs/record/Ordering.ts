/**
 * Ordering: ticks of many partitions or venues become one sequence by `ingestTime`, as a recording wants it.
 *
 * In: ticks as they arrive. Out: ticks in order of ingest time, those of one millisecond as they came; what is behind the
 * last one given out is refused and counted. Promises: it waits for stragglers 1 s of ingest time and as many ticks as
 * the source asks, or for two beats; it holds no more than twice those, that second and one batch. Pure: no clock of its
 * own.
 */
import type { Tick } from "../../domain/Tick.ts"

const HOLD_MS = 1_000
const BEATS_HELD = 2

export class Ordering {
  readonly #holdTicks: number
  #held: Array<Tick> = []
  #newest = -1
  #given = -1
  #late = 0
  /** The newest ingest time at each of the last beats, oldest first. */
  #marks: ReadonlyArray<number> = Array.from({ length: BEATS_HELD }, () => -1)

  /** `holdTicks`: at most so many ticks come before one that belongs ahead of them. */
  constructor(holdTicks: number) {
    this.#holdTicks = holdTicks
  }

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
    // Sorted once in a while: what is held is sorted whole each time.
    return this.#held.length < 2 * this.#holdTicks ? [] : this.#give(this.#holdTicks, this.#newest - HOLD_MS)
  }

  /** Of a source that goes on: a second has passed. Gives what was there two beats ago, however little it is. */
  beat(): ReadonlyArray<Tick> {
    const [due = -1, ...marks] = this.#marks
    this.#marks = [...marks, this.#newest]
    return this.#give(0, due)
  }

  /** Gives the rest. */
  flush(): ReadonlyArray<Tick> {
    return this.#give(0, Infinity)
  }

  /** All but the last `keep`, and nothing above `latest` (ms). */
  #give(keep: number, latest: number): ReadonlyArray<Tick> {
    // Stable, and quick on what is nearly in order already.
    this.#held.sort((a, b) => a.ingestTime - b.ingestTime)
    const above = this.#held.findIndex((tick) => tick.ingestTime > latest)
    const end = Math.min(above === -1 ? this.#held.length : above, this.#held.length - keep)
    const ready = this.#held.slice(0, end)
    this.#held = this.#held.slice(end)
    this.#given = ready.at(-1)?.ingestTime ?? this.#given
    return ready
  }
}
