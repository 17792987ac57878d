/**
 * Cycle graph: the assets of one venue, joined by its markets, and the cycles that each new market closes.
 *
 * In: markets, one by one. Out: every simple cycle of 3 (or up to 4) different assets, found once, when the last of its
 * markets is added. Promises: the order of markets alone decides the order of cycles; at most 20,000 cycles, beyond
 * which they are left out, and `leftOut` says so.
 */
import type { Instrument } from "../../domain/Instrument.ts"

const CAPACITY = 20_000

/** What a market is to the graph: an edge between its base and its quote. */
export interface Edge {
  readonly instrument: Pick<Instrument, "base" | "quote">
}

/** Going from an asset through a market to the next asset. */
export interface Step<E extends Edge> {
  readonly market: E
  readonly side: "buy" | "sell"
  readonly from: string
  readonly to: string
}

/** Steps from an asset round to it again. */
export type Loop<E extends Edge> = ReadonlyArray<Step<E>>

const stepsOf = <E extends Edge>(market: E): readonly [Step<E>, Step<E>] => {
  const { base, quote } = market.instrument
  return [{ market, side: "sell", from: base, to: quote }, { market, side: "buy", from: quote, to: base }]
}

const reversed = <E extends Edge>(loop: Loop<E>): Loop<E> =>
  loop.map(({ from, market, side, to }): Step<E> => (
    { market, side: side === "buy" ? "sell" : "buy", from: to, to: from }
  )).reverse()

/** Begun where the first of `preferred` is gone through, else at the least of its assets by name. */
const begunAt = <E extends Edge>(loop: Loop<E>, preferred: ReadonlyArray<string>): Loop<E> => {
  const assets = loop.map(({ from }) => from)
  const start = preferred.find((asset) => assets.includes(asset)) ?? [...assets].sort()[0] ?? ""
  const at = assets.indexOf(start)
  return [...loop.slice(at), ...loop.slice(0, at)]
}

export class CycleGraph<E extends Edge> {
  readonly #longest: number
  readonly #startAssets: ReadonlyArray<string>
  /** By the asset one holds. */
  readonly #steps = new Map<string, Array<Step<E>>>()
  #cycles = 0
  /** Of the market added last, some cycles had no room. */
  leftOut = false

  constructor(longest: number, startAssets: ReadonlyArray<string>) {
    this.#longest = longest
    this.#startAssets = startAssets
  }

  /** The cycles that this market closes, each in both directions. */
  add(market: E): ReadonlyArray<Loop<E>> {
    const [sell, buy] = stepsOf(market)
    const found: Array<Loop<E>> = []
    this.leftOut = false
    if (sell.from === sell.to) return found
    this.#close([sell], found)
    for (const step of [sell, buy]) {
      const steps = this.#steps.get(step.from)
      if (steps === undefined) this.#steps.set(step.from, [step])
      else steps.push(step)
    }
    return found.flatMap((loop) => [loop, reversed(loop)].map((loop) => begunAt(loop, this.#startAssets)))
  }

  /** Every way back to where `path` began. */
  #close(path: ReadonlyArray<Step<E>>, found: Array<Loop<E>>): void {
    const begin = path[0]?.from, here = path.at(-1)?.to ?? ""
    for (const step of this.#steps.get(here) ?? []) {
      if (this.leftOut) return
      const loop = [...path, step]
      if (step.to === begin) {
        // Two markets of one pair are no cycle.
        if (loop.length < 3) continue
        if (this.#cycles === CAPACITY) this.leftOut = true
        else {
          this.#cycles++
          found.push(loop)
        }
      } else if (loop.length < this.#longest && path.every(({ from }) => from !== step.to)) this.#close(loop, found)
    }
  }
}
