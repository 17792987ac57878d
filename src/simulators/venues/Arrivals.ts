/**
 * When a market's events happen and when they arrive here.
 *
 * In: a market's venue and mean interval. Out: pairs of times in microseconds since the start. Promises: both only
 * grow within a venue: what it sends first arrives first, for its jitter changes by less than the time that passes.
 */
import type { SimulationConfig } from "./Config.ts"
import * as Randomness from "./Randomness.ts"
import type { Venue } from "./Venues.ts"

/** Jitter is drawn at these distances and runs straight in between; it must stay above the greatest jitter. */
const KNOT_US = 250_000

export interface Arrivals {
  /** When the next event happens at the venue. */
  eventUs: number
  /** When it arrives here. */
  arrivalUs: number
  readonly advance: () => void
}

export const make = (config: SimulationConfig, venue: Venue, instrument: string, meanIntervalUs: number): Arrivals => {
  const randomness = Randomness.make(config.seed, "arrivals", venue.id, instrument)
  const venueSeed = Randomness.seedOf(config.seed, "jitter", venue.id)
  const jitterUs = venue.jitterMs * 1_000
  const latencyUs = venue.latencyMs * 1_000
  const knot = (index: number): number => Randomness.mix(venueSeed ^ Randomness.mix(index)) % (jitterUs + 1)
  const arrivalOf = (eventUs: number): number => {
    const index = Math.floor(eventUs / KNOT_US)
    const from = knot(index), to = knot(index + 1)
    return eventUs + latencyUs + from + Math.floor((to - from) * (eventUs - index * KNOT_US) / KNOT_US)
  }
  const first = randomness.below(meanIntervalUs)
  const arrivals: Arrivals = {
    eventUs: first,
    arrivalUs: arrivalOf(first),
    advance: () => {
      arrivals.eventUs += 1 + randomness.below(2 * meanIntervalUs - 1)
      arrivals.arrivalUs = arrivalOf(arrivals.eventUs)
    },
  }
  return arrivals
}
