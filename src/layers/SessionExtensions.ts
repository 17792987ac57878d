/**
 * The SessionExtensions port: many interactions of many users, written in one statement.
 *
 * In: sessions and the times their users were last seen. Out: the rows as they are now. Promises: each row is fenced on
 * its own; one that could not be written says so and takes no other with it.
 */
import { Context, type Effect } from "effect"
import type { Session } from "../domain/Session.ts"
import type { StoreError } from "./Store.ts"

export interface SessionExtension {
  readonly sessionId: string
  /** The writer's; a row with another epoch is left alone. */
  readonly epoch: number
  readonly nowMs: number
  readonly expiresAt: number
}

export class SessionExtensions extends Context.Service<SessionExtensions, {
  /**
   * Moves each expiry. Out, by session id: the rows written; a missing one is fenced, ended or expired. At most one
   * extension a session.
   */
  readonly extendAll: (
    extensions: ReadonlyArray<SessionExtension>,
  ) => Effect.Effect<ReadonlyMap<string, Session>, StoreError>
}>()("arbedge/SessionExtensions") {}
