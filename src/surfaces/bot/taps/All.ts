/**
 * Every button under a card, by its action.
 *
 * In: an action.
 * Out: its handler.
 */
import type { Action } from "../../../domain/card/CallbackData.ts"
import { details } from "./Details.ts"
import { mute } from "./Mute.ts"
import type { TapHandler } from "./Tapped.ts"
import { why } from "./Why.ts"

export const TAPS: Readonly<Record<Action, TapHandler>> = { details, mute, why }
