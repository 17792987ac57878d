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
  mode: Schema.Literals(["pre_funded", "transfer"]).annotate({
    description: "Both legs at once from funds on both venues; or bought, withdrawn and sold. EXAMPLES rule 5.",
  }),
  curve: Schema.Array(CurvePoint).annotate({
    description: "Net against size, ascending; the best size and the one chosen are among them",
  }),
  /** What the transfer takes; null when pre-funded. `fee` in base units. */
  transfer: Schema.NullOr(Schema.Struct({
    currency: Schema.String,
    network: Schema.String,
    fee: Schema.String,
    arrivalMs: Schema.NullOr(Schema.Int),
  })),
  otherCosts: Schema.String.annotate({
    description: "Beyond fees, in currency: a transfer's flat costs, or amortised rebalancing",
  }),
  feeTable: Schema.NullOr(Schema.String).annotate({
    description: "Version of the fee table that gave a taker fee; null where the operator wrote them all",
  }),
})

export const TriangularDetails = Schema.Struct({
  type: Schema.Literal("triangular"),
  start: Schema.String.annotate({
    description: "The asset one begins and ends with, and how much of it; both in units of start",
  }),
  startAmount: Schema.String,
  endAmount: Schema.String,
  path: Schema.Array(Schema.String).annotate({
    description: "Every asset one holds on the way, from the start asset round to it again",
  }),
  leftOver: Schema.Array(Schema.Struct({ asset: Schema.String, amount: Schema.String })).annotate({
    description: "What lots leave over of the assets on the way; no part of the profit",
  }),
  feeTable: Schema.NullOr(Schema.String).annotate({
    description: "Version of the fee table that gave a taker fee; null where the operator wrote them all",
  }),
})

/** One side of a funding opportunity: what it is held on, and what it is paid. */
export const FundingSide = Schema.Struct({
  predictedRate: Schema.NullOr(Schema.String).annotate({
    description: "Per interval, as the venue predicts it for the next settlement; null: it does not, or this is spot",
  }),
  settledRate: Schema.NullOr(Schema.String).annotate({
    description: "Per interval, as it was paid at the last settlement; null: not heard, or spot",
  }),
  intervalMs: Schema.NullOr(Schema.Int),
  nextSettlement: Schema.NullOr(Schema.Int),
  settlements: Schema.Int.annotate({ description: "Within the horizon; 0 on spot" }),
  mid: Schema.String.annotate({ description: "Middle of its book at detection: what payments are reckoned on" }),
  exit: Schema.Array(Schema.Tuple([Schema.String, Schema.String])).annotate({
    description: "[price, base units] on which it would be closed again, as they stood at detection",
  }),
})

export const FundingDetails = Schema.Struct({
  type: Schema.Literal("funding"),
  long: FundingSide,
  short: FundingSide,
  pricedBy: Schema.Literals(["predicted", "settled"]).annotate({
    description: "Which of the two rates was reckoned with, on both sides alike",
  }),
  ratePerHour: Schema.String.annotate({
    description:
      "What being short on one and long on the other earns an hour, and in a year of 8,760 hours; fractions, before costs",
  }),
  annualYield: Schema.String,
  entryExitCost: Schema.String.annotate({
    description: "Four taker fees, slippage and basis, as a fraction of the notional; and in currency",
  }),
  cost: Schema.String,
  income: Schema.String.annotate({
    description: "What all settlements within the horizon pay, in currency: net profit is it less the cost",
  }),
  horizonHours: Schema.Finite,
  breakEvenHours: Schema.NullOr(Schema.String).annotate({
    description: "Hours until income has paid the cost, as if paid evenly",
  }),
  breakEvenSettlementsMs: Schema.NullOr(Schema.Int).annotate({
    description:
      "From detection to the first settlement at which what was paid reaches the cost; null: not within the horizon",
  }),
  nextSettlement: Schema.Int.annotate({ description: "The settlement that comes first" }),
})

export const TechnicalDetails = Schema.Struct({
  type: Schema.Literal("technical"),
  signal: Schema.String,
  direction: Schema.Literals(["buy", "sell"]),
  intervalMs: Schema.Int,
  indicators: Schema.Record(Schema.String, Schema.String).annotate({
    description: "Indicators by name, as they stood at the close of the candle",
  }),
  confirmedBy: Schema.Array(Schema.String).annotate({
    description: "Those that say the same as the signal; at least two, and more than say the opposite",
  }),
  candles: Schema.Int.annotate({ description: "It holds for so many candles" }),
})

export const Details = Schema.Union([CrossExchangeDetails, TriangularDetails, FundingDetails, TechnicalDetails])
export type Details = typeof Details.Type
