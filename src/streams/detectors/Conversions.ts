/**
 * Conversions between quote currencies: by a parity the operator declared, or through a priced book. EXAMPLES rule 6.
 *
 * In: declared parities, and the books of pairs of two currencies (USDC/USDT, USDT/USD, EUR/USD). Out: the rate from
 * the selling leg's currency into the buying leg's, how much it holds for, and the leg it costs. Promises: never 1:1
 * by name; a book is used at its best level only, with its taker fee, never when it is crossed or broken; on the selling
 * leg's venue, else the buying leg's, else another, which the legs then name.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { Instrument } from "../../domain/Instrument.ts"
import { PAR, type Rate } from "../../domain/Pricing.ts"
import type { Slot } from "./Slot.ts"

/** Currencies whose spot pairs among each other serve as conversion books. */
const CURRENCIES: ReadonlySet<string> = new Set(
  "USD USDT USDC EUR GBP JPY AUD CAD CHF KRW TRY BRL BUSD FDUSD TUSD DAI USDP PYUSD USDE".split(" "),
)

/** Whether ticks of this instrument go to every partition, as a reference. */
export const isConversion = (instrument: Instrument): boolean =>
  instrument.market === "spot" && CURRENCIES.has(instrument.base) && CURRENCIES.has(instrument.quote)

export interface Conversion {
  /** With the conversion's own fee. */
  readonly rate: Rate
  readonly gross: Rate
  /** `rate` as a float, for screening. */
  readonly factor: number
  /** What the reader is told; null where both legs share one currency. */
  readonly note: string | null
  /** The book used; null for same currency and parity. */
  readonly book: { readonly slot: Slot; readonly side: "buy" | "sell" } | null
  /** Units of the selling leg's currency that the best level takes; none: without limit. */
  readonly capacity: Option.Option<Decimal.Decimal>
}

const SAME: Conversion = { rate: PAR, gross: PAR, factor: 1, note: null, book: null, capacity: Option.none() }

export class Conversions {
  readonly #parity: Readonly<Record<string, string>>
  readonly #books = new Map<string, Slot>()
  /** Those that have conversion books, in the order of their names. */
  #venues: ReadonlyArray<string> = []
  /** Grows whenever a conversion book changed: cached factors are recomputed. */
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
    return Option.some({ rate, gross: rate, factor, note, book: null, capacity: Option.none() })
  }

  #throughBook(venue: string, from: string, to: string): Option.Option<Conversion> {
    const selling = this.#books.get(`${venue}|${from}/${to}`)
    if (selling !== undefined && selling.netBid > 0) {
      const depth = selling.depth("bids")
      const price = depth.price(0)
      const kept = Decimal.multiply(price, Decimal.subtract(Decimal.ONE, selling.fee))
      return Option.some(
        throughLevel(selling, "sell", { numerator: kept, denominator: Decimal.ONE }, {
          numerator: price,
          denominator: Decimal.ONE,
        }, depth.size(0)),
      )
    }
    const buying = this.#books.get(`${venue}|${to}/${from}`)
    if (buying !== undefined && buying.netAsk < Infinity) {
      const depth = buying.depth("asks")
      const price = depth.price(0)
      const paid = Decimal.multiply(price, Decimal.add(Decimal.ONE, buying.fee))
      const capacity = Decimal.multiply(paid, depth.size(0))
      return Option.some(
        throughLevel(buying, "buy", { numerator: Decimal.ONE, denominator: paid }, {
          numerator: Decimal.ONE,
          denominator: price,
        }, capacity),
      )
    }
    return Option.none()
  }
}

const throughLevel = (
  slot: Slot,
  side: "buy" | "sell",
  rate: Rate,
  gross: Rate,
  capacity: Decimal.Decimal,
): Conversion => ({
  rate,
  gross,
  factor: Decimal.toNumber(rate.numerator) / Decimal.toNumber(rate.denominator),
  note: `converted on ${slot.venue} ${slot.instrument.name}`,
  book: { slot, side },
  capacity: Option.some(capacity),
})
