/**
 * The Dialogues port: what a chat has been asked, in the metadata of its session's row.
 *
 * In: questions by the session's holder. Out: the question that is open. Promises: sealed at rest by the Vault, bound to
 * the user and the session; a writer whose epoch is old gets `Fenced` and changes nothing; gone with the session; what
 * cannot be opened any more (another master key) counts as no question.
 */
import { Context, type Effect, type Option } from "effect"
import type { Dialogue } from "../domain/Dialogue.ts"
import type { Session } from "../domain/Session.ts"
import type { TelegramId } from "../domain/User.ts"
import type { Fenced, StoreError } from "./Store.ts"

export class Dialogues extends Context.Service<Dialogues, {
  /** Of the chat's session if that is valid at this instant. */
  readonly of: (telegramId: TelegramId, nowMs: number) => Effect.Effect<Option.Option<Dialogue>, StoreError>
  /** Replaces the question, or takes it back. Fails with `rejected` where nothing can be sealed. */
  readonly set: (options: {
    readonly session: Pick<Session, "sessionId" | "userId" | "epoch">
    readonly dialogue: Option.Option<Dialogue>
    readonly nowMs: number
  }) => Effect.Effect<void, StoreError | Fenced>
}>()("arbedge/Dialogues") {}
