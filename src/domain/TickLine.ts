/**
 * Quotes and trades read from lines as we write them ourselves: keys in their order, no space, plain decimals.
 *
 * In: a line of a recording. Out: its tick; null for any other line, right or wrong, which TickCodec reads as JSON. Promises:
 * what is read here equals what is read there (a property test compares them), in half the time: most lines of most
 * recordings are such.
 */
import { Option } from "effect"
import { isZeroText } from "./Decimal.ts"
import * as Instrument from "./Instrument.ts"
import type { TickOf } from "./Tick.ts"

const TIME = "(0|[1-9]\\d{0,14})", NUMBER = "(0|-?[1-9]\\d{0,14})", DECIMAL = "(\\d{1,20}(?:\\.\\d{1,20})?)"
const ENVELOPE = `\\{"v":1,"venue":"([a-z0-9][a-z0-9_]{0,31})","instrument":"([A-Za-z0-9/:_.-]{1,80})",` +
  `"venueTime":(?:${TIME}|null),"ingestTime":${TIME}`
const QUOTE = new RegExp(
  `^${ENVELOPE},"kind":"quote","seq":(?:${NUMBER}|null),` +
    `"bid":"${DECIMAL}","bidSize":"${DECIMAL}","ask":"${DECIMAL}","askSize":"${DECIMAL}"\\}$`,
)
const TRADE = new RegExp(
  `^${ENVELOPE},"kind":"trade","tradeId":"([A-Za-z0-9_-]{0,80})",` +
    `"price":"${DECIMAL}","size":"${DECIMAL}","side":"(buy|sell)"\\}$`,
)

// One text object for every tick of a venue, as TickCodec keeps them.
const venues = new Map<string, string>()

const venueOf = (text: string): string => {
  const known = venues.get(text)
  if (known !== undefined) return known
  if (venues.size < 1_000) venues.set(text, text)
  return text
}

const timeOrNull = (text: string | undefined): number | null => text === undefined ? null : Number(text)

const quote = (line: string): TickOf<"quote"> | null => {
  const [, venue, name, venueTime, ingestTime, seq, bid, bidSize, ask, askSize] = QUOTE.exec(line) ?? []
  if (venue === undefined || name === undefined || bid === undefined || bidSize === undefined) return null
  const instrument = Instrument.parse(name)
  if (Option.isNone(instrument) || ask === undefined || askSize === undefined) return null
  if (isZeroText(bid) || isZeroText(ask)) return null
  return {
    v: 1,
    venue: venueOf(venue),
    instrument: instrument.value.name,
    venueTime: timeOrNull(venueTime),
    ingestTime: Number(ingestTime),
    kind: "quote",
    seq: timeOrNull(seq),
    bid,
    bidSize,
    ask,
    askSize,
  }
}

const trade = (line: string): TickOf<"trade"> | null => {
  const [, venue, name, venueTime, ingestTime, tradeId, price, size, side] = TRADE.exec(line) ?? []
  if (venue === undefined || name === undefined || tradeId === undefined || price === undefined) return null
  const instrument = Instrument.parse(name)
  if (Option.isNone(instrument) || size === undefined || isZeroText(price)) return null
  return {
    v: 1,
    venue: venueOf(venue),
    instrument: instrument.value.name,
    venueTime: timeOrNull(venueTime),
    ingestTime: Number(ingestTime),
    kind: "trade",
    tradeId,
    price,
    size,
    side: side === "buy" ? "buy" : "sell",
  }
}

export const read = (line: string): TickOf<"quote"> | TickOf<"trade"> | null => quote(line) ?? trade(line)
