/**
 * An opportunity as a message: what a person needs to decide, on one screen.
 *
 * In: an opportunity, a language and the time. Out: HTML and the buttons under it. Promises: pure; the same input gives
 * the same text, so that an edit that changes nothing is recognised; simulated and unproven ones say so in every state;
 * foreign text is escaped and the whole fits one message.
 */
import { Option } from "effect"
import * as Instrument from "../Instrument.ts"
import { leadingLeg, type Leg, type Opportunity } from "../Opportunity.ts"
import type { Action } from "./CallbackData.ts"
import { type Button, buttonsOf } from "./CardButtons.ts"
import { CARD_TEXTS, type CardTexts, type Language } from "./CardTexts.ts"
import { inAndOut, leftOverLines, wayRound } from "./CycleLines.ts"
import { detailLines } from "./DetailLines.ts"
import * as Figures from "./Figures.ts"
import { bold, escape, italic, link, struck } from "./Html.ts"

export interface Card {
  readonly html: string
  readonly buttons: ReadonlyArray<ReadonlyArray<Button>>
}

export interface CardOptions {
  readonly opportunity: Opportunity
  readonly language: Language
  readonly nowMs: number
  /** Adds levels, fee rates and book ages of each leg. Default false. */
  readonly detailed?: boolean
  /** It had closed before it could be told, so long after it was found: it says so. Default null: told in time. */
  readonly toldAfterMs?: number | null
  /** Where a leg's instrument is traded; null: no link. Default none. */
  readonly linkOf?: LinkOf
  /** Buttons that the reader may use. Default all. */
  readonly actions?: ReadonlyArray<Action>
}

export type LinkOf = (leg: Pick<Leg, "venue" | "instrument">) => string | null

const noLinks: LinkOf = () => null

const ICON: Readonly<Record<Opportunity["state"], string>> = {
  opened: "🟢",
  improved: "📈",
  fading: "🟡",
  closed: "⚪️",
}
const MAX_LEGS = 6
const MAX_LEVELS = 4
const MAX_NOTES = 5
const PRICE_DIGITS = 8
const MONEY_DIGITS = 5
/** Bounds, so that the longest card fits a message; no real figure is cut. */
const FIGURE_LENGTH = 24
const NOTE_LENGTH = 100

/** The pair an opportunity goes by: that of its leading leg. */
export const pairOf = (opportunity: Pick<Opportunity, "type" | "legs" | "asset">): string => {
  const leg = leadingLeg(opportunity)
  return Option.match(Instrument.parse(leg?.instrument ?? ""), {
    onNone: () => leg?.instrument ?? opportunity.asset,
    onSome: ({ base, quote }) => `${base}/${quote}`,
  })
}

/** A cycle by its way round, everything else by its pair. */
const nameOf = (opportunity: Pick<Opportunity, "type" | "legs" | "asset" | "details">): string =>
  opportunity.details.type === "triangular" ? wayRound(opportunity.details) : escape(pairOf(opportunity), 60)

export const isUnproven = ({ confidence, reasons }: Pick<Opportunity, "confidence" | "reasons">): boolean =>
  confidence === null || reasons.some((reason) => reason.startsWith("unproven"))

const money = (amount: string, currency: string, texts: CardTexts): string =>
  `${escape(Figures.significant(amount, MONEY_DIGITS, texts.grouping), FIGURE_LENGTH)} ${escape(currency, 20)}`

/** What a size or a price looks like: enough digits to recognise it on the venue. */
const figure = (text: string, texts: CardTexts): string =>
  escape(Figures.significant(text, PRICE_DIGITS, texts.grouping), FIGURE_LENGTH)

const legLine = (leg: Leg, texts: CardTexts, linkOf: LinkOf): string => {
  const venue = bold(escape(leg.venue, 32))
  const page = linkOf(leg)
  return `${leg.side === "buy" ? "🔼" : "🔽"} ${texts.sides[leg.side]} ${page === null ? venue : link(venue, page)} ` +
    `${escape(leg.instrument, 60)} ${texts.at} ${figure(leg.price, texts)}`
}

const legDetails = (leg: Leg, texts: CardTexts): ReadonlyArray<string> => {
  const shown = leg.levels.slice(0, MAX_LEVELS).map(([price, size]) =>
    `${figure(price, texts)} × ${figure(size, texts)}`
  )
  const more = leg.levels.length > MAX_LEVELS ? `; +${leg.levels.length - MAX_LEVELS}` : ""
  const rateBps = Figures.bpsOf(leg.feeRate)
  return [
    `   ${texts.levels}: ${shown.join("; ")}${more}`,
    `   ${texts.rate} ${escape(rateBps, FIGURE_LENGTH)} bps, ${texts.bookAge} ${
      Figures.duration(leg.bookAgeMs, texts.units)
    }`,
  ]
}

/** Fees add up only within one currency. */
const fees = (legs: ReadonlyArray<Leg>, texts: CardTexts): string => {
  const currencies = [...new Set(legs.map(({ feeCurrency }) => feeCurrency))].slice(0, MAX_LEGS)
  return currencies
    .map((currency) =>
      money(Figures.sum(legs.filter((leg) => leg.feeCurrency === currency).map(({ fee }) => fee)), currency, texts)
    )
    .join(" + ")
}

const worth = (opportunity: Opportunity, texts: CardTexts): string => {
  if (opportunity.netBps === null || opportunity.netProfit === null) return italic(texts.unknown)
  const bps = escape(Figures.signed(Figures.fixed(opportunity.netBps, 2, texts.grouping)), FIGURE_LENGTH)
  const profit = Figures.signed(money(opportunity.netProfit, opportunity.currency, texts))
  if (opportunity.details.type === "triangular") {
    return `${bold(`${bps} bps`)} = ${bold(profit)}: ${inAndOut(opportunity.details, texts)}`
  }
  const size = `${figure(opportunity.size, texts)} ${escape(opportunity.asset, 20)}`
  return `${bold(`${bps} bps`)} = ${bold(profit)} ${texts.forSize} ${size} ` +
    `(${money(opportunity.notional, opportunity.currency, texts)})`
}

const marks = (opportunity: Opportunity, texts: CardTexts): ReadonlyArray<string> => [
  ...opportunity.reasons
    .filter((reason) => !reason.startsWith("unproven"))
    .slice(0, MAX_NOTES)
    .map((reason) => `ℹ️ ${escape(reason, NOTE_LENGTH)}`),
  ...(isUnproven(opportunity) ? [`❔ ${italic(texts.unproven)}`] : []),
  ...(opportunity.simulated ? [`🧪 ${bold(texts.simulated)}`] : []),
]

const lifetimeMs = ({ firstAt, lastAt }: Opportunity): number => lastAt - firstAt

export const lifetimeOf = (opportunity: Opportunity, texts: CardTexts): string =>
  Figures.duration(lifetimeMs(opportunity), texts.units)

/** What it was worth is struck through where it is known: nobody can have it any more. */
const closed = (opportunity: Opportunity, texts: CardTexts): ReadonlyArray<string> => [
  `${ICON.closed} ${struck(`${bold(nameOf(opportunity))} · ${texts.types[opportunity.type]}`)}`,
  bold(texts.closedAfter(lifetimeOf(opportunity, texts), opportunity.checks)),
  ...(opportunity.netBps === null ? [] : [struck(`${texts.atBest}: ${worth(opportunity, texts)}`)]),
]

const living = (opportunity: Opportunity, texts: CardTexts, nowMs: number): ReadonlyArray<string> => {
  const { checks, score, state } = opportunity
  const title = `${ICON[state]} ${bold(nameOf(opportunity))} · ${texts.types[opportunity.type]}`
  const age = texts.age(Figures.duration(nowMs - opportunity.detectedAt, texts.units))
  // Found at one check: it has no lifetime yet to tell of.
  const lifetime = lifetimeMs(opportunity) === 0
    ? ""
    : `, ${texts.lifetime(Figures.duration(lifetimeMs(opportunity), texts.units), checks)}`
  return [
    state === "closed" ? title : `${title} · ${texts.states[state]}`,
    ...(state === "fading" ? [italic(texts.fadingNote)] : []),
    `${texts.net} ${worth(opportunity, texts)}`,
    ...detailLines(opportunity, texts, nowMs),
    // What funding costs is told with what it pays: fees of the entry alone would mislead.
    ...(opportunity.grossBps === null || opportunity.type === "funding" ? [] : [
      `${texts.gross} ${escape(Figures.fixed(opportunity.grossBps, 2, texts.grouping), FIGURE_LENGTH)} bps, ` +
      `${texts.fees} ${fees(opportunity.legs, texts)}`,
    ]),
    age + lifetime,
    `${texts.priority}: ${texts.priorities[opportunity.priority]}` +
    (score === null ? "" : `, ${texts.score} ${Figures.fixed(`${score}`, 1)}`),
  ]
}

const legs = (
  opportunity: Opportunity,
  texts: CardTexts,
  { detailed = false, linkOf = noLinks }: Pick<CardOptions, "detailed" | "linkOf">,
): ReadonlyArray<string> => [
  ...opportunity.legs.slice(0, MAX_LEGS).flatMap((leg) => [
    legLine(leg, texts, linkOf),
    ...(detailed ? legDetails(leg, texts) : []),
  ]),
  ...(opportunity.legs.length > MAX_LEGS ? [texts.moreLegs(opportunity.legs.length - MAX_LEGS)] : []),
]

const footer = (opportunity: Opportunity, texts: CardTexts, nowMs: number): ReadonlyArray<string> => [
  ...(opportunity.type === "technical" ? [] : [
    `${opportunity.type === "triangular" ? texts.cycle.capacity : texts.capacity} ${
      figure(opportunity.capacity, texts)
    } ${escape(opportunity.asset, 20)}`,
  ]),
  ...(opportunity.details.type === "triangular" ? leftOverLines(opportunity.details, texts) : []),
  ...(opportunity.state === "closed" ? [] : [
    opportunity.expiresAt > nowMs
      ? texts.expires(Figures.duration(opportunity.expiresAt - nowMs, texts.units))
      : texts.expired,
  ]),
  `${texts.identity} <code>${escape(opportunity.id, 32)}</code>`,
]

/** The message and its buttons; a closed one keeps the details and what its reader has to say of it. */
export const render = (options: CardOptions): Card => {
  const { detailed = false, language, nowMs, opportunity, toldAfterMs = null } = options
  const texts = CARD_TEXTS[language]
  const isClosed = opportunity.state === "closed"
  const [title = "", ...rest] = isClosed ? closed(opportunity, texts) : living(opportunity, texts, nowMs)
  const lines = [
    title,
    ...legs(opportunity, texts, options),
    ...rest,
    ...(isClosed && toldAfterMs !== null ? [italic(texts.tooLate(Figures.duration(toldAfterMs, texts.units)))] : []),
    ...(detailed ? footer(opportunity, texts, nowMs) : []),
    ...marks(opportunity, texts),
  ]
  return { html: lines.join("\n"), buttons: buttonsOf(opportunity, language, options.actions) }
}

/** The same without legs, for lists. */
export const summarize = ({ language, nowMs, opportunity }: Omit<CardOptions, "detailed">): string => {
  const texts = CARD_TEXTS[language]
  const venues = opportunity.legs.slice(0, MAX_LEGS).map(({ side, venue }) =>
    `${side === "buy" ? "🔼" : "🔽"}${escape(venue, 32)}`
  )
  const name = bold(nameOf(opportunity))
  const simulated = opportunity.simulated ? ` · 🧪 ${texts.simulated}` : ""
  if (opportunity.state === "closed") {
    return `${ICON.closed} ${struck([name, ...venues].join(" "))}\n` +
      `${texts.batch.gone(lifetimeOf(opportunity, texts))}${simulated}`
  }
  const age = Figures.duration(nowMs - opportunity.detectedAt, texts.units)
  return [
    `${ICON[opportunity.state]} ${name} ${venues.join(" ")}`,
    worth(opportunity, texts),
    `${texts.age(age)}${simulated}${isUnproven(opportunity) ? " · ❔" : ""}`,
  ].join("\n")
}

/** In half a line: what, where, and what it was worth at its best. */
export const briefly = (opportunity: Opportunity, texts: CardTexts): string => {
  const venues = opportunity.legs.slice(0, MAX_LEGS).map(({ venue }) => escape(venue, 32)).join(" → ")
  const bps = opportunity.netBps === null
    ? ""
    : `, ${escape(Figures.signed(Figures.fixed(opportunity.netBps, 2, texts.grouping)), FIGURE_LENGTH)} bps`
  return `${bold(nameOf(opportunity))} ${venues}${bps}${opportunity.simulated ? " 🧪" : ""}`
}
