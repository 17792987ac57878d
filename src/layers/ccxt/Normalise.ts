/**
 * From what a venue's frame says to a tick.
 *
 * In: a `Part` with values as they came, the instrument, our receive time. Out: a tick, or the reason for which it is
 * refused. Promises: pure; every tick passes domain/Tick's schema; sizes stay as the venue states them.
 */
import { type BadTick, badTick, isCrossed, type Level, type Tick, type TickOf } from "../../domain/Tick.ts"
import { asList, decimal, price, sequence, size, time } from "./Values.ts"
import type { BookPart, Part } from "./VenueAdapter.ts"

/** Where and when a frame was received. */
export interface Origin {
  readonly venue: string
  readonly instrument: string
  readonly ingestTime: number
}

type PartOf<K extends Part["kind"]> = Extract<Part, { readonly kind: K }>

const isBad = (value: unknown): value is BadTick => typeof value === "object" && value !== null && "_tag" in value

const quote = (part: PartOf<"quote">, origin: Origin): Tick | BadTick => {
  const venueTime = time(part.time)
  if (isBad(venueTime)) return venueTime
  const bid = price(part.bid, "bid")
  if (isBad(bid)) return bid
  const ask = price(part.ask, "ask")
  if (isBad(ask)) return ask
  const bidSize = size(part.bidSize, "bidSize")
  if (isBad(bidSize)) return bidSize
  const askSize = size(part.askSize, "askSize")
  if (isBad(askSize)) return askSize
  if (isCrossed(bid, ask)) return badTick("crossed", `bid ${bid}, ask ${ask}`)
  return { v: 1, ...origin, venueTime, kind: "quote", seq: sequence(part.seq), bid, bidSize, ask, askSize }
}

const trade = (part: PartOf<"trade">, origin: Origin): Tick | BadTick => {
  const venueTime = time(part.time)
  if (isBad(venueTime)) return venueTime
  const at = price(part.price, "price")
  if (isBad(at)) return at
  const amount = size(part.size, "size")
  if (isBad(amount)) return amount
  const { side, tradeId } = part
  if (side !== "buy" && side !== "sell") return badTick("wrong_type", "side")
  if (typeof tradeId !== "string" && typeof tradeId !== "number") return badTick("missing_field", "tradeId")
  return { v: 1, ...origin, venueTime, kind: "trade", tradeId: String(tradeId), price: at, size: amount, side }
}

const funding = (part: PartOf<"funding">, origin: Origin): Tick | BadTick => {
  const venueTime = time(part.time)
  if (isBad(venueTime)) return venueTime
  const rate = decimal(part.rate, "rate")
  if (isBad(rate)) return rate
  const nextFundingTime = time(part.nextFundingTime)
  if (isBad(nextFundingTime)) return nextFundingTime
  const { intervalMs } = part
  if (!Number.isInteger(intervalMs) || intervalMs <= 0) return badTick("missing_field", "intervalMs")
  // Streams state the rate that will be paid if nothing changes, not one that was settled.
  return { v: 1, ...origin, venueTime, kind: "funding", rate, intervalMs, nextFundingTime, predicted: true }
}

const ticker = (part: PartOf<"ticker">, origin: Origin): Tick | BadTick => {
  const venueTime = time(part.time)
  if (isBad(venueTime)) return venueTime
  const last = price(part.last, "last")
  if (isBad(last)) return last
  const baseVolume = part.baseVolume === undefined ? undefined : size(part.baseVolume, "baseVolume")
  if (isBad(baseVolume)) return baseVolume
  return { v: 1, ...origin, venueTime, kind: "ticker", last, ...(baseVolume !== undefined && { baseVolume }) }
}

const levels = (rows: unknown, field: string): ReadonlyArray<Level> | BadTick => {
  if (rows === undefined || rows === null) return badTick("missing_field", field)
  if (!Array.isArray(rows)) return badTick("wrong_type", field)
  const checked: Array<Level> = []
  for (const row of rows) {
    const [rowPrice, rowSize] = asList(row)
    const at = price(rowPrice, `${field} price`)
    if (isBad(at)) return at
    const amount = size(rowSize, `${field} size`)
    if (isBad(amount)) return amount
    checked.push([at, amount])
  }
  return checked
}

/** A book's snapshot or delta with its levels checked; whether it follows on is not judged here. */
export const book = (part: BookPart, origin: Origin): TickOf<"book"> | BadTick => {
  const venueTime = time(part.time)
  if (isBad(venueTime)) return venueTime
  const bids = levels(part.bids, "bids")
  if (isBad(bids)) return bids
  const asks = levels(part.asks, "asks")
  if (isBad(asks)) return asks
  return {
    v: 1,
    ...origin,
    venueTime,
    kind: "book",
    snapshot: part.snapshot,
    firstSeq: sequence(part.firstSeq),
    seq: sequence(part.seq),
    prevSeq: sequence(part.prevSeq),
    bids,
    asks,
  }
}

export const normalise = (part: Exclude<Part, BookPart>, origin: Origin): Tick | BadTick => {
  switch (part.kind) {
    case "quote":
      return quote(part, origin)
    case "trade":
      return trade(part, origin)
    case "funding":
      return funding(part, origin)
    case "ticker":
      return ticker(part, origin)
  }
}

export const isRefused = isBad
