/**
 * The detection configuration: fees, lots, freshness, thresholds. One Schema for `detect`, `replay`, `backtest`, `run`.
 *
 * In: a JSON file. Out: checked values as exact decimals. Promises: unknown keys and bad values are refused with their
 * path; a fee above 2% or below -0.1% is a mistake and refused; nothing is guessed for a venue that is not named.
 */
import { Option, Schema } from "effect"
import { IdentityConfig } from "./AssetIdentity.ts"
import { Fraction, NotNegative, Positive, Share, withDefault } from "./ConfigValues.ts"
import * as Decimal from "./Decimal.ts"
import { Fees, fromTable } from "./Fees.ts"
import { FundingConfig } from "./FundingRates.ts"
import { VenueId } from "./Instrument.ts"
import { NetworkTerms } from "./Networks.ts"
import { TechnicalConfig } from "./TechnicalRules.ts"
import { VolatilityRange } from "./Volatility.ts"

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

export const DetectorName = Schema.Literals(["cross_exchange", "triangular", "funding", "technical"])
export type DetectorName = typeof DetectorName.Type

/** EXAMPLES rule 5. */
export const TradeMode = Schema.Literals(["pre_funded", "transfer"])
export type TradeMode = typeof TradeMode.Type

/** Cycles on one venue. EXAMPLES rule 10. */
export const TriangularConfig = Schema.Struct({
  /** The longest cycle that is looked at. */
  legs: withDefault(Schema.Literals([3, 4]), 3),
  /** A cycle begins with the first of these that it goes through, else with the least of its assets by name. */
  startAssets: withDefault(Schema.Array(Schema.String), ["USDT", "USDC", "USD", "EUR", "BTC", "ETH"]),
  /** Goes before the `minNetBps` of all detectors. */
  minNetBps: Schema.optionalKey(Schema.Finite),
  /** What claims to pay more at its best prices is taken for a wrong price. */
  maxNetBps: withDefault(Schema.Finite.check(Schema.isGreaterThan(0)), 1_000),
  /** By start asset: how much of it at most. */
  maxStart: withDefault(Schema.Record(Schema.String, Positive), {}),
})
export type TriangularConfig = typeof TriangularConfig.Type

const byVenue = <S extends Schema.Constraint>(schema: S) => Schema.Record(VenueId, schema)

export const DetectConfig = Schema.Struct({
  fees: Fees,
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
  /** What levels 1, 2 and 4 of validation demand; null: they label and refuse nothing. */
  validation: withDefault(
    Schema.Struct({
      /** Share of similar cases that must have succeeded, once there are 30 of them. */
      minSuccessRate: withDefault(Schema.NullOr(Share), null),
      /** Confidence of the trained model below which nobody is told. */
      minConfidence: withDefault(Schema.NullOr(Share), null),
      /** How strongly the markets of a type may move; unknown is always in range. */
      volatility: Schema.optionalKey(Schema.Struct({
        cross_exchange: Schema.optionalKey(VolatilityRange),
        triangular: Schema.optionalKey(VolatilityRange),
        funding: Schema.optionalKey(VolatilityRange),
        technical: Schema.optionalKey(VolatilityRange),
      })),
    }),
    {},
  ),
  /** Base units at most. */
  maxSize: Schema.optionalKey(Positive),
  /** Share of the visible volume at most. */
  maxVisibleShare: withDefault(Share, 1),
  /** How cross-exchange plans are carried out; each mode is a route of its own. */
  modes: withDefault(Schema.Array(TradeMode).check(Schema.isMinLength(1)), ["pre_funded"]),
  /** Flat costs of one transfer beyond the network's fee, in the buying leg's currency. */
  otherCosts: withDefault(NotNegative, "0"),
  /** What moving funds back costs in the long run, as a fraction of each pre-funded purchase. */
  rebalancingCost: withDefault(Fraction, "0"),
  /** venue -> currency -> network: where a currency can go, and at what price. */
  networks: withDefault(byVenue(Schema.Record(Schema.String, Schema.Record(Schema.String, NetworkTerms))), {}),
  triangular: withDefault(TriangularConfig, {}),
  /** When two tickers are taken for one asset. */
  identities: withDefault(IdentityConfig, {}),
  funding: withDefault(FundingConfig, {}),
  technical: withDefault(TechnicalConfig, {}),
})
export type DetectConfig = typeof DetectConfig.Type

const decode = Schema.decodeUnknownEffect(DetectConfig)

/** Every fault is told with its path; unknown keys are faults. */
export const fromUnknown = (value: unknown) => decode(value, { errors: "all", onExcessProperty: "error" })

/** Every detector that these kinds of ticks can feed. */
export const detectorsFor = (kinds: ReadonlyArray<string>): ReadonlyArray<DetectorName> => [
  "cross_exchange",
  "triangular",
  ...(kinds.includes("funding") ? ["funding" as const] : []),
  ...(kinds.includes("trade") ? ["technical" as const] : []),
]

export const EMPTY: DetectConfig = Schema.decodeSync(DetectConfig)({ fees: {} })

/** The configuration of a service that was given none: every default, no parity, fees by the table. */
export const FROM_TABLE: DetectConfig = { ...EMPTY, fees: fromTable() }

/** Decimal of a configured text; none where nothing was configured. */
export const decimal = (text: string | undefined): Option.Option<Decimal.Decimal> =>
  Option.map(Option.fromNullishOr(text), Decimal.fromChecked)
