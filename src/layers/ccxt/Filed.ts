/**
 * Reading what ccxt made of a frame or a REST answer: tickers, trades and funding rates in ccxt's own shapes.
 *
 * In: a result that ccxt filed, of any shape. Out: books as ccxt keeps them, and `Part`s of the rest under the
 * instrument's name, values unchecked. Promises: pure but for what it remembers of trades; a result it does not know
 * says nothing; of ccxt's cache of trades only those are told that were not there before.
 */
import type { CcxtBook } from "./CcxtShape.ts"
import { asRecord, asText, isRecord, type Json } from "./Values.ts"
import type { Part } from "./VenueAdapter.ts"

type Result = Readonly<Record<string, unknown>>

export interface FiledBook {
  readonly instrument: string
  readonly book: CcxtBook
}

/** What a result says. */
export interface Said {
  readonly books: ReadonlyArray<FiledBook>
  readonly parts: ReadonlyArray<Part>
}

const NOTHING: Said = { books: [], parts: [] }

const isBook = (value: Result): value is Result & CcxtBook =>
  Array.isArray(value["bids"]) && Array.isArray(value["asks"])
const isFunding = (value: Result): boolean => "fundingRate" in value
const isTrade = (value: Result): boolean => "side" in value && "amount" in value && "price" in value
const isTicker = (value: Result): boolean => "bid" in value && "ask" in value && "last" in value

/** A ticker that states both best levels with their sizes is a quote; its last price is told in any case. */
const readTicker = (row: Result): ReadonlyArray<Part> => {
  const wireId = asText(row["symbol"]), time = row["timestamp"]
  const { ask, askVolume: askSize, baseVolume, bid, bidVolume: bidSize, last } = row
  return [
    { kind: "quote", wireId, time, seq: null, bid, bidSize, ask, askSize },
    ...last === undefined ? [] : [{ kind: "ticker", wireId, time, last, baseVolume } as const],
  ]
}

/** Whether a venue's tickers can serve as quotes at all. */
export const hasBestLevels = (part: Part): boolean =>
  part.kind === "quote" && [part.bid, part.bidSize, part.ask, part.askSize].every((value) => value !== undefined)

/** Not every venue numbers its trades; then what the trade was is its name. */
const tradeIdOf = ({ amount, id, price, side, timestamp }: Result): unknown =>
  id ?? `${timestamp}:${side}:${price}:${amount}`

const readTrade = (row: Result): Part => {
  const { amount: size, price, side, timestamp: time } = row
  return { kind: "trade", wireId: asText(row["symbol"]), time, tradeId: tradeIdOf(row), price, size, side }
}

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

/** ccxt writes "8h"; where it gives none, two payments in a row tell it; else it is unknown, and so is the rate. */
const intervalOf = ({ fundingTimestamp, interval, nextFundingTimestamp }: Result): number => {
  const [, count, unit] = /^(\d+)([mhd])$/.exec(asText(interval)) ?? []
  if (count !== undefined && unit !== undefined) return Number(count) * (UNIT_MS[unit] ?? Number.NaN)
  return Number(nextFundingTimestamp) - Number(fundingTimestamp)
}

const readFunding = (row: Result): Part => ({
  kind: "funding",
  wireId: asText(row["symbol"]),
  time: row["timestamp"],
  rate: row["fundingRate"],
  intervalMs: intervalOf(row),
  nextFundingTime: row["fundingTimestamp"],
})

export class FiledReader {
  /** By instrument: the newest trade seen, as ccxt holds it. */
  readonly #lastTrade = new Map<string, Json>()
  /** By instrument: the names of the trades in the last REST answer. */
  readonly #polledTrades = new Map<string, ReadonlySet<unknown>>()

  /** What a frame's result says. */
  read(result: unknown): Said {
    if (Array.isArray(result)) return this.#list(result)
    if (!isRecord(result)) return NOTHING
    if (isBook(result)) return { books: [{ instrument: result.symbol ?? "", book: result }], parts: [] }
    if (isFunding(result)) return { books: [], parts: [readFunding(result)] }
    if (isTicker(result)) return { books: [], parts: readTicker(result) }
    if (isTrade(result)) return { books: [], parts: [readTrade(result)] }
    // By instrument: what several were subscribed for at once.
    return this.#list(Object.entries(result).flatMap(([name, row]) => name.includes("/") && isRecord(row) ? [row] : []))
  }

  /** What an answer to `fetchTrades` says: the first of a session only tells which are old. */
  polledTrades(instrument: string, result: unknown): Said {
    const rows = (Array.isArray(result) ? result : []).map(asRecord).filter(isTrade)
    const before = this.#polledTrades.get(instrument)
    this.#polledTrades.set(instrument, new Set(rows.map(tradeIdOf)))
    if (before === undefined) return NOTHING
    return { books: [], parts: inTime(rows.filter((row) => !before.has(tradeIdOf(row)))).map(readTrade) }
  }

  #list(rows: ReadonlyArray<unknown>): Said {
    const last = rows.at(-1)
    if (isRecord(last) && isTrade(last)) return { books: [], parts: inTime(this.#newTrades(rows, last)).map(readTrade) }
    const said = rows.filter(isRecord).map((row) => this.read(row))
    return { books: said.flatMap(({ books }) => books), parts: said.flatMap(({ parts }) => parts) }
  }

  /**
   * ccxt's cache of one instrument's trades, oldest first: those behind the newest that was known. Several at once in a
   * session's first frame are a list of what was before it.
   */
  #newTrades(rows: ReadonlyArray<unknown>, last: Json): ReadonlyArray<Json> {
    const instrument = asText(last["symbol"])
    const known = this.#lastTrade.get(instrument)
    this.#lastTrade.set(instrument, last)
    if (known === undefined) return rows.length === 1 ? [last] : []
    return rows.slice(rows.lastIndexOf(known) + 1).filter(isRecord)
  }
}

/** Some venues send the newest first. */
const inTime = (rows: ReadonlyArray<Json>): ReadonlyArray<Json> =>
  rows.toSorted((one, other) => Number(one["timestamp"]) - Number(other["timestamp"]))
