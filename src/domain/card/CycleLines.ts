/**
 * What a card tells of a cycle: the way round, what goes in and what comes out, and what lots leave over.
 *
 * In: details of a triangular opportunity, words. Out: bits of HTML. Promises: foreign text is escaped and bounded; what
 * is left over is told as no part of the profit.
 */
import type { TriangularDetails } from "../Details.ts"
import type { CardTexts } from "./CardTexts.ts"
import * as Figures from "./Figures.ts"
import { escape } from "./Html.ts"

type Cycle = typeof TriangularDetails.Type

const MAX_ASSETS = 6
const ASSET_LENGTH = 20
const FIGURE_LENGTH = 24
/** Both ends agree in all but their last digits: enough of them to tell the one from the other. */
const AMOUNT_DIGITS = 8

const ARROW = " → "

const amount = (text: string, texts: CardTexts): string =>
  escape(Figures.significant(text, AMOUNT_DIGITS, texts.grouping), FIGURE_LENGTH)

/** `USDT → BTC → ETH → USDT`. */
export const wayRound = ({ path }: Cycle): string =>
  path.slice(0, MAX_ASSETS).map((asset) => escape(asset, ASSET_LENGTH)).join(ARROW)

/** `1,000 → 1,001.25 USDT`. */
export const inAndOut = ({ endAmount, start, startAmount }: Cycle, texts: CardTexts): string =>
  `${amount(startAmount, texts)}${ARROW}${amount(endAmount, texts)} ${escape(start, ASSET_LENGTH)}`

export const leftOverLines = ({ leftOver }: Cycle, texts: CardTexts): ReadonlyArray<string> =>
  leftOver.length === 0 ? [] : [
    `${texts.cycle.leftOver} ` +
    leftOver.slice(0, MAX_ASSETS).map((of) => `${amount(of.amount, texts)} ${escape(of.asset, ASSET_LENGTH)}`)
      .join(" + "),
  ]
