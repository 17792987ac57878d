/**
 * What the buttons under a card carry back.
 *
 * In: an action and the opportunity it is about. Out: opaque text of at most 64 bytes, as Telegram wants, and the same
 * read back. Promises: text that was not made here reads as none; knowing an id grants nothing, every tap is checked.
 */
import { Option } from "effect"

/** `item`: details of one of several that a message tells of, in a message of its own. */
export const ACTIONS = [
  "take",
  "details",
  "item",
  "useful",
  "not_useful",
  "too_late",
  "mute",
  "why",
  "dismiss",
] as const
export type Action = typeof ACTIONS[number]

const LETTER: Readonly<Record<Action, string>> = {
  take: "t",
  details: "d",
  item: "i",
  useful: "u",
  not_useful: "n",
  too_late: "l",
  mute: "q",
  why: "w",
  dismiss: "x",
}

/** The button that starts a session. Data of menus begins with "m.", so no action here has that letter. */
export const START = "s"

/** The id is 32 hexadecimal digits, so the text has 34 bytes. */
export const encode = (action: Action, opportunityId: string): string => `${LETTER[action]}.${opportunityId}`

export const decode = (data: string): Option.Option<{ readonly action: Action; readonly opportunityId: string }> => {
  const match = /^([a-z])\.([0-9a-f]{32})$/.exec(data)
  const action = ACTIONS.find((each) => LETTER[each] === match?.[1])
  const opportunityId = match?.[2]
  return action === undefined || opportunityId === undefined ? Option.none() : Option.some({ action, opportunityId })
}
