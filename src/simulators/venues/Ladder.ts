/**
 * One side of a resting order book, and what of it has been published.
 *
 * In: the step where the best price now stands, and new sizes. Out: levels, whole or only those that changed since
 * the last publication. Promises: applying the changes to the levels published before gives the levels published now;
 * prices are whole steps apart, one price a step, so a bid side below an ask side never crosses it.
 */
import type { Level } from "../../domain/Tick.ts"

export interface Ladder {
  /** Step of the best price. */
  readonly best: () => number
  /** Lots at a level; 0 is the best one. */
  readonly lotsAt: (index: number) => number
  readonly setLots: (index: number, lots: number) => void
  /** Moves the best price; levels that come into view get fresh sizes. */
  readonly moveTo: (step: number) => void
  /** Adds what changed since the last publication to `levels`, removals as size "0", and publishes it. */
  readonly publishChanges: (levels: Array<Level>) => void
  /** What was published last. */
  readonly published: () => ReadonlyArray<Level>
}

export interface LadderOptions {
  /** -1 for bids, whose prices fall away from the best; 1 for asks. */
  readonly outward: -1 | 1
  readonly depth: number
  /** Levels published, at most `depth`. */
  readonly publishedDepth: number
  readonly freshLots: (index: number) => number
  readonly priceText: (step: number) => string
  readonly sizeText: (lots: number) => string
}

export const make = (options: LadderOptions, start: number): Ladder => {
  const { outward, depth, publishedDepth, freshLots, priceText, sizeText } = options
  const lots = Array.from({ length: depth }, (_, index) => freshLots(index))
  let best = start
  /** 0 lots: nothing published there yet. */
  const shown = new Array<number>(publishedDepth).fill(0)
  let shownBest = start

  const at = (sizes: ReadonlyArray<number>, index: number): number => sizes[index] ?? 0

  const moveTo = (step: number): void => {
    const improved = (best - step) * outward
    best = step
    if (improved > 0) {
      for (let i = depth - 1; i >= improved; i--) lots[i] = at(lots, i - improved)
      for (let i = Math.min(improved, depth) - 1; i >= 0; i--) lots[i] = freshLots(i)
    } else if (improved < 0) {
      const kept = Math.max(0, depth + improved)
      for (let i = 0; i < kept; i++) lots[i] = at(lots, i - improved)
      for (let i = kept; i < depth; i++) lots[i] = freshLots(i)
    }
  }

  const publishChanges = (levels: Array<Level>): void => {
    const shift = (shownBest - best) * outward
    for (let i = 0; i < publishedDepth; i++) {
      const now = i + shift
      if (at(shown, i) > 0 && (now < 0 || now >= publishedDepth)) levels.push([priceText(shownBest + outward * i), "0"])
    }
    for (let i = 0; i < publishedDepth; i++) {
      const before = i - shift
      const size = at(lots, i)
      if (before < 0 || before >= publishedDepth || at(shown, before) !== size) {
        levels.push([priceText(best + outward * i), sizeText(size)])
      }
    }
    for (let i = 0; i < publishedDepth; i++) shown[i] = at(lots, i)
    shownBest = best
  }

  return {
    best: () => best,
    lotsAt: (index) => at(lots, index),
    setLots: (index, value) => {
      lots[index] = value
    },
    moveTo,
    publishChanges,
    published: () => shown.map((size, i): Level => [priceText(shownBest + outward * i), sizeText(size)]),
  }
}
