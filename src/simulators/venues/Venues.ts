/**
 * The simulated venues and their markets: fees, steps, sizes.
 *
 * In: a configuration. Out: each venue's settings, each market's steps, and the tables that others need: `markets`,
 * `fees`, `describe`. Promises: venue names may be those of real venues, but `describe` says `simulated: true`, which
 * whoever shows the data must show; a price step is never above 1 bps of the start price.
 */
import { Option } from "effect"
import * as ContractSizes from "../../domain/ContractSizes.ts"
import * as Decimal from "../../domain/Decimal.ts"
import type { Lot } from "../../domain/DetectConfig.ts"
import type { MarketInfo } from "../../domain/Feed.ts"
import * as Instrument from "../../domain/Instrument.ts"
import type { SimulationConfig, VenueSettings } from "./Config.ts"
import { decimalText, pow10 } from "./DecimalText.ts"

export type Venue = Required<VenueSettings> & { readonly id: string }

const ORDINARY: Required<VenueSettings> = {
  takerFee: "0.001",
  market: "spot",
  quote: "USDT",
  latencyMs: 25,
  jitterMs: 10,
  clockOffsetMs: 0,
  lagMs: 40,
  noiseCentiBps: 40,
  spreadSteps: 0,
  levelMoney: 10_000,
}

const SHIPPED: Readonly<Record<string, VenueSettings>> = {
  binance: { latencyMs: 8, jitterMs: 6, clockOffsetMs: 2, lagMs: 0, noiseCentiBps: 20, levelMoney: 20_000 },
  okx: { latencyMs: 35, jitterMs: 12, clockOffsetMs: -4, lagMs: 20, noiseCentiBps: 30 },
  bybit: { latencyMs: 30, jitterMs: 15, clockOffsetMs: 7, lagMs: 40, noiseCentiBps: 40 },
  kraken: { takerFee: "0.004", latencyMs: 45, jitterMs: 20, clockOffsetMs: -12, lagMs: 80, spreadSteps: 1 },
  coinbase: { takerFee: "0.006", latencyMs: 60, jitterMs: 20, clockOffsetMs: 1, lagMs: 60, spreadSteps: 1 },
  binanceusdm: { takerFee: "0.0005", market: "linear", latencyMs: 9, jitterMs: 6, clockOffsetMs: 2, lagMs: 0 },
}

const START_PRICES: Readonly<Record<string, string>> = {
  BTC: "60000",
  ETH: "3000",
  SOL: "150",
  XRP: "0.55",
  DOGE: "0.12",
  ADA: "0.4",
  AVAX: "25",
  LINK: "11",
  DOT: "5.5",
  LTC: "65",
  BCH: "350",
}

/** None for a venue that the configuration does not name. */
export const venueOf = (config: SimulationConfig, id: string): Option.Option<Venue> =>
  config.venues.includes(id)
    ? Option.some({ ...ORDINARY, ...SHIPPED[id], ...config.venueSettings[id], id })
    : Option.none()

/** Where prices of about this height stand: counted in ticks of 10^-priceDigits, about 0.4 bps from level to level. */
interface Grid {
  readonly priceDigits: number
  readonly startTicks: number
  /** Ticks from one book level to the next, on average. */
  readonly gapTicks: number
}

/** One market's whole numbers: prices are counted in ticks of 10^-priceDigits, sizes in lots of 10^-lotDigits. */
export interface MarketSpec extends Grid {
  readonly venue: Venue
  readonly instrument: string
  readonly base: string
  /** The asset that a cross pair is priced in; null: dollars. */
  readonly pricedIn: string | null
  readonly lotDigits: number
  /** Null on spot. */
  readonly contractSize: string | null
  /** Lots on one level, on average. */
  readonly meanLots: number
}

/** Digits before the point: 60000 has 5, 0.55 has 0, 0.012 has -1. */
const magnitude = (value: number): number => {
  let digits = 0
  for (let x = value; x >= 1; x /= 10) digits++
  for (let x = value * 10; x < 1; x *= 10) digits--
  return digits
}

export const startPriceOf = (config: SimulationConfig, base: string): string =>
  config.startPrices[base] ?? START_PRICES[base] ?? "100"

const gridOf = (price: number): Grid => {
  const priceDigits = Math.max(2, 5 - magnitude(price))
  const startTicks = Math.round(price * pow10(priceDigits))
  return { priceDigits, startTicks, gapTicks: Math.max(1, Math.floor(startTicks / 25_000)) }
}

/** Where an asset's price in dollars stands, on every venue alike. */
export const assetGrid = (config: SimulationConfig, asset: string): Grid => gridOf(Number(startPriceOf(config, asset)))

const specOf = (config: SimulationConfig, venue: Venue, base: string): MarketSpec => {
  const name = `${base}/${venue.quote}${venue.market === "linear" ? `:${venue.quote}` : ""}`
  const contractSize = venue.market === "spot" ? null : Instrument.parse(name).pipe(
    Option.flatMap((instrument) => ContractSizes.contractSizeOf(venue.id, instrument)),
    Option.match({ onNone: () => "1", onSome: Decimal.format }),
  )
  const price = Number(startPriceOf(config, base))
  const unitPrice = price * Number(contractSize ?? "1")
  const lotDigits = Math.max(0, magnitude(unitPrice))
  return {
    ...gridOf(price),
    venue,
    instrument: name,
    base,
    pricedIn: null,
    lotDigits,
    contractSize,
    meanLots: Math.max(10, Math.round(venue.levelMoney / unitPrice * pow10(lotDigits))),
  }
}

/** As the spot market of its base, but in another price. */
const crossOf = (config: SimulationConfig, venue: Venue, instrument: string): MarketSpec => {
  const [base = "", quote = ""] = instrument.split("/")
  const price = Number(startPriceOf(config, base)) / Number(startPriceOf(config, quote))
  return { ...specOf(config, venue, base), ...gridOf(price), instrument, pricedIn: quote }
}

/** Spot venues alone trade cross pairs. */
export const crossPairsOf = (config: SimulationConfig, { market }: Venue): ReadonlyArray<string> =>
  market === "spot" ? config.crossPairs : []

/** None for a venue that the configuration does not name. */
export const specsOf = (config: SimulationConfig, venueId: string): Option.Option<ReadonlyArray<MarketSpec>> =>
  Option.map(venueOf(config, venueId), (venue) => [
    ...config.assets.map((base) => specOf(config, venue, base)),
    ...crossPairsOf(config, venue).map((pair) => crossOf(config, venue, pair)),
  ])

/** Least notional of a dollar market; that of a cross pair is less than a dollar of its quote asset. */
const MIN_NOTIONAL = "5"

const minNotionalOf = (config: SimulationConfig, { pricedIn }: MarketSpec): string =>
  pricedIn === null ? MIN_NOTIONAL : decimalText(1, Math.max(0, magnitude(Number(startPriceOf(config, pricedIn)))))

/** What the venue says of its markets. None for a venue that the configuration does not name. */
export const markets = (config: SimulationConfig, venueId: string): Option.Option<ReadonlyArray<MarketInfo>> =>
  Option.map(specsOf(config, venueId), (specs) =>
    specs.map((spec) => {
      const step = decimalText(1, spec.lotDigits)
      return {
        venue: venueId,
        instrument: spec.instrument,
        contractSize: spec.contractSize,
        amountStep: step,
        minAmount: step,
        minNotional: minNotionalOf(config, spec),
      }
    }))

/** Taker fees by venue, in the form the detectors are configured with. */
export const fees = (config: SimulationConfig): Readonly<Record<string, { readonly taker: string }>> =>
  Object.fromEntries(
    config.venues.flatMap((id) =>
      Option.toArray(venueOf(config, id)).map((venue) => [id, { taker: venue.takerFee }] as const)
    ),
  )

/** Lot rules by venue and instrument, in the form the detectors are configured with; contracts are not base units. */
export const lots = (config: SimulationConfig): Readonly<Record<string, Readonly<Record<string, Lot>>>> =>
  Object.fromEntries(config.venues.map((id) => {
    const listed = Option.getOrElse(markets(config, id), (): ReadonlyArray<MarketInfo> => [])
    const rules = listed.filter(({ contractSize }) => contractSize === null).map((
      { amountStep, instrument, minAmount, minNotional },
    ) => [
      instrument,
      {
        ...(amountStep === null ? {} : { step: amountStep }),
        ...(minAmount === null ? {} : { minAmount }),
        ...(minNotional === null ? {} : { minNotional }),
      },
    ])
    return [id, Object.fromEntries(rules)]
  }))

/** What to say wherever the data is shown. */
export const describe = (config: SimulationConfig) => ({
  simulated: true as const,
  text: `Simulated markets (seed ${config.seed}): no real prices, no real venues`,
  seed: config.seed,
  venues: config.venues,
  instruments: config.venues.flatMap((id) =>
    Option.getOrElse(specsOf(config, id), (): ReadonlyArray<MarketSpec> => [])
      .map((spec) => ({ venue: id, instrument: spec.instrument }))
  ),
})
