/**
 * Every button under a card, by its action. In: a member and the opportunity. Out: the answer to the tap, and what is
 * to follow it. Promises: each is idempotent, so that a double tap does what one does.
 */
import type { Opportunity } from "../../../domain/Opportunity.ts"
import type { Action } from "../../../layers/telegram/CallbackData.ts"
import type { TapAnswer } from "../Replies.ts"
import type { Member, Reaction, Tap } from "../Visit.ts"
import { details } from "./Details.ts"
import { mute } from "./Mute.ts"
import { why } from "./Why.ts"

export interface Tapped {
  readonly answer: TapAnswer
  /** Done after the answer has left. */
  readonly then?: Reaction
}

export type TapHandler = (member: Member, opportunity: Opportunity, tap: Tap) => Reaction<Tapped>

export const TAPS: Readonly<Record<Action, TapHandler>> = { details, mute, why }
