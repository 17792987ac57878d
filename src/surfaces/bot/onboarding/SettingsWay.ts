/**
 * How a page goes on that was opened from the settings.
 *
 * In: a member, the menu that shows the page.
 * Out: a way that leads back to the settings once something was chosen.
 */
import { Effect } from "effect"
import type { Member, Reaction } from "../Visit.ts"
import { preferencesSet } from "./Course.ts"
import type { Way } from "./Page.ts"

export const settingsWay = (member: Member, menu: string, part: string): Way => {
  const chosen = Effect.fnUntraced(function* (saving: Reaction<unknown>) {
    yield* saving
    yield* preferencesSet(member)
    return { to: { menu: "settings" } }
  })
  return { part, toPart: (other) => ({ menu, param: other }), chosen, chosenWithZone: chosen, mode: "settings" }
}
