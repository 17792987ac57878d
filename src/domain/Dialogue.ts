/**
 * Dialogues: what a person has been asked to answer by a message, such as a price or where they are.
 *
 * In: what the bot asked. Out: the Schema of what is remembered of it, and how long. Promises: pure; who is asked stands
 * in the session that it belongs to, never here.
 */
import { Schema } from "effect"

export const Dialogue = Schema.Struct({
  /** Who takes the answer: a topic of the bot's dialogues. */
  topic: Schema.String,
  step: Schema.String,
  data: Schema.Record(Schema.String, Schema.String),
  askedAt: Schema.Int,
})
export type Dialogue = typeof Dialogue.Type

/** What onlookers may know of it: never what was typed. */
export const Asked = Schema.Struct({
  topic: Dialogue.fields.topic,
  step: Dialogue.fields.step,
  askedAt: Dialogue.fields.askedAt,
})
export type Asked = typeof Asked.Type

/** Whoever says something later than this is not answering any more. */
export const DIALOGUE_LASTS_MS = 3_600_000

export const isOpenAt = ({ askedAt }: Asked, nowMs: number): boolean => nowMs - askedAt < DIALOGUE_LASTS_MS
