/**
 * The SessionExtensions port: the interactions of many users at one time, written in one statement.
 *
 * In: sessions or chats whose users have just been seen. Out: which of their rows were written. Promises: each row is
 * judged on its own; one that could not be written takes no other with it. Others see it at once; a crash of the
 * database's own server may lose the last half second of extensions, which only makes those sessions end that much
 * sooner.
 */
import { Context, type Effect } from "effect"
import type { Session } from "../domain/Session.ts"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

/** Until when, and from when: a session that has expired at `nowMs` is not extended. */
interface Extension {
  readonly nowMs: number
  readonly expiresAt: number
}

export class SessionExtensions extends Context.Service<SessionExtensions, {
  /**
   * Moves each expiry to `expiresAt`. Out: the rows written by their ids, and whether their chats were asked something,
   * which only the row knows for sure; a missing one is fenced, ended or expired.
   */
  readonly extendAll: (
    extension: Extension & { readonly sessions: ReadonlyArray<Pick<Session, "sessionId" | "epoch">> },
  ) => Effect.Effect<ReadonlyMap<string, Pick<Session, "isAsked">>, StoreError>
  /** The same by chat, whoever holds the sessions, and fencing nobody. Out: those written; a missing chat has none. */
  readonly extendChats: (
    extension: Extension & { readonly telegramIds: ReadonlyArray<TelegramId> },
  ) => Effect.Effect<ReadonlyMap<TelegramId, Session>, StoreError>
}>()("arbedge/SessionExtensions") {}
