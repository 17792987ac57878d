/**
 * Fees: what an account pays on one market of one venue.
 *
 * In: what the operator configured of the venue, and the fee table. Out: taker and maker as fractions, the currency a
 * buyer pays in, and where they come from. Promises: what the operator wrote goes before the table, a market's own rate
 * before the venue's; a venue or market nobody gave a rate for has none, never a guess; rates out of bounds are refused.
 */
import { Option, Schema } from "effect"
import { FeeRate } from "./ConfigValues.ts"
import * as FeeTable from "./FeeTable.ts"
import { type Instrument, isInverse, VenueId } from "./Instrument.ts"

const MarketRates = Schema.Struct({
  taker: Schema.optionalKey(FeeRate),
  maker: Schema.optionalKey(FeeRate),
})

/** Fractions; `tier` takes what is not written here from the fee table. */
export const VenueFees = Schema.Struct({
  taker: Schema.optionalKey(FeeRate),
  maker: Schema.optionalKey(FeeRate),
  /** Which currency the venue takes the fee in when buying; unset: as the table says, else quote. */
  takerIn: Schema.optionalKey(Schema.Literals(["quote", "base"])),
  tier: Schema.optionalKey(Schema.String),
  spot: Schema.optionalKey(MarketRates),
  linear: Schema.optionalKey(MarketRates),
  inverse: Schema.optionalKey(MarketRates),
})
export type VenueFees = typeof VenueFees.Type

const faultsOf = (venue: string, fees: VenueFees): ReadonlyArray<Schema.FilterIssue> => {
  if (fees.tier !== undefined) {
    const tiers = FeeTable.tiersOf(venue)
    if (tiers.includes(fees.tier)) return []
    const issue = tiers.length === 0
      ? "the fee table does not know this venue: give its taker fee"
      : `one of ${tiers.join(", ")}`
    return [{ path: [venue, "tier"], issue }]
  }
  const named = [fees, fees.spot, fees.linear, fees.inverse].some((rates) => rates?.taker !== undefined)
  return named ? [] : [{ path: [venue, "taker"], issue: "a taker fee or a tier of the fee table" }]
}

/** By venue. A tier that the table does not have is refused with its path. */
export const Fees = Schema.Record(VenueId, VenueFees).check(
  Schema.makeFilter((fees: Readonly<Record<string, VenueFees>>) =>
    Object.entries(fees).flatMap(([venue, of]) => faultsOf(venue, of))
  ),
)
export type Fees = typeof Fees.Type

export interface MarketFees {
  readonly taker: string
  /** Null: nobody said. */
  readonly maker: string | null
  readonly takerIn: "quote" | "base"
  /** Version of the fee table where the taker fee comes from it; null where the operator wrote it. */
  readonly table: string | null
}

const marketOf = (instrument: Instrument): FeeTable.FeeMarket =>
  instrument.market === "spot" ? "spot" : isInverse(instrument) ? "inverse" : "linear"

/** None: the venue, or this market of it, takes no part. */
export const feesOf = (fees: Fees, venue: string, instrument: Instrument): Option.Option<MarketFees> => {
  const own = fees[venue]
  if (own === undefined) return Option.none()
  const market = marketOf(instrument), written = own[market]
  const table = own.tier === undefined ? Option.none() : FeeTable.ratesOf(venue, market, own.tier)
  const configured = written?.taker ?? own.taker
  const published = Option.getOrUndefined(table)
  const taker = configured ?? published?.taker
  if (taker === undefined) return Option.none()
  return Option.some({
    taker,
    maker: written?.maker ?? own.maker ?? published?.maker ?? null,
    takerIn: own.takerIn ?? (own.tier === undefined ? "quote" : FeeTable.takerIn(venue, market)),
    table: configured === undefined ? FeeTable.VERSION : null,
  })
}

/** The fee table's version where a venue's fees come from it; null where the operator wrote them all. */
export const tableVersion = (fees: Fees): string | null =>
  Object.values(fees).some(({ tier }) => tier !== undefined) ? FeeTable.VERSION : null

/** Every venue of the fee table, at the regular tier where none is chosen for it. */
export const fromTable = (tiers: Readonly<Record<string, string>> = {}): Fees => ({
  ...Object.fromEntries(FeeTable.venues.map((venue) => [venue, { tier: FeeTable.REGULAR }])),
  ...Object.fromEntries(Object.entries(tiers).map(([venue, tier]) => [venue, { tier }])),
})
