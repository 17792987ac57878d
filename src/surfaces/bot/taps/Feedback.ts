/**
 * Useful, not useful, too late: what the reader says of a message.
 *
 * In: a member, the opportunity.
 * Out: the last word is kept and counts in the engagement score; saying the same again changes nothing.
 */
import { Effect } from "effect"
import type { Feedback } from "../../../domain/Engagement.ts"
import { plain } from "../texts/Fluent.ts"
import { feedback as keep } from "./Receiving.ts"
import type { TapHandler } from "./Tapped.ts"

export const feedback = (said: Feedback): TapHandler =>
  Effect.fn("Tap.feedback")(function* (member, opportunity) {
    const isNews = yield* keep(member, opportunity, said)
    const { language } = member.preferences
    return { answer: { text: plain(language, isNews ? `quality-feedback.${said}` : "quality-feedback"), alert: false } }
  })
