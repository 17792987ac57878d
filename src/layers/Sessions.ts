/**
 * The Sessions port: the record of who consented to be served, `user_sessions`.
 *
 * In: starts, interactions, endings, each with the time it happened. Out: sessions. Promises: one active session a user
 * however many starts arrive at once; a writer whose epoch is old gets `Fenced` and changes nothing; whoever ends a
 * session raises its epoch, so that its actor notices. Starting and ending are told on the channel `audience`;
 * extending is not (a notice a tap would serialise all commits): see `Users.recipientOf`.
 */
import { Context, type Effect, type Option, type Redacted } from "effect"
import type { Session, SessionVerdict } from "../domain/Session.ts"
import type { TelegramId } from "../domain/User.ts"
import type { Fenced, StoreError } from "./Store.ts"

export interface StartedSession {
  readonly session: Session
  /** False: the user had an active session, which was extended and is returned. */
  readonly created: boolean
  /** 256 random bits in hex, only when created: the row keeps their SHA-256 alone. */
  readonly token: Option.Option<Redacted.Redacted>
}

/** What ended without its user's doing, so that they can be told. */
export interface EndedSession {
  readonly sessionId: string
  readonly userId: string
  readonly telegramId: TelegramId
}

/** Who will be served no more at this time (ms), unless they come back. */
export interface EndingSession extends Pick<EndedSession, "userId" | "telegramId"> {
  readonly expiresAt: number
}

export class Sessions extends Context.Service<Sessions, {
  /**
   * Creates the user's session, or extends and returns the active one. One that expired unnoticed is closed first. The
   * epoch is left alone: `activate` is what fences.
   */
  readonly start: (options: {
    readonly userId: string
    readonly telegramId: TelegramId
    readonly nowMs: number
    readonly ttlMs: number
  }) => Effect.Effect<StartedSession, StoreError>
  /**
   * Loads the chat's active session and raises its epoch in one step: every writer before now is fenced. It may have
   * expired meanwhile: ask `verdictAt`.
   */
  readonly activate: (telegramId: TelegramId) => Effect.Effect<Option.Option<Session>, StoreError>
  /** Moves the expiry to `nowMs + ttlMs`. `Fenced` as well when the session has ended or expired. */
  readonly extend: (options: {
    readonly session: Pick<Session, "sessionId" | "epoch">
    readonly nowMs: number
    readonly ttlMs: number
  }) => Effect.Effect<Session, StoreError | Fenced>
  /** Records how far the user has come; what is not given stays. */
  readonly mark: (options: {
    readonly session: Pick<Session, "sessionId" | "epoch">
    readonly onboardingCompleted?: boolean
    readonly preferencesSet?: boolean
    readonly nowMs: number
  }) => Effect.Effect<Session, StoreError | Fenced>
  /** Ends a session by its owner's word and wipes its metadata. */
  readonly terminate: (options: {
    readonly session: Pick<Session, "sessionId" | "epoch">
    readonly nowMs: number
  }) => Effect.Effect<Session, StoreError | Fenced>
  /** Ends the chat's session whoever holds it (blocked, erased), and fences the holder. None: there was none. */
  readonly terminateChat: (telegramId: TelegramId, nowMs: number) => Effect.Effect<Option.Option<Session>, StoreError>
  /** Marks at most `limit` (500) sessions past their expiry as expired, oldest first; empty: nothing is left. */
  readonly expireBatch: (options: {
    readonly nowMs: number
    readonly limit?: number
  }) => Effect.Effect<ReadonlyArray<EndedSession>, StoreError>
  /**
   * Active sessions that end within `withinMs`, have been idle for at least as long as they have left, and whose end
   * their chat has not been owed a notice of; the earliest first.
   */
  readonly endingSoon: (options: {
    readonly nowMs: number
    readonly withinMs: number
    readonly limit: number
  }) => Effect.Effect<ReadonlyArray<EndingSession>, StoreError>
  /** Judges the chat's newest session by its row alone, without an actor and without fencing one. */
  readonly validateFromRow: (telegramId: TelegramId, nowMs: number) => Effect.Effect<
    { readonly verdict: SessionVerdict; readonly session: Option.Option<Session> },
    StoreError
  >
  /** How many sessions are valid at this instant. */
  readonly countActive: (nowMs: number) => Effect.Effect<number, StoreError>
}>()("arbedge/Sessions") {}
