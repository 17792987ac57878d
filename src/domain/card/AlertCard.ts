/**
 * A price alert that fired, as its reader sees it.
 *
 * In: the notice, the reader's language and zone, the time. Out: HTML. Promises: it says what crossed what, of how many
 * venues the price is, and when it was if that is a while ago; simulated data says so.
 */
import { DateTime } from "effect"
import type { Direction } from "../PriceAlert.ts"
import type { Language } from "../Preferences.ts"
import { CARD_TEXTS } from "./CardTexts.ts"
import { fixed } from "./Figures.ts"
import { bold, escape, italic } from "./Html.ts"

export interface AlertShown {
  readonly instrument: string
  readonly venue: string | null
  readonly direction: Direction
  readonly threshold: string
  readonly price: string
  readonly venues: number
  readonly simulated: boolean
  readonly repeats: boolean
  readonly firedAt: number
}

const PRICE_DIGITS = 8
/** From then on a message says when the price was crossed. */
const LATE_MS = 60_000

interface Words {
  readonly crossed: Readonly<Record<Direction, string>>
  readonly now: (price: string) => string
  readonly on: (venue: string) => string
  readonly across: (venues: number) => string
  readonly at: (time: string) => string
  readonly once: string
  readonly repeats: string
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    crossed: { above: "is above", below: "is below" },
    now: (price) => `The price is ${price}`,
    on: (venue) => ` on ${venue}.`,
    across: (venues) => venues === 1 ? ", as one exchange quotes it." : `, the median of ${venues} exchanges.`,
    at: (time) => `It was so at ${time}.`,
    once: "This alert is done. /alerts makes another.",
    repeats: "It fires again once the price has gone back by 0.2%.",
  },
  ru: {
    crossed: { above: "выше", below: "ниже" },
    now: (price) => `Цена — ${price}`,
    on: (venue) => ` на ${venue}.`,
    across: (venues) => venues === 1 ? ", по котировке одной биржи." : `, медиана по биржам (${venues}).`,
    at: (time) => `Так было в ${time}.`,
    once: "Это оповещение выполнено. Новое — /alerts.",
    repeats: "Сработает снова, когда цена отойдёт обратно на 0,2%.",
  },
}

/** "2026-11-28 09:00 (Europe/Berlin)". */
export const momentIn = (atMs: number, timeZone: string): string =>
  DateTime.formatIso(DateTime.makeUnsafe(atMs + offsetOf(atMs, timeZone))).slice(0, 16).replace("T", " ") +
  ` (${timeZone})`

const offsetOf = (atMs: number, timeZone: string): number =>
  DateTime.zonedOffset(DateTime.makeZonedUnsafe(atMs, { timeZone, adjustForTimeZone: false }))

export const renderAlert = (
  alert: AlertShown,
  { language, nowMs, timeZone }: { readonly language: Language; readonly nowMs: number; readonly timeZone: string },
): string => {
  const words = WORDS[language]
  const figure = (text: string) => fixed(text, PRICE_DIGITS, CARD_TEXTS[language].grouping)
  const arrow = alert.direction === "above" ? "📈" : "📉"
  return [
    `${arrow} ${bold(`${escape(alert.instrument)} ${words.crossed[alert.direction]} ${figure(alert.threshold)}`)}`,
    words.now(figure(alert.price)) +
    (alert.venue === null ? words.across(alert.venues) : words.on(escape(alert.venue))),
    ...nowMs - alert.firedAt < LATE_MS ? [] : [words.at(momentIn(alert.firedAt, timeZone))],
    italic(alert.repeats ? words.repeats : words.once),
    ...alert.simulated ? [`🧪 ${bold(CARD_TEXTS[language].simulated)}`] : [],
  ].join("\n")
}
