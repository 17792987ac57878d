/**
 * Where a person trades.
 *
 * In: a member. Out: a button for each exchange that this service follows. Promises: no choice means all; one that does
 * not serve the person's country, as far as is known, is marked.
 */
import { Effect } from "effect"
import { blockingVenues } from "../../../../domain/RegionTable.ts"
import { EligibilityPolicy } from "../../../../layers/EligibilityPolicy.ts"
import { QuoteBoard } from "../../../../streams/QuoteBoard.ts"
import { inRows, save, saying, ticked, toggled } from "../../menus/Choosing.ts"
import type { Item } from "../../menus/Menu.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Member } from "../../Visit.ts"
import type { Page } from "../Page.ts"

/** More of them are left to /preferences, which has pages. */
const MOST = 20
const SHOWN = 24

export const venues: Page = Effect.fnUntraced(function* (member: Member, way) {
  const { preferences: { language, venues: wanted }, user: { country } } = member
  const board = yield* QuoteBoard
  const all = [...new Set([...board.venues, ...wanted])]
  const { regions } = yield* EligibilityPolicy
  const blocked = country === null ? [] : blockingVenues(regions, all, country)
  const button = (venue: string): Item => {
    const mark = blocked.includes(venue) ? " ⛔️" : ""
    const text = ticked(wanted.length === 0 || wanted.includes(venue), `${venue.slice(0, SHOWN)}${mark}`)
    if (wanted.length === 1 && wanted[0] === venue) return saying(text, plain(language, "preferences-venues-last"))
    return {
      text,
      press: Effect.as(save(member, (stored) => ({ ...stored, venues: toggled(all, stored.venues, venue) })), {}),
    }
  }
  return {
    html: html(language, "onboarding-venues", { blocked: blocked.length }).trimEnd(),
    rows: [
      ...inRows(all.slice(0, MOST).map(button), 2),
      [
        {
          text: plain(language, "onboarding-venues-all"),
          press: way.chosen(save(member, (stored) => ({ ...stored, venues: [] }))),
        },
        { text: plain(language, "onboarding-next"), press: way.chosen(Effect.void) },
      ],
    ],
  }
})
