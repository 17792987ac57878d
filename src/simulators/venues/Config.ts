/**
 * What a simulation is made of: one Schema with a default for every field.
 *
 * In: a JSON object, all fields optional. Out: a `SimulationConfig`. Promises: two simulations with equal
 * configurations are equal tick for tick; the bounds keep all arithmetic within exact whole numbers and the longest
 * look back within the remembered part of the fair price.
 */
import { Effect, Schema } from "effect"
import { isDecimalText } from "../../domain/Decimal.ts"
import { FeedKind } from "../../domain/Feed.ts"
import { VenueId } from "../../domain/Instrument.ts"
import { Fault } from "./Faults.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

const Asset = Schema.String.check(Schema.isPattern(/^[A-Z0-9]{1,20}$/))
/** Two assets, priced by what each is worth in dollars. */
const CrossPair = Schema.String.check(Schema.isPattern(/^[A-Z0-9]{1,20}\/[A-Z0-9]{1,20}$/))
/** Dollars that are all worth one. */
const Quote = Schema.Literals(["USDT", "USDC", "USD"])
const Price = Schema.String.check(
  Schema.makeFilter((text: string) =>
    isDecimalText(text) && Number(text) >= 0.000001 && Number(text) < 1_000_000 || "a decimal from 0.000001 to 1000000"
  ),
)
const Fee = Schema.String.check(
  Schema.makeFilter((text: string) =>
    isDecimalText(text) && Number(text) >= 0 && Number(text) < 0.1 || "a fraction from 0 to 0.1"
  ),
)

/** How one venue behaves. What is absent is taken from the shipped table (Venues.ts). */
export const VenueSettings = Schema.Struct({
  /** Fraction of the traded money. */
  takerFee: Schema.optionalKey(Fee),
  market: Schema.optionalKey(Schema.Literals(["spot", "linear"])),
  quote: Schema.optionalKey(Quote),
  /** From the event at the venue to its arrival, at least. */
  latencyMs: Schema.optionalKey(between(0, 5_000)),
  /** Comes on top of the latency, 0 to this, changing smoothly. */
  jitterMs: Schema.optionalKey(between(0, 100)),
  /** Venue clock minus ours. */
  clockOffsetMs: Schema.optionalKey(between(-60_000, 60_000)),
  /** How long after the fair price the venue's own price follows. */
  lagMs: Schema.optionalKey(between(0, 5_000)),
  /** Spread of the venue's own noise, hundredths of a basis point. */
  noiseCentiBps: Schema.optionalKey(between(0, 1_000)),
  /** Price steps (0.4 bps each) that the best prices keep from the middle. */
  spreadSteps: Schema.optionalKey(between(0, 100)),
  /** Money that rests on one level on average, in the quote currency. */
  levelMoney: Schema.optionalKey(between(10, 10_000_000)),
})
export type VenueSettings = typeof VenueSettings.Type

/** When and how one market leaves the others; `everyMs` 0: never. */
const Dislocations = Schema.Struct({
  /** Mean time from one to the next, over all assets and cross pairs. */
  everyMs: between(0, 86_400_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(4_000))),
  minBps: between(1, 500).pipe(Schema.withDecodingDefaultKey(Effect.succeed(20))),
  maxBps: between(1, 500).pipe(Schema.withDecodingDefaultKey(Effect.succeed(120))),
  minMs: between(20, 10_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(200))),
  maxMs: between(20, 10_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(8_000))),
}).check(
  Schema.makeFilter((d: { minBps: number; maxBps: number; minMs: number; maxMs: number }) =>
    d.minBps <= d.maxBps && d.minMs <= d.maxMs || "no minimum above its maximum"
  ),
)

const distinct = Schema.makeFilter((names: ReadonlyArray<string>) =>
  names.length > 0 && new Set(names).size === names.length || "at least one, each once"
)

const joined = Schema.makeFilter(
  ({ assets, crossPairs }: { readonly assets: ReadonlyArray<string>; readonly crossPairs: ReadonlyArray<string> }) => {
    const isKnown = (pair: string) => {
      const [base = "", quote = ""] = pair.split("/")
      return base !== quote && assets.includes(base) && assets.includes(quote)
    }
    return new Set(crossPairs).size === crossPairs.length && crossPairs.every(isKnown) ||
      { path: ["crossPairs"], issue: "pairs of two different assets of the simulation, each once" }
  },
)

export const SimulationConfig = Schema.Struct({
  seed: Schema.Int.pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  venues: Schema.Array(VenueId).check(distinct).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(["binance", "okx", "bybit", "kraken", "coinbase"])),
  ),
  /** By venue: what differs from the shipped table. */
  venueSettings: Schema.Record(VenueId, VenueSettings).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** Base assets; each venue trades all of them. */
  assets: Schema.Array(Asset).check(distinct).pipe(
    Schema.withDecodingDefaultKey(Effect.succeed(["BTC", "ETH", "SOL", "XRP", "DOGE"])),
  ),
  /** Pairs of two of the assets; each spot venue trades all of them too. */
  crossPairs: Schema.Array(CrossPair).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /** By asset: its price at the start; what is absent is taken from the shipped table, else 100. */
  startPrices: Schema.Record(Asset, Price).pipe(Schema.withDecodingDefaultKey(Effect.succeed({}))),
  /** Epoch of the first moment; null: a fixed day for `simulate`, the clock's now for a paced feed. */
  startTimeMs: Schema.NullOr(between(0, 4_000_000_000_000)).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** Null: without end. */
  durationMs: Schema.NullOr(between(1, 31_536_000_000)).pipe(Schema.withDecodingDefaultKey(Effect.succeed(null))),
  /** Mean number of ticks a second, over all markets. */
  ticksPerSecond: between(1, 2_000_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(1_000))),
  /** What the markets publish; `funding` only where there are perpetuals. */
  kinds: Schema.Array(FeedKind).check(distinct).check(
    Schema.makeFilter((kinds: ReadonlyArray<string>) =>
      kinds.some((kind) => kind !== "funding") || "not funding alone"
    ),
  ).pipe(Schema.withDecodingDefaultKey(Effect.succeed(["quote"] as const))),
  /** Levels on each side of a book. */
  depth: between(1, 200).pipe(Schema.withDecodingDefaultKey(Effect.succeed(10))),
  /** A full book again after this long. */
  snapshotEveryMs: between(100, 3_600_000).pipe(Schema.withDecodingDefaultKey(Effect.succeed(10_000))),
  /** Standard deviation of the fair price in one second. */
  volatilityBps: between(0, 50).pipe(Schema.withDecodingDefaultKey(Effect.succeed(1))),
  dislocations: Dislocations.pipe(
    Schema.withDecodingDefaultKey(
      Effect.succeed({ everyMs: 4_000, minBps: 20, maxBps: 120, minMs: 200, maxMs: 8_000 }),
    ),
  ),
  faults: Schema.Array(Fault).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
}).check(joined)
export type SimulationConfig = typeof SimulationConfig.Type
export type SimulationInput = typeof SimulationConfig.Encoded

/** Throws a SchemaError that names the path of what is wrong; for input from outside use the Schema itself. */
export const configure = (input: SimulationInput = {}): SimulationConfig =>
  Schema.decodeSync(SimulationConfig)(input, { onExcessProperty: "error" })

/** 2024-08-08T00:00:00Z, the first moment of a simulation that names none. */
export const DEFAULT_START_MS = 1_723_075_200_000
