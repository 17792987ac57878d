/**
 * The order book of one simulated market: where its price stands and what rests there.
 *
 * In: the fair price and the market's dislocations. Out: both sides as ladders, moved to a time. Promises: the best bid
 * is below the best ask after every move; the venue follows the fair price with its own lag and noise, and leaves it
 * only as the schedule of dislocations says.
 */
import type { SimulationConfig } from "./Config.ts"
import { decimalText } from "./DecimalText.ts"
import type { Dislocation, Schedule } from "./Dislocations.ts"
import { type FairPrice, UNITS_PER_TICK } from "./FairPrice.ts"
import * as Ladder from "./Ladder.ts"
import * as Randomness from "./Randomness.ts"
import type { MarketSpec } from "./Venues.ts"

export interface BookMaker {
  readonly bids: Ladder.Ladder
  readonly asks: Ladder.Ladder
  readonly priceText: (step: number) => string
  readonly sizeText: (lots: number) => string
  /** Moves the book to an event's time (microseconds since the start), which must not go back. */
  readonly moveTo: (eventUs: number) => void
}

/** Texts of prices remembered a market; when full they are forgotten all at once. */
const TEXT_CAPACITY = 4_096

/** How far a jump still is off, in tenths of a basis point: all of it, then straight back over the last quarter. */
const deciBpsOf = (jump: Dislocation, timeMs: number): number => {
  const left = jump.endMs - timeMs
  const quarter = Math.ceil((jump.endMs - jump.startMs) / 4)
  return left >= quarter ? jump.bps * 10 : Math.floor(jump.bps * 10 * left / quarter)
}

export const make = (
  config: SimulationConfig,
  spec: MarketSpec,
  publishedDepth: number,
  fair: FairPrice,
  schedule: Schedule,
): BookMaker => {
  const { venue, gapTicks, priceDigits, lotDigits, meanLots } = spec
  const randomness = Randomness.make(config.seed, "book", venue.id, spec.instrument)
  const salt = Randomness.seedOf(config.seed, "prices", venue.id, spec.instrument)
  const lagUs = venue.lagMs * 1_000

  const texts = new Map<number, string>()
  // Each step has one price somewhere within it, so that prices look unplanned and yet keep their order.
  const priceText = (step: number): string => {
    const known = texts.get(step)
    if (known !== undefined) return known
    const text = decimalText(step * gapTicks + Randomness.mix(step ^ salt) % gapTicks, priceDigits)
    if (texts.size >= TEXT_CAPACITY) texts.clear()
    texts.set(step, text)
    return text
  }
  const sizeText = (lots: number): string => decimalText(lots, lotDigits)
  const freshLots = (index: number): number =>
    1 + randomness.below(meanLots) + Math.floor(randomness.below(meanLots) * (4 + index) / 4)

  let noise = 0
  let cursor = 0
  const dislocationAt = (timeMs: number): Dislocation | null => {
    let event = schedule(cursor)
    while (event !== undefined && event.endMs <= timeMs) event = schedule(++cursor)
    return event !== undefined && event.venue === venue.id && event.startMs <= timeMs ? event : null
  }
  const middleStep = (eventUs: number): number => {
    const timeMs = Math.floor(eventUs / 1_000)
    const event = dislocationAt(timeMs)
    const followedUs = eventUs - lagUs
    let units = fair.at(event?.kind === "lag" ? Math.min(followedUs, event.startMs * 1_000) : followedUs)
    if (event?.kind === "jump") units += Math.floor(units * deciBpsOf(event, timeMs) / 100_000)
    noise = Math.trunc(noise * 7 / 8) + randomness.around(venue.noiseCentiBps)
    units += Math.floor(units * noise / 1_000_000)
    return Math.floor(units / (UNITS_PER_TICK * gapTicks))
  }

  const side = (outward: -1 | 1, start: number): Ladder.Ladder =>
    Ladder.make({ outward, depth: config.depth, publishedDepth, freshLots, priceText, sizeText }, start)
  const startStep = Math.floor(spec.startTicks / gapTicks)
  const bids = side(-1, startStep - venue.spreadSteps)
  const asks = side(1, startStep + 1 + venue.spreadSteps)

  const touch = (ladder: Ladder.Ladder): void => {
    const index = randomness.below(config.depth)
    const lots = freshLots(index)
    ladder.setLots(index, lots === ladder.lotsAt(index) ? lots + 1 : lots)
  }

  return {
    bids,
    asks,
    priceText,
    sizeText,
    moveTo: (eventUs) => {
      const middle = middleStep(eventUs)
      // Now and then the spread is a little wider.
      const away = venue.spreadSteps + (randomness.below(16) === 0 ? 1 : 0)
      bids.moveTo(middle - away)
      asks.moveTo(middle + 1 + away)
      touch(bids)
      touch(asks)
    },
  }
}
