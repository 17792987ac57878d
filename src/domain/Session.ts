/**
 * Sessions: a user's standing consent to be served, sliding with every interaction.
 *
 * In: `/start`, interactions, `/logout`, time. Out: the pure state machine below; the Session actor owns its memory,
 * `user_sessions` its record.
 *
 *   none --start--> active --interaction--> active (expires 7 days later than now)
 *   active --logout--> terminated        active --7 days without interaction--> expired
 *   expired | terminated --start--> active (a new session; preferences stay)
 */
import { Schema } from "effect"

export const SessionState = Schema.Literals(["active", "expired", "terminated"])
export type SessionState = typeof SessionState.Type

export const Session = Schema.Struct({
  sessionId: Schema.String,
  userId: Schema.String,
  telegramId: Schema.String,
  state: SessionState,
  startedAt: Schema.Int,
  lastActivityAt: Schema.Int,
  expiresAt: Schema.Int,
  onboardingCompleted: Schema.Boolean,
  preferencesSet: Schema.Boolean,
  /** Its chat was asked something and may answer by a message; see Dialogue.ts. */
  isAsked: Schema.Boolean,
  /** Fencing: a writer whose epoch is older than the row's has lost the session to another process. */
  epoch: Schema.Int,
})
export type Session = typeof Session.Type

/** Why a request was not served: `none` never started, the others ended. */
export const SessionVerdict = Schema.Literals(["valid", "none", "expired", "terminated"])
export type SessionVerdict = typeof SessionVerdict.Type

/** A session is expired at its expiry instant, whatever the row still says. */
export const verdictAt = (session: Session | null, atMs: number): SessionVerdict =>
  session === null
    ? "none"
    : session.state !== "active"
    ? session.state
    : atMs >= session.expiresAt
    ? "expired"
    : "valid"
