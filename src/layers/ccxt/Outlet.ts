/**
 * The way out of the callback world: events into the feed's bounded queue.
 *
 * In: events, from synchronous code. Out: the same in order. Promises: never blocks. When the queue is full the event
 * is dropped, the instruments it spoke of are remembered, and the first thing that fits again is a `gap` (overflow)
 * for each of them; `overflowed` hears of it, so that their books start afresh.
 */
import type { FeedEvent } from "../../domain/Feed.ts"
import type { GapReason, Tick } from "../../domain/Tick.ts"

export class Outlet {
  readonly #venue: string
  readonly #offer: (event: FeedEvent) => boolean
  readonly #nowMs: () => number
  readonly #onDropped: (ticks: number) => void
  readonly #losing = new Set<string>()
  /** Events dropped because the queue was full. */
  dropped = 0

  constructor(
    venue: string,
    offer: (event: FeedEvent) => boolean,
    nowMs: () => number,
    onDropped: (ticks: number) => void = () => {},
  ) {
    this.#onDropped = onDropped
    this.#venue = venue
    this.#offer = offer
    this.#nowMs = nowMs
  }

  nowMs(): number {
    return this.#nowMs()
  }

  ticks(ticks: ReadonlyArray<Tick>): void {
    if (ticks.length > 0) this.send({ _tag: "Ticks", ticks })
  }

  gaps(instruments: Iterable<string>, reason: GapReason): void {
    this.ticks(this.#gapTicks(instruments, reason))
  }

  /** Says that the stream of these instruments broke because the queue was full; true once it could be said. */
  flush(): ReadonlyArray<string> {
    if (this.#losing.size === 0) return []
    const instruments = [...this.#losing]
    if (!this.#offer({ _tag: "Ticks", ticks: this.#gapTicks(instruments, "overflow") })) return []
    this.#losing.clear()
    return instruments
  }

  send(event: FeedEvent): void {
    if (this.#losing.size === 0 && this.#offer(event)) return
    // Nothing passes before the gap is announced, else the consumer would take what follows for unbroken.
    if (event._tag === "Ticks") {
      for (const tick of event.ticks) this.#losing.add(tick.instrument)
      this.#onDropped(event.ticks.length)
    }
    this.dropped++
  }

  #gapTicks(instruments: Iterable<string>, reason: GapReason): ReadonlyArray<Tick> {
    const ingestTime = this.#nowMs(), venue = this.#venue
    return Array.from(instruments, (instrument) => (
      { v: 1, venue, instrument, venueTime: null, ingestTime, kind: "gap", reason }
    ))
  }
}
