/**
 * Held: frames on their way to the broker, at most 64 MB of them.
 *
 * In: packed frames. Out: the same, oldest first, a batch at a time; a batch stays held until it is confirmed.
 * Promises: while the broker is away the oldest are dropped when the room is used up, and which series lost ticks is
 * told once, so that the loss is announced by `gap`.
 */
import type { Packed } from "../domain/Frame.ts"

const CAPACITY_BYTES = 64 * 1024 * 1024

export class Held {
  readonly #capacityBytes: number
  #messages: Array<Packed> = []
  /** The first ones are with the publisher: not to be dropped under its hands. */
  #out = 0
  #bytes = 0
  droppedTicks = 0

  constructor(capacityBytes = CAPACITY_BYTES) {
    this.#capacityBytes = capacityBytes
  }

  get size(): number {
    return this.#messages.length
  }

  get bytes(): number {
    return this.#bytes
  }

  /** Out: "venue|instrument" of every series that lost ticks by this. */
  push(messages: ReadonlyArray<Packed>): ReadonlySet<string> {
    for (const message of messages) {
      this.#messages.push(message)
      this.#bytes += message.data.length
    }
    const lost = new Set<string>()
    while (this.#bytes > this.#capacityBytes && this.#messages.length > this.#out) {
      const [dropped] = this.#messages.splice(this.#out, 1)
      if (dropped === undefined) break
      this.#bytes -= dropped.data.length
      this.droppedTicks += dropped.ticks
      for (const series of dropped.series) lost.add(series.split("|").slice(0, 2).join("|"))
    }
    return lost
  }

  /** The oldest, up to `limit`; they are the publisher's until `confirm`. */
  take(limit: number): ReadonlyArray<Packed> {
    const batch = this.#messages.slice(0, limit)
    this.#out = batch.length
    return batch
  }

  /** The batch last taken is stored. */
  confirm(): void {
    for (const message of this.#messages.slice(0, this.#out)) this.#bytes -= message.data.length
    this.#messages = this.#messages.slice(this.#out)
    this.#out = 0
  }
}
