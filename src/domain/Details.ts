/**
 * Details: what a type of opportunity tells beyond the figures that all share.
 *
 * In: what its detector knows. Out: one tagged union, part of the public object. Promises: decimals are text; rates are
 * fractions; times are integer milliseconds; what is unknown is null, never a default.
 */
import { Schema } from "effect"

/** One point of the profit-size curve: base units, quote currency, basis points. */
export const CurvePoint = Schema.Struct({ size: Schema.String, netProfit: Schema.String, netBps: Schema.String })
export type CurvePoint = typeof CurvePoint.Type

export const CrossExchangeDetails = Schema.Struct({
  type: Schema.Literal("cross_exchange"),
  /** Both legs at once from funds on both venues; or bought, withdrawn and sold. EXAMPLES rule 5. */
  mode: Schema.Literals(["pre_funded", "transfer"]),
  /** Net against size, ascending; the best size and the one chosen are among them. */
  curve: Schema.Array(CurvePoint),
  /** What the transfer takes; null when pre-funded. `fee` in base units. */
  transfer: Schema.NullOr(Schema.Struct({
    currency: Schema.String,
    network: Schema.String,
    fee: Schema.String,
    arrivalMs: Schema.NullOr(Schema.Int),
  })),
  /** Beyond fees, in `currency`: a transfer's flat costs, or amortised rebalancing. */
  otherCosts: Schema.String,
  /** Version of the fee table that gave a taker fee; null where the operator wrote them all. */
  feeTable: Schema.NullOr(Schema.String),
})

export const TriangularDetails = Schema.Struct({
  type: Schema.Literal("triangular"),
  /** The asset one begins and ends with, and how much of it; both in units of `start`. */
  start: Schema.String,
  startAmount: Schema.String,
  endAmount: Schema.String,
  /** Every asset one holds on the way, from the start asset round to it again. */
  path: Schema.Array(Schema.String),
  /** What lots leave over of the assets on the way; no part of the profit. */
  leftOver: Schema.Array(Schema.Struct({ asset: Schema.String, amount: Schema.String })),
  /** Version of the fee table that gave a taker fee; null where the operator wrote them all. */
  feeTable: Schema.NullOr(Schema.String),
})

/** One side of a funding opportunity: what it is held on, and what it is paid. */
export const FundingSide = Schema.Struct({
  /** Per interval, as the venue predicts it for the next settlement; null: it does not, or this is spot. */
  predictedRate: Schema.NullOr(Schema.String),
  /** Per interval, as it was paid at the last settlement; null: not heard, or spot. */
  settledRate: Schema.NullOr(Schema.String),
  intervalMs: Schema.NullOr(Schema.Int),
  nextSettlement: Schema.NullOr(Schema.Int),
  /** Within the horizon; 0 on spot. */
  settlements: Schema.Int,
  /** Middle of its book at detection: what payments are reckoned on. */
  mid: Schema.String,
  /** `[price, base units]` on which it would be closed again, as they stood at detection. */
  exit: Schema.Array(Schema.Tuple([Schema.String, Schema.String])),
})

export const FundingDetails = Schema.Struct({
  type: Schema.Literal("funding"),
  long: FundingSide,
  short: FundingSide,
  /** Which of the two rates was reckoned with, on both sides alike. */
  pricedBy: Schema.Literals(["predicted", "settled"]),
  /** What being short on one and long on the other earns an hour, and in a year of 8,760 hours; fractions, before costs. */
  ratePerHour: Schema.String,
  annualYield: Schema.String,
  /** Four taker fees, slippage and basis, as a fraction of the notional; and in `currency`. */
  entryExitCost: Schema.String,
  cost: Schema.String,
  /** What all settlements within the horizon pay, in `currency`: net profit is it less the cost. */
  income: Schema.String,
  horizonHours: Schema.Finite,
  /** Hours until income has paid the cost, as if paid evenly. */
  breakEvenHours: Schema.NullOr(Schema.String),
  /** From detection to the first settlement at which what was paid reaches the cost; null: not within the horizon. */
  breakEvenSettlementsMs: Schema.NullOr(Schema.Int),
  /** The settlement that comes first. */
  nextSettlement: Schema.Int,
})

export const TechnicalDetails = Schema.Struct({
  type: Schema.Literal("technical"),
  signal: Schema.String,
  direction: Schema.Literals(["buy", "sell"]),
  intervalMs: Schema.Int,
  /** Indicators by name, as they stood at the close of the candle. */
  indicators: Schema.Record(Schema.String, Schema.String),
  /** Those that say the same as the signal; at least two, and more than say the opposite. */
  confirmedBy: Schema.Array(Schema.String),
  /** It holds for so many candles. */
  candles: Schema.Int,
})

export const Details = Schema.Union([CrossExchangeDetails, TriangularDetails, FundingDetails, TechnicalDetails])
export type Details = typeof Details.Type
