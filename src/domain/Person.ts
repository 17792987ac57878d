/**
 * Whom a fact is about, in a form that can be forgotten.
 *
 * In: who somebody is. Out: an alias, by which facts of one person belong together, and who they are, sealed under a key
 * of their own. Promises: once that key is destroyed nothing that was published says who it was about any more.
 */
import { Schema } from "effect"

/** What of a person a fact names beside their user id, such as `chatId`. */
export type PersonDetails = Readonly<Record<string, string | number | null>> & { readonly userId: string }

export const SealedPerson = Schema.Struct({
  /** The same in all facts about one person; says nothing about who they are. Empty: nobody known. */
  alias: Schema.String,
  /** `PersonDetails`, AES-256-GCM under the person's own key; null: nobody known. */
  sealed: Schema.NullOr(Schema.String),
})
export type SealedPerson = typeof SealedPerson.Type

export const NOBODY: SealedPerson = { alias: "", sealed: null }
