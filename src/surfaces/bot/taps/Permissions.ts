/**
 * What each button under a card takes.
 *
 * In: an action. Out: its permission. Promises: every action names one, the type says so: a new action does not compile
 * before it stands here.
 */
import type { Action } from "../../../domain/card/CallbackData.ts"
import type { Permission } from "../../../domain/Permission.ts"

export const PERMISSION_OF: Readonly<Record<Action, Permission>> = {
  take: "take",
  details: "details",
  item: "details",
  useful: "feedback",
  not_useful: "feedback",
  too_late: "feedback",
  mute: "mute",
  why: "why",
  dismiss: "feedback",
}
