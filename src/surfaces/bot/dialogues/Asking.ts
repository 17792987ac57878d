/**
 * How a topic asks and stops asking.
 *
 * In: a member and the question. Out: the question said, once it is sure that the answer will be understood. Promises:
 * where it cannot be remembered nothing is asked, and that is said.
 */
import { Effect, Option } from "effect"
import { SessionClient } from "../../../actors/Session.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"

/** `question` is HTML. */
export const ask = Effect.fn("Asking.ask")(function* ({ preferences, visit }: Member, topic: string, question: string) {
  const sessions = yield* SessionClient
  const dialogue = { topic, step: "", data: {}, askedAt: visit.nowMs }
  const kept = yield* sessions.setDialogue(visit.telegramId, Option.some(dialogue))
  yield* say(visit.chatId, kept ? question : html(preferences.language, "preferences-cannot-ask"))
})

/** The answer was understood. */
export const forget = Effect.fn("Asking.forget")(function* ({ visit }: Member) {
  const sessions = yield* SessionClient
  yield* sessions.setDialogue(visit.telegramId, Option.none())
})
