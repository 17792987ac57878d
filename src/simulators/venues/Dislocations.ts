/**
 * When, where and how far one venue's price leaves the others': the seeded schedule of real dislocations.
 *
 * In: a configuration. Out: for each asset and cross pair, dislocations one after another, never two at a time.
 * Promises: the schedule depends on the seed, the assets, pairs and venues alone, so whoever knows the configuration
 * knows where the opportunities are. `jump`: the venue goes off by `bps` at once and returns over its last quarter.
 * `lag`: the whole market moves by `bps` within 100 ms and this venue stays where it was until the end; a cross pair,
 * whose price is that of its two assets, only jumps.
 */
import { Option } from "effect"
import type { SimulationConfig } from "./Config.ts"
import * as Randomness from "./Randomness.ts"
import { crossPairsOf, venueOf } from "./Venues.ts"

export interface Dislocation {
  readonly base: string
  /** The asset that a cross pair is priced in; null: the dollar market of `base`. */
  readonly pricedIn: string | null
  readonly venue: string
  readonly kind: "jump" | "lag"
  /** Signed. */
  readonly bps: number
  /** Since the start of the simulation. */
  readonly startMs: number
  readonly endMs: number
}

/** The dislocations of one asset or cross pair by their number, drawn as they are asked for; undefined where there are none. */
export type Schedule = (index: number) => Dislocation | undefined

const between = (randomness: Randomness.Randomness, least: number, most: number): number =>
  least + randomness.below(most - least + 1)

/** The first comes within one mean time from the start, but not in its first half second. */
const QUIET_START_MS = 500

const tradesCrossPairs = (config: SimulationConfig, id: string): boolean =>
  Option.exists(venueOf(config, id), (venue) => crossPairsOf(config, venue).length > 0)

/** `name`: an asset ("BTC") or a cross pair ("ETH/BTC"). */
export const scheduleOf = (config: SimulationConfig, name: string): Schedule => {
  const { everyMs, minBps, maxBps, minMs, maxMs } = config.dislocations
  const [base = "", pricedIn = null] = name.split("/")
  const venues = pricedIn === null ? config.venues : config.venues.filter((id) => tradesCrossPairs(config, id))
  const [first] = venues
  // A cross pair leaves its own assets; an asset can only leave its price elsewhere.
  if (everyMs === 0 || first === undefined || (pricedIn === null && venues.length === 1)) return () => undefined
  const randomness = Randomness.make(config.seed, "dislocations", name)
  const meanGapMs = everyMs * (config.assets.length + config.crossPairs.length)
  const drawn: Array<Dislocation> = []
  const draw = (): Dislocation => {
    const last = drawn.at(-1)
    const startMs = last === undefined
      ? QUIET_START_MS + randomness.below(meanGapMs)
      : last.endMs + Math.max(100, Math.floor(meanGapMs / 2) + randomness.below(meanGapMs))
    return {
      base,
      pricedIn,
      venue: venues[randomness.below(venues.length)] ?? first,
      kind: randomness.below(2) === 0 || pricedIn !== null ? "jump" : "lag",
      bps: between(randomness, minBps, maxBps) * (randomness.below(2) === 0 ? 1 : -1),
      startMs,
      endMs: startMs + between(randomness, minMs, maxMs),
    }
  }
  return (index) => {
    while (drawn.length <= index) drawn.push(draw())
    return drawn[index]
  }
}

/** Every dislocation that starts before a time, in order of its start. */
export const dislocations = (config: SimulationConfig, beforeMs: number): ReadonlyArray<Dislocation> =>
  [...config.assets, ...config.crossPairs].flatMap((name) => {
    const schedule = scheduleOf(config, name)
    const found: Array<Dislocation> = []
    for (let next = schedule(0); next !== undefined && next.startMs < beforeMs; next = schedule(found.length)) {
      found.push(next)
    }
    return found
  }).sort((a, b) => a.startMs - b.startMs)
