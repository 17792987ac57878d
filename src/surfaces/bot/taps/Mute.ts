/**
 * Mute pair: the user is not sent it any more.
 *
 * In: a member, an opportunity of the pair.
 * Out: changed preferences, effective at once, and the fact in the receipt.
 */
import { Effect } from "effect"
import { pairOf } from "../../../domain/card/OpportunityCard.ts"
import { Users } from "../../../layers/Users.ts"
import { plain } from "../texts/Fluent.ts"
import { record } from "./Receiving.ts"
import type { TapHandler } from "./Tapped.ts"

export const mute: TapHandler = Effect.fn("Tap.mute")(function* (member, opportunity) {
  const { preferences, user, visit } = member
  const users = yield* Users
  const { language } = preferences
  const pair = pairOf(opportunity)
  if (preferences.mutedPairs.includes(pair)) {
    return { answer: { text: plain(language, "tap-already-muted", { pair }), alert: false } }
  }
  const muted = { ...preferences, mutedPairs: [...preferences.mutedPairs, pair] }
  yield* users.setPreferences(user.userId, muted, visit.nowMs)
  yield* record(member, opportunity, "muted")
  return { answer: { text: plain(language, "tap-muted", { pair }), alert: false } }
})
