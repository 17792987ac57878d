/**
 * What a card tells of one type of opportunity alone: funding's rates and when they pay back, what a signal rests on.
 *
 * In: details, words, the time. Out: lines of HTML, none for types whose legs and figures say all. Promises: foreign text
 * is escaped and bounded, text that is no decimal is shown as it came; what is unknown has no line.
 */
import { Option } from "effect"
import * as Decimal from "../Decimal.ts"
import type { Details, FundingDetails, TechnicalDetails } from "../Details.ts"
import type { CardTexts } from "./CardTexts.ts"
import * as Figures from "./Figures.ts"
import { bold, escape } from "./Html.ts"

const LENGTH = 24
const HOUR_MS = 3_600_000
const RATE_SCALE = 6

type Funding = typeof FundingDetails.Type
type Technical = typeof TechnicalDetails.Type

export interface Told {
  readonly details: Details
  readonly currency: string
}

export const detailLines = ({ currency, details }: Told, texts: CardTexts, nowMs: number): ReadonlyArray<string> => {
  switch (details.type) {
    case "funding":
      return fundingLines(details, currency, texts, nowMs)
    case "technical":
      return technicalLines(details, texts)
    default:
      return []
  }
}

/** A fraction as percent with its sign: "0.0001" is "+0.01%". */
const percent = (fraction: string): string =>
  `${escape(Figures.signed(Figures.fixed(Figures.percentOf(fraction), RATE_SCALE)), LENGTH)}%`

/** Per interval, per hour, and whether it was promised or paid. */
const rateOf = (side: Funding["long"], kind: Funding["pricedBy"], texts: CardTexts): string => {
  const rate = kind === "predicted" ? side.predictedRate : side.settledRate
  if (rate === null || side.intervalMs === null) return texts.funding.spot
  const intervalMs = side.intervalMs
  const perHour = Option.filter(Decimal.parse(rate), () => intervalMs > 0).pipe(
    Option.map((value) =>
      Decimal.divide(
        Decimal.multiply(value, Decimal.fromInteger(HOUR_MS)),
        Decimal.fromInteger(intervalMs),
        Decimal.SCALE.price,
      )
    ),
    Option.map((value) => texts.funding.anHour(percent(Decimal.format(value)))),
  )
  return [
    `${percent(rate)} ${texts.funding.every(Figures.duration(intervalMs, texts.units))}`,
    ...Option.toArray(perHour),
    texts.funding.kinds[kind],
  ].join(", ")
}

const money = (amount: string, currency: string, texts: CardTexts): string =>
  `${escape(Figures.significant(amount, 5, texts.grouping), LENGTH)} ${escape(currency, 20)}`

const fundingLines = (of: Funding, currency: string, texts: CardTexts, nowMs: number): ReadonlyArray<string> => {
  const words = texts.funding
  const even = of.breakEvenHours === null ? null : words.hours(escape(of.breakEvenHours, LENGTH))
  const settled = of.breakEvenSettlementsMs === null ? null : Figures.duration(of.breakEvenSettlementsMs, texts.units)
  return [
    `${words.long}: ${rateOf(of.long, of.pricedBy, texts)}`,
    `${words.short}: ${rateOf(of.short, of.pricedBy, texts)}`,
    words.yield(bold(percent(of.annualYield))),
    words.horizon(
      words.hours(escape(String(of.horizonHours), LENGTH)),
      money(of.income, currency, texts),
      money(of.cost, currency, texts),
    ),
    ...(even === null ? [] : [words.paysBack(even, settled)]),
    words.next(Figures.duration(of.nextSettlement - nowMs, texts.units)),
  ]
}

/** The word for a name; the name itself where there is none. */
const word = (words: Readonly<Record<string, string>>, name: string): string =>
  Object.hasOwn(words, name) ? words[name] ?? "" : escape(name, LENGTH)

const technicalLines = (of: Technical, texts: CardTexts): ReadonlyArray<string> => {
  const words = texts.technical
  const shown = Object.entries(words.indicators).flatMap(([name, label]) => {
    const value = Object.hasOwn(of.indicators, name) ? of.indicators[name] : undefined
    return value === undefined ? [] : [`${label} ${escape(Figures.significant(value, 4, texts.grouping), LENGTH)}`]
  })
  const agreed = of.confirmedBy.slice(0, 4).map((name) => word(words.names, name))
  const signal = word(words.signals, of.signal)
  return [
    `${words.signal}: ${bold(signal)}, ${words.directions[of.direction]}`,
    ...(shown.length === 0 ? [] : [shown.join(", ")]),
    words.confirmed(agreed.join(", ")),
    words.candles(Figures.duration(of.intervalMs, texts.units), of.candles),
  ]
}
