/**
 * What a dialogue is: a question that a person answers by text or location, in a private chat. One file in this folder
 * each, listed in `All.ts`.
 *
 * To ask: `SessionClient.setDialogue(telegramId, Option.some({ topic, step, data, askedAt: nowMs }))`, after saying what
 * is asked. In: the answer, from whoever was asked, within an hour. Out: a reaction; it is the topic's to take the question
 * back (`setDialogue(telegramId, Option.none())`), or to ask the next. Promises: the question is kept sealed in the
 * session's row, in any process; any command takes it back unheard.
 */
import type { Dialogue } from "../../../domain/Dialogue.ts"
import type { Member, Reaction } from "../Visit.ts"

/** `messageId`: of the message that says it, so that one with a secret can be deleted. */
export type Said =
  | { readonly _tag: "Text"; readonly text: string; readonly messageId: number }
  | {
    readonly _tag: "Location"
    readonly latitude: number
    readonly longitude: number
    readonly messageId: number
  }

export interface Topic {
  readonly topic: string
  readonly heard: (member: Member, dialogue: Dialogue, said: Said) => Reaction
}
