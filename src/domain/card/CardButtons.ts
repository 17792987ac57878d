/**
 * The buttons under a message, by what they are about.
 *
 * In: opportunities, a language, what the reader may do. Out: rows of buttons. Promises: what may not be used, or has
 * become pointless, is not drawn: nothing closed can be taken, a signal names nothing to take.
 */
import type { Opportunity } from "../Opportunity.ts"
import { type Action, ACTIONS, encode } from "./CallbackData.ts"
import { CARD_TEXTS, type Language } from "./CardTexts.ts"

export interface Button {
  readonly text: string
  readonly callback_data: string
}

type Rows = ReadonlyArray<ReadonlyArray<Exclude<Action, "item">>>

const LIVING: Rows = [["take", "details"], ["useful", "not_useful", "too_late"], ["mute", "why", "dismiss"]]
const CLOSED: Rows = [["details"], ["useful", "not_useful", "too_late"]]

/** Of a group's card: what makes sense for many readers. */
export const GROUP_ACTIONS: ReadonlyArray<Action> = ["take", "details", "why", "item"]

/** Under an opportunity's card. */
export const buttonsOf = (
  { id, state, type }: Pick<Opportunity, "id" | "state" | "type">,
  language: Language,
  allowed: ReadonlyArray<Action> = ACTIONS,
): ReadonlyArray<ReadonlyArray<Button>> => {
  const { buttons } = CARD_TEXTS[language]
  return (state === "closed" ? CLOSED : LIVING)
    .map((row) =>
      row.filter((action) => allowed.includes(action) && (action !== "take" || type !== "technical"))
        .map((action) => ({ text: buttons[action], callback_data: encode(action, id) }))
    )
    .filter((row) => row.length > 0)
}

/** Under a list: one for each by its number. */
export const itemButtons = (
  opportunities: ReadonlyArray<Pick<Opportunity, "id">>,
  allowed: ReadonlyArray<Action> = ACTIONS,
): ReadonlyArray<ReadonlyArray<Button>> =>
  opportunities.length === 0 || !allowed.includes("item")
    ? []
    : [opportunities.map(({ id }, at) => ({ text: `🔎 ${at + 1}`, callback_data: encode("item", id) }))]
