/**
 * Conversions between quote currencies: by a parity the operator declared, or through a priced book. EXAMPLES rule 6.
 *
 * In: declared parities, and the books of pairs of two currencies (USDC/USDT, USDT/USD, EUR/USD). Out: how the selling
 * leg's currency becomes the buying leg's, and the book that does it. Promises: never 1:1 by name; a book is walked as
 * deep as the amount needs, with its taker fee, never when it is crossed or broken; on the selling leg's venue, else the
 * buying leg's, else another, which the legs then name.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import { type Exchange, SAME as SAME_CURRENCY } from "../../domain/Exchanging.ts"
import type { Instrument } from "../../domain/Instrument.ts"
import type { MarketView } from "../../domain/MarketView.ts"
import type { Slot } from "./Slot.ts"

/** Currencies whose spot pairs among each other serve as conversion books. */
const CURRENCIES: ReadonlySet<string> = new Set(
  "USD USDT USDC EUR GBP JPY AUD CAD CHF KRW TRY BRL BUSD FDUSD TUSD DAI USDP PYUSD USDE".split(" "),
)

/** Whether ticks of this instrument go to every partition, as a reference. */
export const isConversion = (instrument: Instrument): boolean =>
  instrument.market === "spot" && CURRENCIES.has(instrument.base) && CURRENCIES.has(instrument.quote)

export interface Conversion {
  readonly exchange: Exchange
  /** What the first unit becomes after the fee, as a float: no unit becomes more, so it may screen. */
  readonly factor: number
  /** What the reader is told; null where both legs share one currency. */
  readonly note: string | null
  /** The book used; null for same currency and parity. */
  readonly book: { readonly slot: MarketView; readonly side: "buy" | "sell" } | null
}

const SAME: Conversion = { exchange: SAME_CURRENCY, factor: 1, note: null, book: null }

export class Conversions {
  readonly #parity: Readonly<Record<string, string>>
  readonly #books = new Map<string, Slot>()
  /** Those that have conversion books, in the order of their names. */
  #venues: ReadonlyArray<string> = []
  /** Grows whenever a conversion book changed: what was found before is looked for again. */
  version = 0

  constructor(parity: Readonly<Record<string, string>>) {
    this.#parity = parity
  }

  add(slot: Slot): void {
    this.#books.set(`${slot.venue}|${slot.instrument.base}/${slot.instrument.quote}`, slot)
    if (!this.#venues.includes(slot.venue)) this.#venues = [...this.#venues, slot.venue].sort()
    this.version++
  }

  changed(): void {
    this.version++
  }

  /** From the currency in which `sell` pays out into the one `buy` is paid in; none: no way is known. */
  between(sell: Slot, buy: Slot): Option.Option<Conversion> {
    const from = sell.instrument.quote, to = buy.instrument.quote
    if (from === to) return Option.some(SAME)
    const others = this.#venues.filter((venue) => venue !== sell.venue && venue !== buy.venue)
    return Option.orElse(
      this.#declared(from, to),
      () => Option.firstSomeOf([sell.venue, buy.venue, ...others].map((venue) => this.#throughBook(venue, from, to))),
    )
  }

  #declared(from: string, to: string): Option.Option<Conversion> {
    const direct = this.#parity[`${from}/${to}`], inverse = this.#parity[`${to}/${from}`]
    const text = direct ?? inverse
    if (text === undefined) return Option.none()
    const parity = Decimal.fromChecked(text)
    const rate = direct !== undefined
      ? { numerator: parity, denominator: Decimal.ONE }
      : { numerator: Decimal.ONE, denominator: parity }
    const note = `parity ${direct !== undefined ? `${from}/${to}` : `${to}/${from}`} = ${text} (declared)`
    const factor = Decimal.toNumber(rate.numerator) / Decimal.toNumber(rate.denominator)
    return Option.some({ exchange: { kind: "rate", rate }, factor, note, book: null })
  }

  #throughBook(venue: string, from: string, to: string): Option.Option<Conversion> {
    const selling = this.#books.get(`${venue}|${from}/${to}`)
    if (selling !== undefined && selling.netBid > 0) return Option.some(through(selling, "sell", selling.netBid))
    const buying = this.#books.get(`${venue}|${to}/${from}`)
    return buying !== undefined && buying.netAsk < Infinity
      ? Option.some(through(buying, "buy", 1 / buying.netAsk))
      : Option.none()
  }
}

const through = (slot: Slot, side: "buy" | "sell", factor: number): Conversion => ({
  exchange: {
    kind: "book",
    side,
    depth: slot.depth(side === "sell" ? "bids" : "asks"),
    fee: slot.fee,
    feeIn: slot.fees.takerIn,
  },
  factor,
  note: `converted on ${slot.venue} ${slot.instrument.name}`,
  book: { slot, side },
})
