/**
 * The directory: users and sessions as admins see them.
 *
 * In: rows.
 * Out: what lists and pages of users show.
 * Promises: nothing in it is secret or sealed.
 */
import { Schema } from "effect"
import { Role, Tier } from "./Tier.ts"
import { User } from "./User.ts"

/** A session and whose it is. */
export const ListedSession = Schema.Struct({
  telegramId: Schema.String,
  username: Schema.NullOr(Schema.String),
  startedAt: Schema.Int,
  lastActivityAt: Schema.Int,
  expiresAt: Schema.Int,
})
export type ListedSession = typeof ListedSession.Type

export const ListedUser = Schema.Struct({
  ...User.fields,
  registeredAt: Schema.Int,
  lastSeenAt: Schema.Int,
  /** When their session ends, while it lasts; null: they have none. */
  sessionExpiresAt: Schema.NullOr(Schema.Int),
})
export type ListedUser = typeof ListedUser.Type

export const UserFilter = Schema.Struct({
  role: Schema.NullOr(Role),
  tier: Schema.NullOr(Tier),
  limit: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000 })),
})
export type UserFilter = typeof UserFilter.Type

/** What became of messages since an instant. */
export const Deliveries = Schema.Struct({
  sent: Schema.Int,
  failed: Schema.Int,
  /** The latest, by what was said; at most three. */
  errors: Schema.Array(Schema.Struct({ error: Schema.String, count: Schema.Int, lastAt: Schema.Int })),
})
export type Deliveries = typeof Deliveries.Type
