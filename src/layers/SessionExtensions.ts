/**
 * The SessionExtensions port: the interactions of many users at one time, written in one statement.
 *
 * In: sessions whose users have just been seen. Out: which of their rows were written. Promises: each row is fenced on
 * its own; one that could not be written takes no other with it. Others see it at once; a crash of the database's own
 * server may lose the last half second of extensions, which only makes those sessions end that much sooner.
 */
import { Context, type Effect } from "effect"
import type { Session } from "../domain/Session.ts"
import type { StoreError } from "./Store.ts"

export class SessionExtensions extends Context.Service<SessionExtensions, {
  /** Moves each expiry to `expiresAt`. Out: ids of the rows written; a missing one is fenced, ended or expired. */
  readonly extendAll: (extension: {
    readonly sessions: ReadonlyArray<Pick<Session, "sessionId" | "epoch">>
    readonly nowMs: number
    readonly expiresAt: number
  }) => Effect.Effect<ReadonlySet<string>, StoreError>
}>()("arbedge/SessionExtensions") {}
