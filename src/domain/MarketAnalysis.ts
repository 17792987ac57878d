/**
 * Analyses of markets: how an instrument stands across venues, and who of them moves first.
 *
 * In: what was heard of each market over a span of time. Out: values of the bucket `analysis` beside those of
 * opportunities (InstrumentAnalysis.ts), and JSON. Promises: pure; what is unknown is null; instruments and venues stand
 * in an order of their own, so that the same markets give the same text.
 */
import { Option, Schema } from "effect"
import * as Instrument from "./Instrument.ts"
import { type LagGrid, leadLag, LIVE_LAGS } from "./LeadLag.ts"
import type { Move } from "./PriceMoves.ts"

/** For so long an analysis is meant to hold; so long the bucket keeps it. */
export const HOLDS_MS = 900_000
/** Of so many others at most an instrument's correlation is told: those that moved most often. */
const OTHERS = 8

/** What was heard of one market. */
export interface HeardMarket {
  readonly venue: string
  /** Canonical. */
  readonly instrument: string
  readonly bid: number
  readonly ask: number
  /** Basis points a square root of a second; null: unknown. */
  readonly volatilityBps: number | null
  readonly moves: ReadonlyArray<Move>
}

const envelope = {
  v: Schema.Literal(1),
  /** Canonical. */
  instrument: Schema.String,
  /** When it was made (ms), and of how long a span of market data. */
  at: Schema.Int,
  spanMs: Schema.Int,
  expiresAt: Schema.Int,
  simulated: Schema.Boolean,
}

/** How an instrument stands now, venue by venue. */
export const MarketState = Schema.Struct({
  ...envelope,
  type: Schema.Literal("market"),
  venues: Schema.Array(Schema.Struct({
    venue: Schema.String,
    mid: Schema.Finite,
    spreadBps: Schema.Finite,
    volatilityBps: Schema.NullOr(Schema.Finite),
    /** Changes of the mid price a minute. */
    movesPerMinute: Schema.Finite,
    /** How far its mid price is above the median of all, basis points. */
    offMedianBps: Schema.Finite,
  })),
})
export type MarketState = typeof MarketState.Type

const Market = Schema.Struct({ venue: Schema.String, instrument: Schema.String })

/** Prices of one asset on two markets: of two venues, or a spot market and a perpetual. */
const MarketPair = Schema.Struct({
  a: Market,
  b: Market,
  /** Hayashi and Yoshida's, at lag 0 and where it is strongest (LeadLag.ts). */
  correlation: Schema.Finite,
  /** Above 0: `b` does it so many ms after `a`. */
  lagMs: Schema.Int,
  atLag: Schema.Finite,
  /** null: beyond all bounds. */
  ratio: Schema.NullOr(Schema.Finite),
  moves: Schema.Int,
  /** Who of the two moves first; null: neither, by more than chance would have it. */
  leader: Schema.NullOr(Schema.Literals(["a", "b"])),
})
export type MarketPair = typeof MarketPair.Type

/** Who moves first, and what moves along. */
export const Correlations = Schema.Struct({
  ...envelope,
  type: Schema.Literal("correlation"),
  /** Its markets with all others of the same base asset. */
  pairs: Schema.Array(MarketPair),
  /** Other assets on the venue where this one moves most. */
  others: Schema.Array(Schema.Struct({
    venue: Schema.String,
    instrument: Schema.String,
    correlation: Schema.Finite,
    moves: Schema.Int,
  })),
})
export type Correlations = typeof Correlations.Type

export const MarketAnalysis = Schema.Union([MarketState, Correlations])
export type MarketAnalysis = typeof MarketAnalysis.Type

export const MarketAnalysisJson = Schema.fromJsonString(MarketAnalysis)

/** `<type>.<market>.<base>-<quote>`; none: the instrument has no canonical name. */
export const keyOf = (type: MarketAnalysis["type"], instrument: string): Option.Option<string> =>
  Option.map(
    Instrument.parse(instrument),
    (parsed) => `${type}.${Instrument.marketToken(parsed)}.${Instrument.pairToken(parsed)}`,
  )

const rounded = (figure: number, digits: number): number => Number(figure.toFixed(digits))
const midOf = ({ ask, bid }: HeardMarket): number => (bid + ask) / 2
const compare = (a: string, b: string): number => a < b ? -1 : a > b ? 1 : 0
const inOrder = (a: HeardMarket, b: HeardMarket): number =>
  compare(a.venue, b.venue) || compare(a.instrument, b.instrument)

const median = (sorted: ReadonlyArray<number>): number => {
  const half = Math.floor(sorted.length / 2), above = sorted[half] ?? 0
  return sorted.length % 2 === 1 ? above : ((sorted[half - 1] ?? above) + above) / 2
}

export interface AnalysisTime {
  readonly at: number
  readonly spanMs: number
  readonly simulated: boolean
}

const envelopeOf = (instrument: string, time: AnalysisTime) => ({
  v: 1,
  instrument,
  ...time,
  expiresAt: time.at + HOLDS_MS,
} as const)

/** `markets`: of one instrument, at least one. */
export const stateOf = (instrument: string, markets: ReadonlyArray<HeardMarket>, time: AnalysisTime): MarketState => {
  const middle = median(markets.map(midOf).toSorted((a, b) => a - b))
  return {
    ...envelopeOf(instrument, time),
    type: "market",
    venues: markets.toSorted(inOrder).map((market) => {
      const mid = midOf(market)
      return {
        venue: market.venue,
        mid: Number(mid.toPrecision(12)),
        spreadBps: rounded((market.ask - market.bid) / mid * 10_000, 4),
        volatilityBps: market.volatilityBps === null ? null : rounded(market.volatilityBps, 4),
        movesPerMinute: rounded(market.moves.length / time.spanMs * 60_000, 2),
        offMedianBps: rounded((mid / middle - 1) * 10_000, 4),
      }
    }),
  }
}

const sameAsset = (a: string, b: string): boolean => {
  const [x, y] = [Instrument.parse(a), Instrument.parse(b)]
  return Option.isSome(x) && Option.isSome(y) && x.value.base === y.value.base
}

const nameOf = ({ instrument, venue }: HeardMarket) => ({ venue, instrument })

/** None: one of them never moved. */
const pairOf = (a: HeardMarket, b: HeardMarket, lags: LagGrid): ReadonlyArray<MarketPair> => {
  const found = leadLag(a.moves, b.moves, lags)
  return found === null ? [] : [{
    a: nameOf(a),
    b: nameOf(b),
    correlation: rounded(found.correlation, 4),
    lagMs: found.lagMs,
    atLag: rounded(found.atLag, 4),
    ratio: Number.isFinite(found.ratio) ? rounded(found.ratio, 4) : null,
    moves: found.moves,
    leader: found.leader,
  }]
}

/**
 * Every two markets of one asset, each to be computed when there is time: two that changed fifty times a second for five
 * minutes take 10 ms.
 */
export const pairsOf = (
  all: ReadonlyArray<HeardMarket>,
  lags: LagGrid = LIVE_LAGS,
): ReadonlyArray<() => ReadonlyArray<MarketPair>> => {
  const sorted = all.toSorted(inOrder)
  return sorted.flatMap((a, at) =>
    sorted.slice(at + 1).filter((b) => sameAsset(a.instrument, b.instrument)).map((b) => () => pairOf(a, b, lags))
  )
}

const AT_ONCE: LagGrid = { stepMs: 1, maxMs: 0 }

const byMoves = (a: HeardMarket, b: HeardMarket): number => b.moves.length - a.moves.length || inOrder(a, b)

/** How other assets move along on the venue where this one moves most. */
const othersOf = (markets: ReadonlyArray<HeardMarket>, all: ReadonlyArray<HeardMarket>): Correlations["others"] => {
  const [busiest] = markets.toSorted(byMoves)
  if (busiest === undefined) return []
  const { instrument, venue } = busiest
  return all.filter((other) => other.venue === venue && !sameAsset(other.instrument, instrument))
    .toSorted(byMoves).slice(0, OTHERS).flatMap((other) => {
      const found = leadLag(busiest.moves, other.moves, AT_ONCE)
      if (found === null) return []
      return [{
        venue,
        instrument: other.instrument,
        correlation: rounded(found.correlation, 4),
        moves: found.moves,
      }]
    })
}

/** `markets`: of one instrument; `pairs`, `all`: of every one. */
export const correlationsOf = (
  instrument: string,
  markets: ReadonlyArray<HeardMarket>,
  pairs: ReadonlyArray<MarketPair>,
  all: ReadonlyArray<HeardMarket>,
  time: AnalysisTime,
): Correlations => ({
  ...envelopeOf(instrument, time),
  type: "correlation",
  pairs: pairs.filter(({ a, b }) => a.instrument === instrument || b.instrument === instrument),
  others: othersOf(markets, all),
})
