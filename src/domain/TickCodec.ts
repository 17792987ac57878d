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
import * as TickLine from "./TickLine.ts"

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

const text = (value: unknown, field: string): string => typeof value === "string" ? value : refuseType(field, value)

const checkedDecimal = (value: unknown, field: string): string => {
  if (typeof value !== "string") return refuseType(field, value)
  if (!isDecimalText(value)) throw new Refused("bad_decimal", `${field}: ${value.slice(0, 60)}`)
  return value
}

const isPrice = (value: unknown): value is string =>
  typeof value === "string" && isDecimalText(value) && value.charCodeAt(0) !== MINUS && !isZeroText(value)

const isSize = (value: unknown): value is string =>
  typeof value === "string" && isDecimalText(value) && (value.charCodeAt(0) !== MINUS || isZeroText(value))

const price = (value: unknown, field: string): string => {
  if (isPrice(value)) return value
  throw new Refused("not_positive", `${field}: ${checkedDecimal(value, field)}`)
}

const size = (value: unknown, field: string): string => {
  if (isSize(value)) return value
  throw new Refused("not_positive", `${field}: ${checkedDecimal(value, field)}`)
}

const integer = (value: unknown, field: string): number =>
  Number.isSafeInteger(value) && typeof value === "number" ? value : refuseType(field, value)

const integerOrNull = (value: unknown, field: string): number | null => value === null ? null : integer(value, field)

const time = (value: unknown, field: string): number => {
  if (value === undefined) throw new Refused("missing_field", field)
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw new Refused("bad_time", field)
  return value
}

const timeOrNull = (value: unknown, field: string): number | null => value === null ? null : time(value, field)

const interval = (value: unknown, field: string): number => {
  const milliseconds = integer(value, field)
  if (milliseconds <= 0) throw new Refused("not_positive", `${field}: ${milliseconds}`)
  return milliseconds
}

const flag = (value: unknown, field: string): boolean => typeof value === "boolean" ? value : refuseType(field, value)

const levels = (value: unknown, field: string): ReadonlyArray<Level> => {
  if (!Array.isArray(value)) return refuseType(field, value)
  return value.map((level: unknown, at): Level => {
    if (!Array.isArray(level) || level.length !== 2) throw new Refused("wrong_type", `${field}[${at}]`)
    const [at0, at1]: ReadonlyArray<unknown> = level
    // Names of fields are made for the refused only.
    if (isPrice(at0) && isSize(at1)) return [at0, at1]
    return [price(at0, `${field}[${at}][0]`), size(at1, `${field}[${at}][1]`)]
  })
}

// One text object for every tick of a venue or an instrument: whoever looks something up by it hashes it once.
const knownVenues = new Map<string, string>()

const venueOf = (o: Fields): string => {
  const venue = text(o["venue"], "venue")
  const known = knownVenues.get(venue)
  if (known !== undefined) return known
  if (!VENUE.test(venue)) throw new Refused("wrong_type", "venue")
  if (knownVenues.size < 1_000) knownVenues.set(venue, venue)
  return venue
}

const instrumentOf = (o: Fields): string => {
  const name = text(o["instrument"], "instrument")
  const instrument = Instrument.parse(name)
  if (Option.isNone(instrument)) throw new Refused("bad_instrument", name.slice(0, 60))
  return instrument.value.name
}

const read = (o: Fields): Tick => {
  if (o["v"] !== 1) throw o["v"] === undefined ? new Refused("missing_field", "v") : new Refused("unknown_version", "v")
  const kind = text(o["kind"], "kind")
  const v = 1
  const venue = venueOf(o), instrument = instrumentOf(o)
  const venueTime = timeOrNull(o["venueTime"], "venueTime"), ingestTime = time(o["ingestTime"], "ingestTime")
  switch (kind) {
    case "quote":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        seq: integerOrNull(o["seq"], "seq"),
        bid: price(o["bid"], "bid"),
        bidSize: size(o["bidSize"], "bidSize"),
        ask: price(o["ask"], "ask"),
        askSize: size(o["askSize"], "askSize"),
      }
    case "trade": {
      const side = text(o["side"], "side")
      if (side !== "buy" && side !== "sell") throw new Refused("wrong_type", "side")
      const tradeId = text(o["tradeId"], "tradeId")
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        tradeId,
        price: price(o["price"], "price"),
        size: size(o["size"], "size"),
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
        snapshot: flag(o["snapshot"], "snapshot"),
        firstSeq: integerOrNull(o["firstSeq"], "firstSeq"),
        seq: integerOrNull(o["seq"], "seq"),
        prevSeq: integerOrNull(o["prevSeq"], "prevSeq"),
        bids: levels(o["bids"], "bids"),
        asks: levels(o["asks"], "asks"),
      }
    case "ticker":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        last: price(o["last"], "last"),
        ...(o["baseVolume"] === undefined ? {} : { baseVolume: size(o["baseVolume"], "baseVolume") }),
        ...(o["quoteVolume"] === undefined ? {} : { quoteVolume: size(o["quoteVolume"], "quoteVolume") }),
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
        intervalMs: interval(o["intervalMs"], "intervalMs"),
        nextFundingTime: timeOrNull(o["nextFundingTime"], "nextFundingTime"),
        predicted: flag(o["predicted"], "predicted"),
      }
    case "candle":
      return {
        v,
        venue,
        instrument,
        venueTime,
        ingestTime,
        kind,
        intervalMs: interval(o["intervalMs"], "intervalMs"),
        open: price(o["open"], "open"),
        high: price(o["high"], "high"),
        low: price(o["low"], "low"),
        close: price(o["close"], "close"),
        volume: size(o["volume"], "volume"),
      }
    case "heartbeat":
      return { v, venue, instrument, venueTime, ingestTime, kind }
    case "gap": {
      const reason = text(o["reason"], "reason")
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
  const plain = TickLine.read(line)
  if (plain !== null) return plain
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
