/**
 * Groups and broadcast channels: chats of many that one admin has consented for.
 *
 *   (bot added) --an admin with a session registers--> active --pause--> paused --resume--> active
 *   active | paused --bot removed--> removed --added or registered again--> active
 *   active --the registrar loses their rights, or the bot its own--> paused, and the registrar is told once
 *
 * In: rows of `groups`. Out: what may be sent there, and under whose tier. Promises: settings are those of the group's
 * own user; tier and session are its registrar's.
 */
import { Schema } from "effect"
import { TelegramId } from "./User.ts"
import { limitsOf, type Role, type Tier } from "./Tier.ts"

/** `channel`: a broadcast channel of Telegram. */
export const GroupKind = Schema.Literals(["group", "channel"])
export type GroupKind = typeof GroupKind.Type

export const GroupState = Schema.Literals(["active", "paused", "removed"])
export type GroupState = typeof GroupState.Type

/** Why it is in its state. The last three concern the registrar, who is told. */
export const GroupReason = Schema.Literals(["registered", "by_admin", "registrar_rights", "bot_rights", "bot_removed"])
export type GroupReason = typeof GroupReason.Type

export const Group = Schema.Struct({
  chatId: TelegramId,
  /** The user whose preferences are the group's settings. */
  userId: Schema.String,
  kind: GroupKind,
  title: Schema.NullOr(Schema.String),
  /** Telegram id of the person whose session and tier count; of one who was erased: no id. */
  registrarId: Schema.String,
  state: GroupState,
  reason: GroupReason,
  /** The topic of a forum that messages go to; null: the general one. */
  threadId: Schema.NullOr(Schema.Int),
})
export type Group = typeof Group.Type

/** How much more than one user a group may be sent. */
export const GROUP_FACTOR = 2

/** The most that a group's settings can ask for. */
export const groupCeiling = (tier: Tier, role: Role): { readonly perHour: number; readonly perDay: number } => {
  const { perDay, perHour } = limitsOf(tier, role)
  return { perHour: perHour * GROUP_FACTOR, perDay: perDay * GROUP_FACTOR }
}

/** What a group was sent in some days, and what came of it. */
export interface GroupAnalytics {
  readonly sent: number
  /** Of those: somebody tapped a button under it. */
  readonly engaged: number
  /** Most often sent first. */
  readonly topPairs: ReadonlyArray<{ readonly pair: string; readonly sent: number }>
}
