/**
 * The common price of one asset, or of one asset in another, which every venue follows in its own way.
 *
 * In: a configuration and the asset's dislocations. Out: the fair price at any time of the last 40 seconds, in
 * thousandths of the asset's finest tick. Promises: a multiplicative random walk in steps of 20 ms by whole numbers
 * below 2^53 only; it stays between a quarter and four times the start price; reading never changes what comes.
 */
import type { SimulationConfig } from "./Config.ts"
import type { Schedule } from "./Dislocations.ts"
import { pow10 } from "./DecimalText.ts"
import * as Randomness from "./Randomness.ts"

/** Fair-price units in one tick of the asset. */
export const UNITS_PER_TICK = 1_000

const STEP_MS = 20
/** 41 s: longer than the longest latency, lag and dislocation together. */
const REMEMBERED = 2_048
/** Uniform steps of +-245e-7 fifty times a second have a standard deviation of 1 bps in a second. */
const STEP_PER_BPS = 245
/** Steps over which the market moves away from a venue that lags. */
const MOVE_STEPS = 5

export interface FairPrice {
  /** Microseconds since the start; before it, the start price. Throws a RangeError for a time no longer remembered. */
  readonly at: (timeUs: number) => number
}

export const make = (config: SimulationConfig, base: string, startTicks: number, schedule: Schedule): FairPrice => {
  const randomness = Randomness.make(config.seed, "fair", base)
  const start = startTicks * UNITS_PER_TICK
  const floor = Math.floor(start / 4), ceiling = start * 4
  const amplitude = STEP_PER_BPS * config.volatilityBps
  const path = new Float64Array(REMEMBERED).fill(start)
  let head = 0
  let next = 0
  const step = (): void => {
    const price = path[head % REMEMBERED] ?? start
    head++
    let moved = price + Math.floor(price * randomness.around(amplitude) / 10_000_000)
    const timeMs = head * STEP_MS
    let event = schedule(next)
    while (event !== undefined && timeMs > event.startMs + MOVE_STEPS * STEP_MS) event = schedule(++next)
    if (event !== undefined && event.kind === "lag" && timeMs > event.startMs) {
      moved += Math.floor(price * event.bps / (10_000 * MOVE_STEPS))
    }
    path[head % REMEMBERED] = Math.min(ceiling, Math.max(floor, moved))
  }
  return {
    at: (timeUs) => {
      const wanted = timeUs <= 0 ? 0 : Math.floor(timeUs / (STEP_MS * 1_000))
      while (head < wanted) step()
      if (wanted <= head - REMEMBERED) throw new RangeError(`the fair price of ${base} ${head - wanted} steps ago`)
      return path[wanted % REMEMBERED] ?? start
    },
  }
}

/**
 * What one asset is worth in another, in ticks of 10^-priceDigits; `digits` are those of the two assets' own prices. The
 * product is a double: above 2^53 it is rounded, alike on every runtime and by far less than a unit.
 */
export const cross = (
  base: FairPrice,
  quote: FairPrice,
  priceDigits: number,
  digits: { readonly base: number; readonly quote: number },
): FairPrice => {
  const scale = UNITS_PER_TICK * pow10(priceDigits + digits.quote - digits.base)
  return { at: (timeUs) => Math.floor(base.at(timeUs) * scale / quote.at(timeUs)) }
}
