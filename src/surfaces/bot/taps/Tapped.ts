/**
 * What a button is: one file in this folder each, listed in `All.ts`.
 *
 * In: a member, the opportunity it is about, the tap. Out: the answer, and what is to follow it. Promises: a member is
 * asked for by the type, so no button works without a session; each is idempotent: a double tap does what one does.
 */
import type { Opportunity } from "../../../domain/Opportunity.ts"
import type { TapAnswer } from "../Replies.ts"
import type { Member, Reaction, Tap } from "../Visit.ts"

export interface Tapped {
  readonly answer: TapAnswer
  /** Done after the answer has left. */
  readonly then?: Reaction
}

export type TapHandler = (member: Member, opportunity: Opportunity, tap: Tap) => Reaction<Tapped>
