/**
 * The fast codec of ticks: one line of a recording (NDJSON) to one tick and back.
 *
 * In: a line, at most 8 MB. Out: a tick, or why it was refused; nothing throws. Promises: accepts exactly what the
 * Schema of Tick.ts accepts (a property test compares them), reads keys in any order, drops unknown ones, and never
 * lets a prototype key or an infinite number through.
 */
import { Option } from "effect"
import { isDecimalText, isZeroText } from "./Decimal.ts"
import * as Instrument from "./Instrument.ts"
import { type BadTick, badTick, type BadTickReason, type GapReason, type Level, type Tick } from "./Tick.ts"

const MINUS = 45
const MAX_LINE_CHARACTERS = 8_000_000
const VENUE = /^[a-z0-9][a-z0-9_]{0,31}$/
const GAP_REASONS: ReadonlyArray<string> = [
  "sequence",
  "checksum",
  "disconnect",
  "owner_lost",
  "overflow",
] satisfies ReadonlyArray<GapReason>

class Refused {
  readonly reason: BadTickReason
  readonly detail: string
  constructor(reason: BadTickReason, detail: string) {
    this.reason = reason
    this.detail = detail
  }
}

type Fields = { readonly [key: string]: unknown }

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const refuseType = (field: string, value: unknown): never => {
  throw value === undefined ? new Refused("missing_field", field) : new Refused("wrong_type", field)
}

const text = (o: Fields, field: string): string => {
  const value = o[field]
  return typeof value === "string" ? value : refuseType(field, value)
}

const checkedDecimal = (value: unknown, field: string): string => {
  if (typeof value !== "string") return refuseType(field, value)
  if (!isDecimalText(value)) throw new Refused("bad_decimal", `${field}: ${value.slice(0, 60)}`)
  return value
}

const isPrice = (value: unknown): value is string =>
  typeof value === "string" && isDecimalText(value) && value.charCodeAt(0) !== MINUS && !isZeroText(value)

const isSize = (value: unknown): value is string =>
  typeof value === "string" && isDecimalText(value) && (value.charCodeAt(0) !== MINUS || isZeroText(value))

const checkedPrice = (value: unknown, field: string): string => {
  if (isPrice(value)) return value
  throw new Refused("not_positive", `${field}: ${checkedDecimal(value, field)}`)
}

const checkedSize = (value: unknown, field: string): string => {
  if (isSize(value)) return value
  throw new Refused("not_positive", `${field}: ${checkedDecimal(value, field)}`)
}

const price = (o: Fields, field: string): string => checkedPrice(o[field], field)
const size = (o: Fields, field: string): string => checkedSize(o[field], field)

const integer = (o: Fields, field: string): number => {
  const value = o[field]
  return Number.isSafeInteger(value) && typeof value === "number" ? value : refuseType(field, value)
}

const integerOrNull = (o: Fields, field: string): number | null => o[field] === null ? null : integer(o, field)

const time = (o: Fields, field: string): number => {
  const value = o[field]
  if (value === undefined) throw new Refused("missing_field", field)
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Refused("bad_time", field)
  return value
}

const timeOrNull = (o: Fields, field: string): number | null => o[field] === null ? null : time(o, field)

const interval = (o: Fields, field: string): number => {
  const value = integer(o, field)
  if (value <= 0) throw new Refused("not_positive", `${field}: ${value}`)
  return value
}

const flag = (o: Fields, field: string): boolean => {
  const value = o[field]
  return typeof value === "boolean" ? value : refuseType(field, value)
}

const levels = (o: Fields, field: string): ReadonlyArray<Level> => {
  const value = o[field]
  if (!Array.isArray(value)) return refuseType(field, value)
  return value.map((level: unknown, at): Level => {
    if (!Array.isArray(level) || level.length !== 2) throw new Refused("wrong_type", `${field}[${at}]`)
    const [price, size]: ReadonlyArray<unknown> = level
    if (isPrice(price) && isSize(size)) return [price, size]
    return [checkedPrice(price, `${field}[${at}][0]`), checkedSize(size, `${field}[${at}][1]`)]
  })
}

// One text object for every tick of a venue or an instrument: whoever looks something up by it hashes it once.
const knownVenues = new Map<string, string>()

const venueOf = (o: Fields): string => {
  const venue = text(o, "venue")
  const known = knownVenues.get(venue)
  if (known !== undefined) return known
  if (!VENUE.test(venue)) throw new Refused("wrong_type", "venue")
  if (knownVenues.size < 1_000) knownVenues.set(venue, venue)
  return venue
}

const instrumentOf = (o: Fields): string => {
  const name = text(o, "instrument")
  const instrument = Instrument.parse(name)
  if (Option.isNone(instrument)) throw new Refused("bad_instrument", name.slice(0, 60))
  return instrument.value.name
}

const read = (o: Fields): Tick => {
  if (o["v"] !== 1) throw o["v"] === undefined ? new Refused("missing_field", "v") : new Refused("unknown_version", "v")
  const kind = text(o, "kind")
  const v = 1
  const venue = venueOf(o), instrument = instrumentOf(o)
  const venueTime = timeOrNull(o, "venueTime"), ingestTime = time(o, "ingestTime")
  switch (kind) {
    case "quote":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        seq: integerOrNull(o, "seq"),
        bid: price(o, "bid"),
        bidSize: size(o, "bidSize"),
        ask: price(o, "ask"),
        askSize: size(o, "askSize"),
      }
    case "trade": {
      const side = text(o, "side")
      if (side !== "buy" && side !== "sell") throw new Refused("wrong_type", "side")
      const tradeId = text(o, "tradeId")
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        tradeId,
        price: price(o, "price"),
        size: size(o, "size"),
        side,
      }
    }
    case "book":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        snapshot: flag(o, "snapshot"),
        firstSeq: integerOrNull(o, "firstSeq"),
        seq: integerOrNull(o, "seq"),
        prevSeq: integerOrNull(o, "prevSeq"),
        bids: levels(o, "bids"),
        asks: levels(o, "asks"),
      }
    case "ticker":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        last: price(o, "last"),
        ...(o["baseVolume"] === undefined ? {} : { baseVolume: size(o, "baseVolume") }),
        ...(o["quoteVolume"] === undefined ? {} : { quoteVolume: size(o, "quoteVolume") }),
      }
    case "funding":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        rate: checkedDecimal(o["rate"], "rate"),
        intervalMs: interval(o, "intervalMs"),
        nextFundingTime: timeOrNull(o, "nextFundingTime"),
        predicted: flag(o, "predicted"),
      }
    case "candle":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        intervalMs: interval(o, "intervalMs"),
        open: price(o, "open"),
        high: price(o, "high"),
        low: price(o, "low"),
        close: price(o, "close"),
        volume: size(o, "volume"),
      }
    case "heartbeat":
      return { v, venue, instrument, venueTime, ingestTime, kind }
    case "gap": {
      const reason = text(o, "reason")
      if (!isGapReason(reason)) throw new Refused("wrong_type", "reason")
      return { v, venue, instrument, venueTime, ingestTime, kind, reason }
    }
    default:
      throw new Refused("unknown_kind", kind.slice(0, 60))
  }
}

const isGapReason = (value: string): value is GapReason => GAP_REASONS.includes(value)

/** One value, already parsed from JSON. */
export const fromUnknown = (value: unknown): Tick | BadTick => {
  if (!isFields(value)) return badTick("not_an_object", typeof value)
  if (Object.hasOwn(value, "__proto__") || Object.hasOwn(value, "constructor")) {
    return badTick("forbidden_key", "__proto__ or constructor")
  }
  try {
    return read(value)
  } catch (error) {
    if (error instanceof Refused) return badTick(error.reason, error.detail)
    throw error
  }
}

/** One line of a recording. */
export const fromLine = (line: string): Tick | BadTick => {
  if (line.length > MAX_LINE_CHARACTERS) return badTick("too_large", `${line.length} characters`)
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch (error) {
    return badTick("not_json", error instanceof Error ? error.message.slice(0, 120) : "unreadable")
  }
  return fromUnknown(value)
}

export const isBad = (decoded: Tick | BadTick): decoded is BadTick => "_tag" in decoded

/** The line of a recording, without its line break. */
export const toLine = (tick: Tick): string => JSON.stringify(tick)
