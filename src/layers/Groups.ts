/**
 * The Groups port: which groups and broadcast channels consented, `groups`.
 *
 * In: registrations, rights won and lost. Out: groups, and what they were sent. Promises: a change of state that matters
 * to the audience is told on the channel `audience` in the same transaction; a change that is none says so, so that who
 * registered is told once; settings outlive removal.
 */
import { Context, type Effect, type Option } from "effect"
import type { Group, GroupAnalytics, GroupKind, GroupReason } from "../domain/Group.ts"
import type { TelegramId } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

export class Groups extends Context.Service<Groups, {
  /** An admin with a session consents: the group is active from now on, whatever it was. */
  readonly register: (group: {
    readonly chatId: TelegramId
    /** The group's own user. */
    readonly userId: string
    readonly kind: GroupKind
    readonly title: string | null
    readonly registrarId: TelegramId
    readonly threadId: number | null
    readonly nowMs: number
  }) => Effect.Effect<Group, StoreError>
  readonly get: (chatId: TelegramId) => Effect.Effect<Option.Option<Group>, StoreError>
  /** None: it was not active. */
  readonly pause: (
    chatId: TelegramId,
    reason: Exclude<GroupReason, "registered" | "bot_removed">,
    nowMs: number,
  ) => Effect.Effect<Option.Option<Group>, StoreError>
  /** None: it was removed already, or never registered. */
  readonly remove: (chatId: TelegramId, nowMs: number) => Effect.Effect<Option.Option<Group>, StoreError>
  /** Messages go to this topic; null: to the general one. */
  readonly setThread: (chatId: TelegramId, threadId: number | null, nowMs: number) => Effect.Effect<void, StoreError>
  /** Whatever their state. */
  readonly ofRegistrar: (registrarId: TelegramId) => Effect.Effect<ReadonlyArray<Group>, StoreError>
  /**
   * Marks as told, and answers, at most `limit` groups that ended without their registrar's doing: whoever calls tells
   * them. Two callers never get the same one.
   */
  readonly claimUntold: (limit: number, nowMs: number) => Effect.Effect<ReadonlyArray<Group>, StoreError>
  /** Marks as checked now, and answers, active groups whose registrar's rights were last looked at before then. */
  readonly claimUnchecked: (
    beforeMs: number,
    limit: number,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Group>, StoreError>
  /** Over the time since then. */
  readonly analytics: (chatId: TelegramId, sinceMs: number) => Effect.Effect<GroupAnalytics, StoreError>
}>()("arbedge/Groups") {}
