/**
 * How a key for each exchange is made that is safe to entrust: read-only first, bound to an address, never withdrawals.
 *
 * In: a member; an exchange. Out: the exchanges; then the steps on that one, and its own page. Promises: an exchange we
 * have no words for gets the rules that hold everywhere.
 */
import { Effect } from "effect"
import { QuoteBoard } from "../../../streams/QuoteBoard.ts"
import { deniedTo } from "../Gate.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, close, inRows } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const ID = "key-guide"
const MOST = 20
/** What a param may hold. */
const PARAM = 16
const SHOWN = 24

/** Where each makes keys. Markets of one exchange share its keys. */
const GUIDES: Readonly<Record<string, { readonly text: string; readonly url: string }>> = {
  binance: { text: "binance", url: "https://www.binance.com/en/my/settings/api-management" },
  binanceusdm: { text: "binance", url: "https://www.binance.com/en/my/settings/api-management" },
  binancecoinm: { text: "binance", url: "https://www.binance.com/en/my/settings/api-management" },
  bybit: { text: "bybit", url: "https://www.bybit.com/app/user/api-management" },
  okx: { text: "okx", url: "https://www.okx.com/account/my-api" },
  kraken: { text: "kraken", url: "https://pro.kraken.com/app/settings/api" },
  coinbaseexchange: { text: "coinbase", url: "https://exchange.coinbase.com/" },
}

const list = (member: Member, venues: ReadonlyArray<string>) => {
  const { language } = member.preferences
  const buttons = venues.slice(0, MOST).map((venue): Item => ({
    text: venue.slice(0, SHOWN),
    to: { menu: ID, param: venue.slice(0, PARAM) },
  }))
  return {
    html: html(language, "keyguide-title"),
    rows: [...inRows(buttons, 2), [back(language, "setup"), close(language)]],
  }
}

export const keyGuide: Menu = {
  id: ID,
  permission: "setup",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const { language } = member.preferences
    const board = yield* QuoteBoard
    const venue = board.venues.find((each) => each.slice(0, PARAM) === param)
    if (venue === undefined) return list(member, board.venues)
    const guide = Object.hasOwn(GUIDES, venue) ? GUIDES[venue] : undefined
    const add: ReadonlyArray<Item> = deniedTo(member, "keys") === null
      ? [{ text: plain(language, "keyguide-add"), to: { menu: "keys" } }]
      : []
    const page: ReadonlyArray<Item> = guide === undefined
      ? []
      : [{ text: plain(language, "keyguide-page"), url: guide.url }]
    return {
      html: [
        html(language, "keyguide-venue", { venue }),
        html(language, `keyguide-steps.${guide?.text ?? "other"}`),
        "",
        html(language, "keyguide-rules"),
      ].join("\n"),
      rows: [page, add, [back(language, ID)]],
    }
  }),
}
