/**
 * Who may pass: a session first, then what domain/Permission.ts says of who asks and where.
 *
 * In: a visitor, the permission that what they ask for names, and what it was. Out: a `Member`, or why not. Promises:
 * role, tier and beta access are read from the store at each call, so that a change counts at the next; an interaction
 * with a valid session extends it; a denied one changes nothing else and gets one clear answer. Admins' things answer
 * like unknown ones, so that nobody else learns of them.
 */
import { Effect, Option } from "effect"
import type { Language } from "../../domain/Preferences.ts"
import {
  denial,
  type DenialReason,
  type Permission,
  PERMISSIONS,
  type Place,
  tiersOf,
} from "../../domain/Permission.ts"
import type { SessionVerdict } from "../../domain/Session.ts"
import { limitsOf, type Tier } from "../../domain/Tier.ts"
import { isBetaAt } from "../../domain/User.ts"
import { START } from "../../domain/card/CallbackData.ts"
import { PREFERENCES, through } from "../../layers/UserCache.ts"
import { type CurrentUser, Users } from "../../layers/Users.ts"
import type { Buttons } from "../../layers/Telegram.ts"
import { ActivityCount } from "./ActivityCount.ts"
import { CommandRate } from "./CommandRate.ts"
import { say } from "./Replies.ts"
import { SessionClient } from "../../actors/Session.ts"
import { html, plain } from "./texts/Fluent.ts"
import { languageOfApp, type Member, type Reaction, type Visit } from "./Visit.ts"

/** Why one is kept out; of a session that is not valid, what became of it. */
export type Denial =
  | { readonly reason: "session"; readonly verdict: Exclude<SessionVerdict, "valid"> }
  | {
    readonly reason: Exclude<DenialReason, "session">
    readonly permission: Permission
    readonly language: Language
    /** Null: they are not known yet. */
    readonly tier: Tier | null
  }

/** One that is not for want of a session. */
export type Refusal = Exclude<Denial, { readonly reason: "session" }>

export type Admission =
  | { readonly _tag: "Member"; readonly member: Member }
  | { readonly _tag: "Denied"; readonly denial: Denial }

export const placeOf = ({ isPrivate }: Visit): Place => isPrivate ? "private" : "group"

/** Null: this member has the permission here and now. */
export const deniedTo = ({ user, visit }: Member, permission: Permission): DenialReason | null =>
  denial(permission, {
    hasSession: true,
    role: user.role,
    tier: user.tier,
    place: placeOf(visit),
    isBeta: isBetaAt(user, visit.nowMs),
  })

/** As of this very version of the user. */
const preferencesOf = ({ user: { telegramId, userId }, version }: CurrentUser) =>
  Effect.flatMap(
    Users,
    (users) => through(PREFERENCES, { telegramId, version }, users.preferences(userId)),
  )

/**
 * `activity` is what analytics call it, such as "command:session". Without a permission it takes the session alone: for
 * answers that tell nothing but how to go on. No span: each update comes through here.
 */
export const admit = Effect.fnUntraced(
  function* (visit: Visit, permission: Permission | null, activity: string): Effect.fn.Return<
    Admission,
    Effect.Error<Reaction>,
    SessionClient | Users
  > {
    const sessions = yield* SessionClient
    const users = yield* Users
    const { session, verdict } = yield* sessions.touch(visit.telegramId, activity)
    if (verdict !== "valid") return { _tag: "Denied", denial: { reason: "session", verdict } }
    const current = yield* users.current(visit.telegramId)
    if (session === null || Option.isNone(current)) {
      return { _tag: "Denied", denial: { reason: "session", verdict: "none" } }
    }
    const { learn } = yield* CommandRate
    const { user, version } = current.value
    learn(visit.telegramId, limitsOf(user.tier, user.role).apiPerMinute)
    const member: Member = { visit, session, user, version, preferences: yield* preferencesOf(current.value) }
    const reason = permission === null ? null : deniedTo(member, permission)
    const { count } = yield* ActivityCount
    yield* count(session, activity, reason, visit.nowMs)
    return permission === null || reason === null || reason === "session" ? { _tag: "Member", member } : {
      _tag: "Denied",
      denial: { reason, permission, language: member.preferences.language, tier: member.user.tier },
    }
  },
)

/** What a visitor reads, with or without a session: as they chose, else as their app speaks. */
export const languageOf = Effect.fn("Gate.languageOf")(function* (visit: Visit) {
  const users = yield* Users
  const current = yield* users.current(visit.telegramId)
  if (Option.isNone(current)) return languageOfApp(visit)
  const { language }: { readonly language: Language } = yield* preferencesOf(current.value)
  return language
})

/** Of what takes no session only the place is looked at. Null: here it may be used. */
export const deniedHere = (visit: Visit, permission: Permission): Effect.Effect<
  Denial | null,
  Effect.Error<Reaction>,
  Users
> =>
  PERMISSIONS[permission].places.some((place) => place === placeOf(visit))
    ? Effect.succeed(null)
    : Effect.map(languageOf(visit), (language) => ({ reason: "place", permission, language, tier: null }))

export const startButton = (language: Language): Buttons => [[{
  text: plain(language, "start-button"),
  callback_data: START,
}]]

/** Leads out of a group into a private chat; `/start` gets the payload. */
export const privateButton = (visit: Visit, language: Language, payload: string): Buttons => [[{
  text: plain(language, "gate-private-button"),
  url: `https://t.me/${visit.botName}?start=${payload}`,
}]]

/** Which text says so, and what stands in it. */
const textOf = (visit: Visit, { permission, reason, tier }: Refusal) => ({
  id: reason === "place" ? `place-${PERMISSIONS[permission].places[0]}` : reason,
  args: { tiers: tiersOf(permission).join(", "), tier: tier ?? "", id: visit.telegramId },
})

/**
 * One clear message and the button that helps. What is not for one's role answers as an unknown command does: with a
 * hint in private, with silence in groups, where it may be another bot's.
 */
export const turnAway = (visit: Visit, denied: Denial): Reaction => {
  if (denied.reason === "session") {
    return Effect.flatMap(languageOf(visit), (language) =>
      say(
        visit.chatId,
        html(language, `gate-session.${denied.verdict}`),
        visit.isPrivate ? startButton(language) : privateButton(visit, language, "group"),
      ))
  }
  const { language, permission, reason } = denied
  if (reason === "role") {
    return visit.isPrivate ? say(visit.chatId, html(language, "gate-unknown-command")) : Effect.void
  }
  const { args, id } = textOf(visit, denied)
  const buttons = id === "place-private" ? privateButton(visit, language, permission) : []
  return say(visit.chatId, html(language, `gate-${id}`, args), buttons)
}

/** The same as the answer to a tap. */
export const tapDenied = (visit: Visit, denied: Refusal): string => {
  const { args, id } = textOf(visit, denied)
  return denied.reason === "role"
    ? plain(denied.language, "tap-unknown")
    : plain(denied.language, `gate-tap-${id}`, args)
}
