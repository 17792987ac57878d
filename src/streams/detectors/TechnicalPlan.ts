/**
 * Technical plans: a signal as it is told, with the indicators it was read from and the candles behind them.
 *
 * In: a market, a signal that holds, the readings of the candle that closed. Out: a plan. Promises: what a signal earns
 * is unknown and never made up; the price is the middle of a fresh book, else the last trade while that is fresh.
 */
import * as Decimal from "../../domain/Decimal.ts"
import type { TechnicalDetails } from "../../domain/Details.ts"
import { marketEvidence } from "../../domain/Evidence.ts"
import * as FundingPricing from "../../domain/FundingPricing.ts"
import { type MarketView, watched, type WatchedDepth } from "../../domain/MarketView.ts"
import type { Direction, IndicatorName, Readings, SignalName, TechnicalConfig } from "../../domain/TechnicalRules.ts"
import type { Plan } from "./Candidate.ts"
import type { IndicatorsState } from "./Indicators.ts"

/** A signal that holds until `until` (ingest time, ms). */
export interface Held {
  readonly signal: SignalName
  readonly direction: Direction
  readonly until: number
}

/** A price and how old it is; of a trade, or of both sides of a book. */
export interface Price {
  readonly price: string
  readonly ageMs: number
  readonly book: { readonly asks: WatchedDepth; readonly bids: WatchedDepth } | null
}

/** The middle of the book. */
export const midOf = (market: MarketView, atMs: number): Price => {
  const book = { asks: watched(market.depth("asks")), bids: watched(market.depth("bids")) }
  return { price: Decimal.format(FundingPricing.mid(book)), ageMs: atMs - market.seenAt, book }
}

export interface Ingredients {
  readonly market: MarketView
  readonly config: TechnicalConfig
  readonly held: Held
  readonly price: Price
  /** At the close of the candle, who agrees with the signal, and the candles behind it all. */
  readonly now: Readings
  readonly by: ReadonlyArray<IndicatorName>
  readonly kept: IndicatorsState
}

export const planOf = (of: Ingredients, atMs: number): Plan => {
  const { config, held, kept, market, price } = of
  const { book, ...trade } = price
  return {
    legs: [{
      venue: market.venue,
      instrument: market.instrument.name,
      side: held.direction,
      size: "0",
      price: price.price,
      levels: [],
      contracts: null,
      contractSize: market.instrument.market === "spot" ? null : Decimal.format(market.contractSize),
      fee: "0",
      feeCurrency: market.instrument.quote,
      feeRate: market.fees.taker,
      bookSeq: market.book.seq,
      bookAgeMs: price.ageMs,
    }],
    size: Decimal.ZERO,
    capacity: Decimal.ZERO,
    notional: Decimal.ZERO,
    currency: market.instrument.quote,
    grossBps: null,
    netBps: null,
    netProfit: null,
    holdsUntil: held.until,
    details: detailsOf(of),
    inputs: {
      type: "technical",
      at: atMs,
      signal: held.signal,
      direction: held.direction,
      market: marketEvidence(market, book ?? {}, atMs),
      lastTrade: book === null ? trade : null,
      ...kept,
      rules: config,
    },
    notes: [],
  }
}

const detailsOf = ({ by, config, held, now }: Ingredients): typeof TechnicalDetails.Type => {
  const { candle, histogram, macd, macdSignal, meanVolume, momentum, rsi } = now
  return {
    type: "technical",
    signal: held.signal,
    direction: held.direction,
    intervalMs: config.intervalMs,
    indicators: {
      ...(rsi === null ? {} : { rsi: shown(rsi) }),
      macd: shown(macd),
      macdSignal: shown(macdSignal),
      macdHistogram: shown(histogram),
      momentum: shown(momentum),
      volume: shown(candle.volume),
      meanVolume: shown(meanVolume),
      close: shown(candle.close),
    },
    confirmedBy: by,
    candles: config.holdCandles,
  }
}

/** Six digits that count, in plain notation. */
const shown = (value: number): string => Decimal.format(Decimal.fromChecked(String(Number(value.toPrecision(6)))))
