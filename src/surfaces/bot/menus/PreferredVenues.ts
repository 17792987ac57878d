/**
 * Which exchanges the user wants opportunities on.
 *
 * In: a member, a page. Out: one button for each exchange that is followed, or was chosen before. Promises: all is the
 * default and always one tap away; names come from the configuration, at most twelve a page.
 */
import { Effect } from "effect"
import { QuoteBoard } from "../../../streams/QuoteBoard.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, chosen, inRows, pageOf, save, saying, setting, ticked, toggled, turning } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const A_PAGE = 12
const SHOWN = 24

const venueButton = (member: Member, all: ReadonlyArray<string>, venue: string): Item => {
  const { language, venues } = member.preferences
  const on = venues.length === 0 || venues.includes(venue)
  const text = ticked(on, venue.slice(0, SHOWN))
  if (on && venues.length === 1) return saying(text, plain(language, "preferences-venues-last"))
  return {
    text,
    press: Effect.as(save(member, (stored) => ({ ...stored, venues: toggled(all, stored.venues, venue) })), {}),
  }
}

export const preferredVenues: Menu = {
  id: "prefs-venues",
  permission: "preferences",
  draw: Effect.fnUntraced(function* (member: Member, param: string) {
    const board = yield* QuoteBoard
    const { language, venues } = member.preferences
    const all = [...new Set([...board.venues, ...venues])]
    const pages = Math.max(1, Math.ceil(all.length / A_PAGE)), page = pageOf(param, pages)
    const shown = all.slice(page * A_PAGE, (page + 1) * A_PAGE)
    const everything = setting(
      member,
      chosen(venues.length === 0, plain(language, "preferences-venues-all")),
      { venues: [] },
    )
    return {
      html: html(language, "preferences-venues-text"),
      state: venues.join(" "),
      rows: [
        ...inRows(shown.map((venue) => venueButton(member, all, venue)), 2),
        turning("prefs-venues", page, pages),
        [everything, back(language, "prefs")],
      ],
    }
  }),
}
