/**
 * What ccxt's REST calls answer, as ticks.
 *
 * In: an answer in ccxt's own shape, of which nothing is believed. Out: ticks, or why it was refused. Promises: never
 * throws; every value passes the checks that the feeds' values pass; a crossed book is refused; candles are closed ones,
 * oldest first, with the time of their close.
 */
import { type CandleQuery, type LatestQuery, MAX_CANDLES } from "../../domain/MarketQuery.ts"
import { type BadTick, badTick, isCrossed, type Tick, type TickOf } from "../../domain/Tick.ts"
import type { CcxtExchange } from "./CcxtShape.ts"
import { book, isRefused, normalise } from "./Normalise.ts"
import { asList, asRecord, asText, type Json, price, size } from "./Values.ts"

export interface RestMethods {
  readonly timeframes: Json | undefined
  loadMarkets(reload?: boolean): Promise<unknown>
  fetchTicker(instrument: string): Promise<unknown>
  fetchOrderBook(instrument: string, levels?: number): Promise<unknown>
  fetchFundingRate(instrument: string): Promise<unknown>
  fetchOHLCV(instrument: string, timeframe: string): Promise<unknown>
}

const METHODS = ["fetchTicker", "fetchOrderBook", "fetchFundingRate", "fetchOHLCV"] as const

const hasRest = (exchange: CcxtExchange): exchange is CcxtExchange & RestMethods =>
  METHODS.every((name) => typeof Reflect.get(exchange, name) === "function")

export const restMethods = (exchange: CcxtExchange): (CcxtExchange & RestMethods) | null =>
  hasRest(exchange) ? exchange : null

const MINUTE_MS = 60_000, HOUR_MS = 60 * MINUTE_MS
/** ccxt's names of the intervals that are offered, by milliseconds. */
export const TIMEFRAMES: ReadonlyMap<number, string> = new Map([
  [MINUTE_MS, "1m"],
  [5 * MINUTE_MS, "5m"],
  [15 * MINUTE_MS, "15m"],
  [HOUR_MS, "1h"],
  [4 * HOUR_MS, "4h"],
  [24 * HOUR_MS, "1d"],
])

type Answer = ReadonlyArray<Tick> | BadTick

const originOf = ({ instrument, venue }: LatestQuery | CandleQuery, ingestTime: number) => ({
  venue,
  instrument,
  ingestTime,
})

const bookOf = (query: LatestQuery, answer: Json, nowMs: number): TickOf<"book"> | BadTick => {
  const tick = book({
    kind: "book",
    wireId: query.instrument,
    time: answer["timestamp"],
    snapshot: true,
    firstSeq: null,
    seq: answer["nonce"],
    prevSeq: null,
    bids: answer["bids"],
    asks: answer["asks"],
    checksum: null,
  }, originOf(query, nowMs))
  if (isRefused(tick)) return tick
  const bid = tick.bids[0], ask = tick.asks[0]
  if (bid === undefined || ask === undefined) return badTick("missing_field", "a side of the book is empty")
  return isCrossed(bid[0], ask[0]) ? badTick("crossed", `${bid[0]} and ${ask[0]}`) : tick
}

const quoteOf = (query: LatestQuery, answer: Json, nowMs: number): Tick | BadTick => {
  const whole = bookOf(query, answer, nowMs)
  if (isRefused(whole)) return whole
  const { asks, bids, seq, venueTime } = whole, [bid, bidSize] = bids[0] ?? [], [ask, askSize] = asks[0] ?? []
  const part = { kind: "quote", wireId: query.instrument, time: venueTime, seq, bid, bidSize, ask, askSize } as const
  return normalise(part, originOf(query, nowMs))
}

const tickerOf = (query: LatestQuery, answer: Json, nowMs: number): Tick | BadTick => {
  const tick = normalise({
    kind: "ticker",
    wireId: query.instrument,
    time: answer["timestamp"],
    last: answer["last"],
    baseVolume: answer["baseVolume"],
  }, originOf(query, nowMs))
  const quoteVolume = size(answer["quoteVolume"], "quoteVolume")
  return isRefused(tick) || tick.kind !== "ticker" || typeof quoteVolume !== "string" ? tick : { ...tick, quoteVolume }
}

/** ccxt's "8h"; undefined where it has none. */
const statedIntervalMs = (interval: unknown): number | undefined => {
  const hours = /^(\d+)h$/.exec(asText(interval))?.[1]
  return hours === undefined ? undefined : Number(hours) * HOUR_MS
}

/** Binance lists only the markets whose interval is not eight hours. */
const EIGHT_HOURS: ReadonlySet<string> = new Set(["binanceusdm", "binancecoinm"])

const fundingOf = (query: LatestQuery, answer: Json, nowMs: number, known: number | undefined): Tick | BadTick => {
  const intervalMs = statedIntervalMs(answer["interval"]) ?? known ??
    (EIGHT_HOURS.has(query.venue) ? 8 * HOUR_MS : undefined)
  if (intervalMs === undefined) return badTick("missing_field", "the venue does not state the interval of the rate")
  return normalise({
    kind: "funding",
    wireId: query.instrument,
    time: answer["timestamp"],
    rate: answer["fundingRate"],
    intervalMs,
    nextFundingTime: answer["fundingTimestamp"],
  }, originOf(query, nowMs))
}

/** `intervalMs`: of the funding rate, where the venue states it elsewhere. */
export const ticksOf = (query: LatestQuery, answer: unknown, nowMs: number, intervalMs?: number): Answer => {
  const said = asRecord(answer)
  const tick = query.kind === "book"
    ? bookOf(query, said, nowMs)
    : query.kind === "quote"
    ? quoteOf(query, said, nowMs)
    : query.kind === "ticker"
    ? tickerOf(query, said, nowMs)
    : fundingOf(query, said, nowMs, intervalMs)
  return isRefused(tick) ? tick : [tick]
}

const candleOf = (query: CandleQuery, row: unknown): TickOf<"candle"> | BadTick => {
  const [openedAtMs, ...values] = asList(row)
  if (typeof openedAtMs !== "number" || !Number.isSafeInteger(openedAtMs)) return badTick("bad_time", "of a candle")
  const open = price(values[0], "open"), high = price(values[1], "high")
  const low = price(values[2], "low"), close = price(values[3], "close"), volume = size(values[4], "volume")
  if (typeof open !== "string") return open
  if (typeof high !== "string") return high
  if (typeof low !== "string") return low
  if (typeof close !== "string") return close
  if (typeof volume !== "string") return volume
  const { instrument, intervalMs, venue } = query, closedAtMs = openedAtMs + intervalMs
  const times = { venueTime: closedAtMs, ingestTime: closedAtMs }
  return { v: 1, venue, instrument, ...times, kind: "candle", intervalMs, open, high, low, close, volume }
}

/** The one that is not closed yet is left out. */
export const candlesOf = (answer: unknown, query: CandleQuery, nowMs: number): Answer => {
  const candles: Array<TickOf<"candle">> = []
  for (const row of asList(answer)) {
    const candle = candleOf(query, row)
    if (isRefused(candle)) return candle
    if (candle.ingestTime <= nowMs) candles.push(candle)
  }
  return candles.sort((a, b) => a.ingestTime - b.ingestTime).slice(-MAX_CANDLES)
}
