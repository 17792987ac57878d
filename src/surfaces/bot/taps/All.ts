/**
 * Every button under a card, by its action.
 *
 * In: an action. Out: its handler. Promises: whatever is tapped, the message counts as opened: a messenger tells of no
 * reading, so the first button or link is the first that is known of it.
 */
import { Effect } from "effect"
import type { Action } from "../../../domain/card/CallbackData.ts"
import { details } from "./Details.ts"
import { dismiss } from "./Dismiss.ts"
import { feedback } from "./Feedback.ts"
import { item } from "./Item.ts"
import { mute } from "./Mute.ts"
import { record } from "./Receiving.ts"
import { take } from "./Take.ts"
import type { TapHandler } from "./Tapped.ts"
import { why } from "./Why.ts"

/** For those that leave no receipt of their own, or not always. */
const opening = (handler: TapHandler): TapHandler => (member, opportunity, tap) =>
  Effect.andThen(record(member, opportunity, "opened"), handler(member, opportunity, tap))

export const TAPS: Readonly<Record<Action, TapHandler>> = {
  take: opening(take),
  details: opening(details),
  item: opening(item),
  useful: feedback("useful"),
  not_useful: feedback("not_useful"),
  too_late: feedback("too_late"),
  mute: opening(mute),
  why: opening(why),
  dismiss,
}
