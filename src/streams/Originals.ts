/**
 * Originals: which ticks of frames are the ones that were ingested.
 *
 * In: ticks with their marks, in the order of the stream. Out: yes or no. Promises: each tick that was ingested is taken
 * once; references and repeated books are not, but for the first book of each series, without which its changes mean
 * nothing to who begins there.
 */
import type { FramedTick } from "../domain/Frame.ts"

export class Originals {
  readonly #begun = new Set<string>()

  has({ mark, tick }: FramedTick): boolean {
    if (mark === "ref") return false
    const key = `${tick.venue}|${tick.instrument}|${tick.kind}`
    if (mark === "refresh" && this.#begun.has(key)) return false
    if (tick.kind !== "book" || tick.snapshot) this.#begun.add(key)
    return true
  }
}
