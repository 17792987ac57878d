/**
 * Notices: what the product tells a person of itself, by the queue that carries opportunities.
 *
 * In: nothing. Out: the closed list of notices, the key by which each is owed once, how long it is worth telling and how
 * urgent it is. Promises: a key names nobody, since facts carry it.
 */
import { Schema } from "effect"
import { AlertKind } from "./AdminAlert.ts"
import type { Priority } from "./Opportunity.ts"
import { Role, Tier } from "./Tier.ts"

export const Notice = Schema.Union([
  /** An admin changed it. */
  Schema.Struct({ about: Schema.Literal("tier_changed"), from: Tier, to: Tier }),
  Schema.Struct({ about: Schema.Literal("role_changed"), from: Role, to: Role }),
  /** Until when beta access holds (ms); null: no longer. */
  Schema.Struct({ about: Schema.Literal("beta_changed"), until: Schema.NullOr(Schema.Int) }),
  Schema.Struct({ about: Schema.Literal("session_ends"), endsAt: Schema.Int }),
  /** To admins. */
  Schema.Struct({
    about: Schema.Literal("alert_began"),
    alert: AlertKind,
    subject: Schema.String,
    value: Schema.Finite,
    sinceMs: Schema.Int,
  }),
  Schema.Struct({
    about: Schema.Literal("alert_ended"),
    alert: AlertKind,
    subject: Schema.String,
    beganMs: Schema.Int,
    endedMs: Schema.Int,
  }),
  /** To admins: the seven days up to `untilMs`. */
  Schema.Struct({
    about: Schema.Literal("week"),
    sinceMs: Schema.Int,
    untilMs: Schema.Int,
    /** Messages by their end. */
    sent: Schema.Int,
    failed: Schema.Int,
    expired: Schema.Int,
    sessions: Schema.Int,
    /** Opportunities delivered or shown in them. */
    opportunities: Schema.Int,
    /** Of people who came first in the 14 days before: how many had their seventh day, and did something on it. */
    newcomers: Schema.Int,
    returned: Schema.Int,
  }),
])
export type Notice = typeof Notice.Type

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** The first Monday after the epoch, which was a Thursday. */
const MONDAY_MS = 4 * DAY_MS

/** Weeks begin on Mondays, UTC; how much of this one has passed. */
export const weekOf = (atMs: number): { readonly number: number; readonly passedMs: number } => ({
  number: Math.floor((atMs - MONDAY_MS) / (7 * DAY_MS)),
  passedMs: (atMs - MONDAY_MS) % (7 * DAY_MS),
})

/** The same for a repeat of it; a chat is owed each once. `atMs`: when it became true. */
export const keyOf = (notice: Notice, atMs: number): string => {
  switch (notice.about) {
    case "session_ends":
      return `session_ends:${notice.endsAt}`
    case "week":
      return `week:${weekOf(notice.untilMs).number}`
    case "alert_began":
    case "alert_ended":
      return `${notice.about}:${notice.alert}:${notice.subject}:${atMs}`
    default:
      return `${notice.about}:${atMs}`
  }
}

/** From then on (ms) it is not worth telling. */
export const worthUntil = (notice: Notice, atMs: number): number => {
  switch (notice.about) {
    case "session_ends":
      return notice.endsAt
    case "alert_began":
    case "alert_ended":
      return atMs + 12 * HOUR_MS
    default:
      return atMs + 7 * DAY_MS
  }
}

/** The kind of row that carries it. */
export const kindOf = ({ about }: Notice): "notification" | "analytics" =>
  about === "week" ? "analytics" : "notification"

export const priorityOf = ({ about }: Notice): Priority =>
  about === "alert_began" || about === "alert_ended" ? "high" : about === "week" ? "low" : "medium"
