/**
 * The UserCache port: what is read again and again of a person, kept for minutes in front of the store.
 *
 * In: what was read, and the version of the user it was read at (`Users.current`). Out: the same, under the same version
 * alone. Promises: the version is the store's own, raised in the transaction of any change of tier, preference, key or
 * restriction, and whoever asks has just read it there: so what the store denies is never granted from here, whether the
 * cache is away, behind, or was written by another process. It never fails: what it has not, the store answers. Default:
 * nothing is kept.
 */
import { Context, Effect, Option, Schema } from "effect"
import type { Asked } from "../domain/Dialogue.ts"
import { Standing } from "../domain/Eligibility.ts"
import { Preferences } from "../domain/Preferences.ts"
import type { TelegramId } from "../domain/User.ts"
import type { BusError } from "./Bus.ts"

export type UserSlotName = "preferences" | "eligibility" | "profile"

/** Something that is kept of a person, as JSON. */
export interface UserSlot<A> {
  readonly name: UserSlotName
  readonly encode: (value: A) => string
  readonly decode: (text: string) => Option.Option<A>
}

export const userSlot = <A, I>(name: UserSlotName, schema: Schema.Codec<A, I>): UserSlot<A> => {
  const json = Schema.fromJsonString(schema)
  return { name, encode: Schema.encodeSync(json), decode: Schema.decodeUnknownOption(json) }
}

/** What a person wants. */
export const PREFERENCES = userSlot("preferences", Preferences)

/** Of a person alone: a group's depend on its registrar too. */
export const ELIGIBILITY = userSlot("eligibility", Schema.Struct({ preferences: Preferences, standing: Standing }))

/** What of a person's row is shown and never changes. */
export const PROFILE = userSlot("profile", Schema.Struct({ registeredAt: Schema.NullOr(Schema.Int) }))

/** A session as onlookers have seen it. */
export const SeenSession = Schema.Struct({ sessionId: Schema.String, expiresAt: Schema.Int })
export type SeenSession = typeof SeenSession.Type

/** Whose, and as of which change. */
export interface UserVersion {
  readonly telegramId: TelegramId
  readonly version: number
}

export const UserCache = Context.Reference<{
  readonly read: (slot: UserSlotName, of: UserVersion) => Effect.Effect<Option.Option<string>>
  /** Returns before it is written; dropped where the cache is away or busy. */
  readonly write: (slot: UserSlotName, of: UserVersion, text: () => string) => Effect.Effect<void>
  /** The chat's session, and until when it was last seen to last: to be shown, never to be served on. */
  readonly session: (telegramId: TelegramId) => Effect.Effect<Option.Option<SeenSession>>
  readonly keepSession: (telegramId: TelegramId, seen: SeenSession) => Effect.Effect<void>
  /** What a session was asked and has not answered: to be shown, never to be gone by. */
  readonly asked: (sessionId: string) => Effect.Effect<Option.Option<Asked>>
  /** None: it has answered, or ended. */
  readonly keepAsked: (sessionId: string, asked: Option.Option<Asked>) => Effect.Effect<void>
  /** Takes away all that is kept of a person, and every trace of it. */
  readonly forget: (telegramId: TelegramId) => Effect.Effect<void, BusError>
  /** Of everybody: changes may have been missed. */
  readonly forgetAll: Effect.Effect<void, BusError>
  /** `forget`, and how much they asked of the bot: they are nobody any more. */
  readonly forgetPerson: (telegramId: TelegramId) => Effect.Effect<void, BusError>
}>("arbedge/UserCache", {
  defaultValue: () => ({
    read: () => Effect.succeed(Option.none()),
    write: () => Effect.void,
    session: () => Effect.succeed(Option.none()),
    keepSession: () => Effect.void,
    asked: () => Effect.succeed(Option.none()),
    keepAsked: () => Effect.void,
    forget: () => Effect.void,
    forgetAll: Effect.void,
    forgetPerson: () => Effect.void,
  }),
})

/** What is kept under exactly this version, else what the store says, which is kept. */
export const through = Effect.fnUntraced(function* <A, E, R>(
  slot: UserSlot<A>,
  of: UserVersion,
  fromStore: Effect.Effect<A, E, R>,
): Effect.fn.Return<A, E, R> {
  const cache = yield* UserCache
  const kept = Option.flatMap(yield* cache.read(slot.name, of), slot.decode)
  if (Option.isSome(kept)) return kept.value
  const value = yield* fromStore
  yield* cache.write(slot.name, of, () => slot.encode(value))
  return value
})
