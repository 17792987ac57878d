/**
 * Quotes of several venues as text.
 *
 * In: rows of the QuoteBoard, analyses, a language. Out: HTML, a part for each instrument. Promises: every price has its age and
 * source; a venue without one says why; a spread between venues is told only of quotes that are fresh at the same time;
 * figures of a day stand there only where the venue told them; simulated data says so.
 */
import { Option } from "effect"
import * as Decimal from "../../domain/Decimal.ts"
import type { Correlations, MarketPair } from "../../domain/MarketAnalysis.ts"
import type { Language } from "../../domain/Preferences.ts"
import { FRESH_MS } from "../../domain/PriceAlert.ts"
import { CARD_TEXTS } from "../../domain/card/CardTexts.ts"
import { duration, fixed, significant } from "../../domain/card/Figures.ts"
import { bold } from "../../domain/card/Html.ts"
import type { BoardRow } from "../../streams/QuoteBoard.ts"
import { html } from "./texts/Fluent.ts"

const PRICE_DIGITS = 8
const VOLUME_DIGITS = 4
/** Of so many pairs at most it is told who moves first. */
const LEADS = 3

type Quoted = BoardRow & { readonly quote: Exclude<BoardRow["quote"], string> }
const isQuoted = (row: BoardRow): row is Quoted => typeof row.quote !== "string"

export const priceText = (price: string, language: Language): string =>
  fixed(price, PRICE_DIGITS, CARD_TEXTS[language].grouping)

const bpsBetween = (low: string, high: string): string => {
  const from = Decimal.fromChecked(low), gap = Decimal.subtract(Decimal.fromChecked(high), from)
  return Decimal.format(Decimal.divide(Decimal.multiply(gap, Decimal.TEN_THOUSAND), from, 2))
}

const ageOf = ({ quote }: Quoted, language: Language): string =>
  html(language, "market-age", {
    age: duration(quote.ageMs, CARD_TEXTS[language].units),
    source: { html: html(language, `market-source.${quote.source}`) },
  })

const priceLine = (row: BoardRow, language: Language): string =>
  isQuoted(row)
    ? html(language, "market-price-line", {
      venue: row.venue,
      bid: priceText(row.quote.tick.bid, language),
      ask: priceText(row.quote.tick.ask, language),
      age: { html: ageOf(row, language) },
    })
    : html(language, "market-none-line", {
      venue: row.venue,
      why: { html: html(language, `market-why.${row.quote}`) },
    })

const figure = (text: string, language: Language): string =>
  significant(text, VOLUME_DIGITS, CARD_TEXTS[language].grouping)

const dayLine = ({ instrument, ticker }: BoardRow, language: Language): ReadonlyArray<string> => {
  const [base = "", quote = ""] = instrument.split(/[/:]/)
  const known = ticker === null ? [] : [
    ...ticker.tick.baseVolume === undefined ? [] : [`${figure(ticker.tick.baseVolume, language)} ${base}`],
    ...ticker.tick.quoteVolume === undefined ? [] : [`${figure(ticker.tick.quoteVolume, language)} ${quote}`],
  ]
  return known.length === 0 ? [] : [html(language, "market-day", { volume: known.join(" = ") })]
}

const marketLines = (row: BoardRow, language: Language): string => {
  if (!isQuoted(row)) return priceLine(row, language)
  const { ask, askSize, bid, bidSize } = row.quote.tick
  const [base = ""] = row.instrument.split("/")
  return [
    priceLine(row, language),
    html(language, "market-detail-line", {
      spread: bpsBetween(bid, ask),
      bidSize: figure(bidSize, language),
      askSize: figure(askSize, language),
      unit: row.instrument.includes(":") ? html(language, "market-contracts") : base,
    }),
    ...dayLine(row, language),
  ].join("\n")
}

const best = (rows: ReadonlyArray<Quoted>, side: "bid" | "ask"): Quoted | undefined =>
  rows.toSorted((a, b) => {
    const [x, y] = [Decimal.fromChecked(a.quote.tick[side]), Decimal.fromChecked(b.quote.tick[side])]
    return (Decimal.isLess(x, y) ? -1 : Decimal.isLess(y, x) ? 1 : 0) * (side === "ask" ? 1 : -1)
  })[0]

/** Where one could buy cheapest and sell dearest, among quotes that are fresh. */
const bestLine = (rows: ReadonlyArray<BoardRow>, language: Language): ReadonlyArray<string> => {
  const fresh = rows.filter(isQuoted).filter(({ quote }) => quote.ageMs <= FRESH_MS)
  const ask = best(fresh, "ask"), bid = best(fresh, "bid")
  if (fresh.length < 2 || ask === undefined || bid === undefined) return []
  return [html(language, "market-best", {
    ask: priceText(ask.quote.tick.ask, language),
    askVenue: ask.venue,
    bid: priceText(bid.quote.tick.bid, language),
    bidVenue: bid.venue,
    gap: bpsBetween(ask.quote.tick.ask, bid.quote.tick.bid),
  })]
}

/** Markets that move before others, the clearest first. */
const leadLines = ({ instrument, pairs, spanMs }: Correlations, language: Language): ReadonlyArray<string> => {
  const nameOf = (market: MarketPair["a"]): string =>
    market.instrument === instrument ? market.venue : `${market.venue} ${market.instrument}`
  return pairs.filter(({ leader }) => leader !== null)
    .toSorted((a, b) => Math.abs(b.atLag) - Math.abs(a.atLag))
    .slice(0, LEADS)
    .map(({ a, atLag, b, lagMs, leader }) =>
      html(language, "market-lead", {
        leader: nameOf(leader === "a" ? a : b),
        follower: nameOf(leader === "a" ? b : a),
        lag: duration(Math.abs(lagMs), CARD_TEXTS[language].units),
        correlation: atLag.toFixed(2),
        span: duration(spanMs, CARD_TEXTS[language].units),
      })
    )
}

export interface MarketTable {
  /** With spreads, sizes and figures of a day. */
  readonly whole: boolean
  /** What is known of who moves first, by instrument. */
  readonly correlations: ReadonlyArray<Correlations>
}

export const marketTable = (
  rows: ReadonlyArray<BoardRow>,
  language: Language,
  { correlations, whole }: MarketTable,
): string =>
  [...Map.groupBy(rows, ({ instrument }) => instrument)].map(([instrument, theirs]) =>
    [
      html(language, whole ? "market-title.whole" : "market-title", { instrument }),
      ...theirs.map((row) => whole ? marketLines(row, language) : priceLine(row, language)),
      ...bestLine(theirs, language),
      ...correlations.filter((known) => known.instrument === instrument).flatMap((known) => leadLines(known, language)),
      ...theirs.some((row) => isQuoted(row) && row.quote.data === "simulated")
        ? [`🧪 ${bold(CARD_TEXTS[language].simulated)}`]
        : [],
    ].join("\n")
  ).join("\n\n")

/** The middle of what venues quote freshly, with their number; none: nobody does. */
export const freshMiddles = (rows: ReadonlyArray<BoardRow>): ReadonlyArray<Decimal.Decimal> =>
  rows.filter(isQuoted).filter(({ quote }) => quote.ageMs <= FRESH_MS).flatMap(({ quote: { tick } }) =>
    Option.toArray(Option.map(
      Option.all([Decimal.parse(tick.bid), Decimal.parse(tick.ask)]),
      ([bid, ask]) => Decimal.divide(Decimal.add(bid, ask), Decimal.fromInteger(2), Decimal.SCALE.price),
    ))
  )
