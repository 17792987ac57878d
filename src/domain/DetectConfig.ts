/**
 * The detection configuration: fees, lots, freshness, thresholds. One Schema for `detect`, `replay`, `backtest`, `run`.
 *
 * In: a JSON file. Out: checked values as exact decimals. Promises: unknown keys and bad values are refused with their
 * path; a fee above 2% or below -0.1% is a mistake and refused; nothing is guessed for a venue that is not named.
 */
import { Effect, Option, Schema } from "effect"
import * as Decimal from "./Decimal.ts"
import { VenueId } from "./Instrument.ts"

const DecimalText = Schema.String.check(
  Schema.makeFilter((text: string) => Decimal.isDecimalText(text) || 'a decimal in quotes, such as "0.001"'),
)
const NotNegative = DecimalText.check(Schema.makeFilter((text: string) => Number(text) >= 0 || "zero or more"))
const Positive = DecimalText.check(Schema.makeFilter((text: string) => Number(text) > 0 || "above zero"))
const Share = Schema.Finite.check(
  Schema.makeFilter((value: number) => (value > 0 && value <= 1) || "above 0 and at most 1"),
)
const FeeRate = DecimalText.check(
  Schema.makeFilter((text: string) =>
    (Number(text) <= 0.02 && Number(text) >= -0.001) ||
    'a fraction between -0.001 and 0.02 (10 bps is "0.001"): outside that it is a configuration error'
  ),
)

const withDefault = <S extends Schema.Constraint>(schema: S, value: S["Encoded"]) =>
  Schema.withDecodingDefaultKey<S>(Effect.succeed(value))(schema)

/** Fractions; `takerIn` tells which currency the buying venue takes its fee in. */
export const VenueFees = Schema.Struct({
  taker: FeeRate,
  maker: Schema.optionalKey(FeeRate),
  takerIn: withDefault(Schema.Literals(["quote", "base"]), "quote"),
})
export type VenueFees = typeof VenueFees.Type

/** In base units (contracts on coin-margined instruments); `minNotional` in quote currency. */
export const Lot = Schema.Struct({
  step: Schema.optionalKey(Positive),
  minAmount: Schema.optionalKey(NotNegative),
  minNotional: Schema.optionalKey(NotNegative),
})
export type Lot = typeof Lot.Type

export const Staleness = Schema.Struct({
  /** A book takes part while its last frame or heartbeat is at most this old, ms. */
  maxAgeMs: withDefault(Schema.Finite.check(Schema.isGreaterThan(0)), 2_000),
  /** The two books' last frames lie at most this far apart, ms. */
  maxSkewMs: withDefault(Schema.Finite.check(Schema.isGreaterThan(0)), 1_000),
})

export const DetectorName = Schema.Literals(["cross_exchange"])

const byVenue = <S extends Schema.Constraint>(schema: S) => Schema.Record(VenueId, schema)

export const DetectConfig = Schema.Struct({
  fees: byVenue(VenueFees),
  /** venue -> instrument -> lot; replaces the shipped table. */
  lots: Schema.optionalKey(byVenue(Schema.Record(Schema.String, Lot))),
  /** venue -> instrument -> size of one contract; goes before the shipped table. */
  contractSizes: withDefault(byVenue(Schema.Record(Schema.String, Positive)), {}),
  /** null switches age and skew checks off; sequence and crossed ones never. */
  staleness: withDefault(Schema.NullOr(Staleness), {}),
  minNetBps: withDefault(Schema.Finite, 5),
  detectors: withDefault(Schema.Array(DetectorName), ["cross_exchange"]),
  /** false: one line an episode, an unbroken run of checks above the threshold. */
  hysteresis: withDefault(Schema.Boolean, true),
  /** "USDT/USD": "1" declares that one USDT is one USD. Off unless declared; shown in `reasons`. */
  parity: withDefault(
    Schema.Record(Schema.String.check(Schema.isPattern(/^[^/:\s]+\/[^/:\s]+$/)), Positive),
    {},
  ),
  /** Base units at most. */
  maxSize: Schema.optionalKey(Positive),
  /** Share of the visible volume at most. */
  maxVisibleShare: withDefault(Share, 1),
})
export type DetectConfig = typeof DetectConfig.Type

const decode = Schema.decodeUnknownEffect(DetectConfig)

/** Every fault is told with its path; unknown keys are faults. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })

export const EMPTY: DetectConfig = Schema.decodeSync(DetectConfig)({ fees: {} })

/** Decimal of a configured text; none where nothing was configured. */
export const decimal = (text: string | undefined): Option.Option<Decimal.Decimal> =>
  Option.map(Option.fromNullishOr(text), Decimal.fromChecked)
