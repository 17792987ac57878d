/**
 * Users: a person or group we may write to, and all that matching an opportunity needs to know of them.
 *
 * In: rows of `users`, `user_sessions` and `user_notification_preferences`. Out: one `Recipient` per chat, the row of
 * the audience index.
 */
import { Schema } from "effect"
import { Preferences } from "./Preferences.ts"
import { Role, Tier } from "./Tier.ts"

/** Telegram's numeric id as text (64 bits do not fit a float safely everywhere). Groups are negative. */
export const TelegramId = Schema.String.check(Schema.isPattern(/^-?\d{1,19}$/))
export type TelegramId = string

/** ISO 3166-1 alpha-2, upper case: "DE". */
export const Country = Schema.String.check(Schema.isPattern(/^[A-Z]{2}$/))

export const User = Schema.Struct({
  userId: Schema.String,
  telegramId: TelegramId,
  username: Schema.NullOr(Schema.String),
  firstName: Schema.NullOr(Schema.String),
  role: Role,
  tier: Tier,
  /** False once the chat is blocked or gone: nothing is sent until the next contact. */
  isActive: Schema.Boolean,
  isGroup: Schema.Boolean,
  /** Null: they have not said. */
  country: Schema.NullOr(Country),
  /** Beta access ends before this instant (ms); null: they have none. */
  betaUntil: Schema.NullOr(Schema.Int),
})
export type User = typeof User.Type

export const Recipient = Schema.Struct({
  userId: Schema.String,
  chatId: TelegramId,
  role: Role,
  tier: Tier,
  isGroup: Schema.Boolean,
  country: Schema.NullOr(Country),
  betaUntil: Schema.NullOr(Schema.Int),
  /** Nothing unsolicited is sent after this instant (ms). */
  sessionExpiresAt: Schema.Int,
  preferences: Preferences,
})
export type Recipient = typeof Recipient.Type

/** Whether beta access holds at this instant. */
export const isBetaAt = ({ betaUntil }: Pick<User, "betaUntil">, nowMs: number): boolean =>
  betaUntil !== null && nowMs < betaUntil
