/**
 * What people say in a private chat beside commands: the answer to what they were asked, if they were.
 *
 * In: a member and what they said. Out: the topic's reaction; none: nobody asked, or it is no answer. Promises: a topic
 * that is no more, after an update, is forgotten.
 */
import { Effect, Option } from "effect"
import type { Message } from "grammy/types"
import { SessionClient } from "../../../actors/Session.ts"
import type { Session } from "../../../domain/Session.ts"
import type { Member, Reaction } from "../Visit.ts"
import { TOPICS } from "./All.ts"
import type { Said } from "./Topic.ts"

/** None: a picture, a sticker, a change of the chat. */
export const saidIn = ({ location, message_id: messageId, text }: Message): Option.Option<Said> =>
  text !== undefined
    ? Option.some({ _tag: "Text", text, messageId })
    : location !== undefined
    ? Option.some({ _tag: "Location", latitude: location.latitude, longitude: location.longitude, messageId })
    : Option.none()

/** What is open is taken back: the person does something else. Null: their session was not looked at. */
export const leave = Effect.fnUntraced(function* (telegramId: string, session: Session | null) {
  if (session?.isAsked === false) return
  const sessions = yield* SessionClient
  const isAsked = session !== null || Option.isSome(yield* sessions.dialogue(telegramId))
  if (isAsked) yield* sessions.setDialogue(telegramId, Option.none())
})

/** `otherwise`: what is done when nobody asked. */
export const hear = Effect.fn("Hearing.hear")(
  function* (member: Member, said: Option.Option<Said>, otherwise: Reaction) {
    if (Option.isNone(said)) return yield* otherwise
    const sessions = yield* SessionClient
    const { telegramId } = member.visit
    const dialogue = yield* sessions.dialogue(telegramId)
    if (Option.isNone(dialogue)) return yield* otherwise
    const topic = TOPICS.find(({ topic }) => topic === dialogue.value.topic)
    if (topic !== undefined) return yield* topic.heard(member, dialogue.value, said.value)
    yield* sessions.setDialogue(telegramId, Option.none())
    yield* otherwise
  },
)
