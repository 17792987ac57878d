/**
 * Price alerts: what a user asked to be told of, and what a price means to it.
 *
 *   new --price on the other side--> armed --price beyond--> fired (repeats) | done (once)
 *   fired --price back by HYSTERESIS beyond the threshold--> armed
 *
 * In: what a person typed; the middle prices of venues. Out: an alert, or why it is none; arm, fire or nothing. Promises:
 * pure and exact; a price that flaps around the threshold fires once; one that was beyond it when the alert was made
 * has to come back before it can cross.
 */
import { Option, Schema } from "effect"
import * as Decimal from "./Decimal.ts"
import * as Instrument from "./Instrument.ts"

/** A fifth of a percent. */
export const HYSTERESIS = "0.002"
const BACK_FROM_ABOVE = Decimal.fromChecked("0.998")
const BACK_FROM_BELOW = Decimal.fromChecked("1.002")

/** A quote whose market was last heard of longer ago than this counts for nothing. */
export const FRESH_MS = 10_000

/** How long a firing is worth telling. */
export const NOTICE_LIVES_MS = 86_400_000

export const Direction = Schema.Literals(["above", "below"])
export type Direction = typeof Direction.Type

export const AlertState = Schema.Literals(["new", "armed", "fired", "done"])
export type AlertState = typeof AlertState.Type

export const PriceAlert = Schema.Struct({
  alertId: Schema.Int,
  userId: Schema.String,
  /** Null: the median over venues. */
  venue: Schema.NullOr(Instrument.VenueId),
  instrument: Schema.String,
  direction: Direction,
  /** Decimal text. */
  price: Schema.String,
  repeats: Schema.Boolean,
  state: AlertState,
})
export type PriceAlert = typeof PriceAlert.Type

export type WantedAlert = Pick<PriceAlert, "venue" | "instrument" | "direction" | "price" | "repeats">

export const isBeyond = (direction: Direction, threshold: Decimal.Decimal, price: Decimal.Decimal): boolean =>
  direction === "above" ? Decimal.isGreater(price, threshold) : Decimal.isLess(price, threshold)

const isBack = (direction: Direction, threshold: Decimal.Decimal, price: Decimal.Decimal): boolean =>
  direction === "above"
    ? !Decimal.isGreater(price, Decimal.multiply(threshold, BACK_FROM_ABOVE))
    : !Decimal.isLess(price, Decimal.multiply(threshold, BACK_FROM_BELOW))

/** What a fresh price means to an alert; null: nothing. */
export const meaning = (
  { direction, state }: Pick<PriceAlert, "direction" | "state">,
  threshold: Decimal.Decimal,
  price: Decimal.Decimal,
): "arm" | "fire" | null => {
  switch (state) {
    case "new":
      return isBeyond(direction, threshold, price) ? null : "arm"
    case "armed":
      return isBeyond(direction, threshold, price) ? "fire" : null
    case "fired":
      return isBack(direction, threshold, price) ? "arm" : null
    case "done":
      return null
  }
}

/** False only where `meaning` is surely null: the same by floats, with room for their errors. */
export const mayMean = (
  { direction, state }: Pick<PriceAlert, "direction" | "state">,
  threshold: number,
  price: number,
): boolean => {
  const ratio = direction === "above" ? price / threshold : threshold / price
  return state === "new" || (state === "armed" ? ratio > 1 - 1e-9 : state === "fired" && ratio < 0.9981)
}

const TWO = Decimal.fromInteger(2)

export const middleOf = (bid: Decimal.Decimal, ask: Decimal.Decimal): Decimal.Decimal =>
  Decimal.divide(Decimal.add(bid, ask), TWO, Decimal.SCALE.price)

/** The middle one of the venues' prices, or the middle of the two: one venue's mistake moves nothing. */
export const median = (prices: ReadonlyArray<Decimal.Decimal>): Option.Option<Decimal.Decimal> => {
  const sorted = prices.toSorted((a, b) => Decimal.isLess(a, b) ? -1 : Decimal.isLess(b, a) ? 1 : 0)
  const upper = sorted[sorted.length >> 1], lower = sorted[(sorted.length - 1) >> 1]
  return upper === undefined || lower === undefined ? Option.none() : Option.some(middleOf(lower, upper))
}

/** Why what was typed is no alert. */
export type WrongAlert = "form" | "instrument" | "price"

const FORM =
  /^(?:([a-z0-9_]+):(?=[^/]*\/))?(\S+?)\s*(>=?|<=?|≥|≤)\s*([\d.,'\s\u00a0]+?)\s*(repeat|every|повтор|повторять)?$/iu

/** "70,000" and "70 000" are seventy thousand, "0,5" is a half; none for what could mean two things. */
const priceIn = (text: string): Option.Option<string> => {
  const dense = text.replaceAll(/[\s\u00a0']/g, "")
  const plain = /^\d{1,3}(?:,\d{3})+(?:\.\d+)?$/.test(dense) ? dense.replaceAll(",", "") : dense.replace(",", ".")
  if (!/^\d{1,15}(?:\.\d{1,12})?$/.test(plain)) return Option.none()
  return Option.map(Option.filter(Decimal.parse(plain), Decimal.isPositive), Decimal.format)
}

/** "BTC/USDT > 70000", "kraken:ETH/USDT:USDT < 1,500.5 repeat". */
export const read = (text: string): WantedAlert | WrongAlert => {
  const [, venue, name, sign = "", figure = "", repeat] = FORM.exec(text.trim()) ?? []
  if (name === undefined) return "form"
  const instrument = Instrument.parse(name.toUpperCase())
  if (Option.isNone(instrument)) return "instrument"
  const price = priceIn(figure)
  if (Option.isNone(price)) return "price"
  return {
    venue: venue?.toLowerCase() ?? null,
    instrument: instrument.value.name,
    direction: sign.startsWith(">") || sign === "≥" ? "above" : "below",
    price: price.value,
    repeats: repeat !== undefined,
  }
}
