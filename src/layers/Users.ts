/**
 * The Users port: who we may write to and what they want, `users` and `user_notification_preferences`.
 *
 * In: contacts and settings. Out: users, their preferences, and the audience that Distribute matches opportunities to.
 * Promises: a contact creates its user once; a change that matters to the audience is told on the channel `audience` in
 * the same transaction; who turns push off or is gone is owed nothing from that transaction on.
 */
import { Context, type Effect, type Option, type Stream } from "effect"
import type { Preferences } from "../domain/Preferences.ts"
import type { Role, Tier } from "../domain/Tier.ts"
import type { Recipient, TelegramId, User } from "../domain/User.ts"
import type { StoreError } from "./Store.ts"

/** A user as of this moment, and what tells whether anything kept of them elsewhere still holds. */
export interface CurrentUser {
  readonly user: User
  /** Raised by every change of role, tier, country, beta access, preferences, keys and restrictions. */
  readonly version: number
  /** Until when their session lasts (ms), whether or not that has passed; null: they have none. */
  readonly sessionExpiresAt: number | null
}

/** `Changed`: read this one again by `recipientOf`. `Unknown`: changes may have been missed, read the whole audience. */
export type AudienceChange =
  | { readonly _tag: "Changed"; readonly telegramId: TelegramId }
  | { readonly _tag: "Unknown" }

export class Users extends Context.Service<Users, {
  /** Creates or refreshes the user behind a contact, and marks them reachable. */
  readonly contact: (contact: {
    readonly telegramId: TelegramId
    readonly username: string | null
    readonly firstName: string | null
    readonly lastName: string | null
    readonly isGroup: boolean
    readonly nowMs: number
  }) => Effect.Effect<User, StoreError>
  readonly byTelegramId: (telegramId: TelegramId) => Effect.Effect<Option.Option<User>, StoreError>
  readonly current: (telegramId: TelegramId) => Effect.Effect<Option.Option<CurrentUser>, StoreError>
  /** The chat is blocked or gone: nothing is sent until its next contact. */
  readonly deactivate: (telegramId: TelegramId, nowMs: number) => Effect.Effect<void, StoreError>
  /** A group became a supergroup: its user keeps everything under the new id. False: nobody has the old id. */
  readonly migrateChat: (from: TelegramId, to: TelegramId, nowMs: number) => Effect.Effect<boolean, StoreError>
  /** Sets tier and role. False: no such user. */
  readonly setPlan: (options: {
    readonly userId: string
    readonly tier: Tier
    readonly role: Role
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** ISO 3166-1 alpha-2; null: they take it back. False: no such user. Fails with `constraint` for what is no country. */
  readonly setCountry: (options: {
    readonly userId: string
    readonly country: string | null
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** Beta access up to this instant (ms); null: none. False: no such user. */
  readonly setBetaUntil: (options: {
    readonly userId: string
    readonly betaUntil: number | null
    readonly nowMs: number
  }) => Effect.Effect<boolean, StoreError>
  /** The product's defaults where the user has set nothing. */
  readonly preferences: (userId: string) => Effect.Effect<Preferences, StoreError>
  /**
   * Replaces all of them, effective at once: with push off all that waited is cancelled, else what has a time but is
   * not yet claimed is decided on again by the user's queue. Fails with `constraint` for an unknown
   * user.
   */
  readonly setPreferences: (
    userId: string,
    preferences: Preferences,
    nowMs: number,
  ) => Effect.Effect<void, StoreError>
  /** Everyone reachable whose session is valid at this instant, with preferences: the audience index whole. */
  readonly audience: (nowMs: number) => Effect.Effect<ReadonlyArray<Recipient>, StoreError>
  /**
   * One row of the audience; none: not to be sent anything. Extensions of a session are not announced, so an index asks
   * again here when the expiry it knows has passed.
   */
  readonly recipientOf: (telegramId: TelegramId, nowMs: number) => Effect.Effect<Option.Option<Recipient>, StoreError>
  /** The same of several; who is left out is not to be sent anything. */
  readonly recipientsOf: (
    telegramIds: ReadonlyArray<TelegramId>,
    nowMs: number,
  ) => Effect.Effect<ReadonlyArray<Recipient>, StoreError>
  /** Endless; begins with `Unknown`, once it listens. */
  readonly audienceChanges: Stream.Stream<AudienceChange, StoreError>
}>()("arbedge/Users") {}
