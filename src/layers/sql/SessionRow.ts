/**
 * A row of `user_sessions` as the domain's Session.
 *
 * In: rows as the statements of this folder return them, their columns named by SESSION_COLUMNS.
 * Out: sessions.
 */
import { Schema } from "effect"
import { SessionState } from "../../domain/Session.ts"
import { EpochMs, Int8 } from "./Rows.ts"

export const SessionRow = Schema.Struct({
  sessionId: Schema.String,
  userId: Schema.String,
  telegramId: Schema.String,
  state: SessionState,
  startedAt: EpochMs,
  lastActivityAt: EpochMs,
  expiresAt: EpochMs,
  onboardingCompleted: Schema.Boolean,
  preferencesSet: Schema.Boolean,
  isAsked: Schema.Boolean,
  epoch: Int8,
})

/** Whether the row holds a question; an envelope, see DialoguesSql.ts. */
export const IS_ASKED = `(metadata ? 'sealed') as "isAsked"`

/** Of the table alone, or of one called `s`. */
export const SESSION_COLUMNS = `session_id as "sessionId", user_id as "userId", telegram_id as "telegramId",
  session_state as "state", started_at as "startedAt", last_activity_at as "lastActivityAt",
  expires_at as "expiresAt", onboarding_completed as "onboardingCompleted", preferences_set as "preferencesSet",
  ${IS_ASKED}, epoch`
