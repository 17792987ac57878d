/**
 * What to do, leg by leg, for who acts by hand.
 *
 * In: an opportunity with a plan, words, the links of venues. Out: numbered lines of HTML. Promises: pure; a limit is the
 * worst price that the plan's figures already count with, never a rounded one; foreign text is escaped.
 */
import type { Leg, Opportunity } from "../Opportunity.ts"
import type { CardTexts } from "./CardTexts.ts"
import * as Figures from "./Figures.ts"
import { bold, escape, link } from "./Html.ts"
import type { LinkOf } from "./OpportunityCard.ts"

const MAX_LEGS = 6
const FIGURE_LENGTH = 32

const exact = (text: string, texts: CardTexts): string => escape(Figures.fixed(text, 12, texts.grouping), FIGURE_LENGTH)

/** The last level that the plan takes from. */
const limitOf = ({ levels, price }: Leg): string => levels.at(-1)?.[0] ?? price

const baseOf = ({ instrument }: Leg): string => instrument.split("/")[0] ?? ""

/** Contracts where the venue counts in them, else units of the base asset. */
const sizeOf = (leg: Leg, texts: CardTexts): string =>
  leg.contracts === null
    ? `${exact(leg.size, texts)} ${escape(baseOf(leg), 20)}`
    : `${texts.contracts(exact(leg.contracts, texts))} (${exact(leg.size, texts)} ${escape(baseOf(leg), 20)})`

const step = (leg: Leg, at: number, texts: CardTexts, linkOf: LinkOf): string => {
  const venue = bold(escape(leg.venue, 32)), page = linkOf(leg)
  return `${at + 1}. ${texts.sides[leg.side]} ${bold(sizeOf(leg, texts))}, ${
    page === null ? venue : link(venue, page)
  } ${escape(leg.instrument, 60)}, ${texts.limit} <code>${escape(limitOf(leg), FIGURE_LENGTH)}</code>`
}

export const legSteps = (
  { legs }: Pick<Opportunity, "legs">,
  texts: CardTexts,
  linkOf: LinkOf,
): ReadonlyArray<string> => legs.slice(0, MAX_LEGS).map((leg, at) => step(leg, at, texts, linkOf))

/** What it was to earn, in a few words. */
export const worthOf = ({ currency, netBps, netProfit }: Opportunity, texts: CardTexts): string =>
  netBps === null || netProfit === null
    ? texts.unknown
    : `${texts.net} ${escape(Figures.signed(Figures.fixed(netBps, 2, texts.grouping)), FIGURE_LENGTH)} bps = ` +
      `${escape(Figures.signed(Figures.significant(netProfit, 5, texts.grouping)), FIGURE_LENGTH)} ` +
      escape(currency, 20)
