/**
 * One user, as admins see and change them.
 *
 * In: an admin, a user's Telegram id. Out: what is known, and buttons: tier and beta access for admins, roles for
 * superadmins alone. Promises: each press is checked once more where it is done, and audited.
 */
import { Effect, Option } from "effect"
import { SessionClient } from "../../../actors/Session.ts"
import type { Asked } from "../../../domain/Dialogue.ts"
import type { ListedUser } from "../../../domain/Directory.ts"
import { Role, Tier } from "../../../domain/Tier.ts"
import { isBetaAt } from "../../../domain/User.ts"
import { Directory } from "../../../layers/Directory.ts"
import { type Change, change } from "../../../programs/Administration.ts"
import { deniedTo } from "../Gate.ts"
import { instant } from "../Shown.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member, Reaction } from "../Visit.ts"
import { chosen, close } from "./Choosing.ts"
import type { Item, Menu, Pressed } from "./Menu.ts"

const BETA_MS = 30 * 86_400_000

const text = (
  { preferences: { language, timeZone }, visit }: Member,
  user: ListedUser,
  asked: Asked | null,
): string => {
  const at = (ms: number | null) => ms === null ? plain(language, "users-never") : instant(ms, timeZone)
  return [
    html(language, "users-page", {
      name: user.firstName ?? "",
      username: user.username === null ? "" : `@${user.username}`,
      id: user.telegramId,
    }),
    html(language, "users-plan", { tier: user.tier, role: user.role }),
    html(language, "users-beta", { until: isBetaAt(user, visit.nowMs) ? at(user.betaUntil) : at(null) }),
    html(language, "users-session", { until: at(user.sessionExpiresAt) }),
    ...asked === null ? [] : [html(language, "users-asked", {
      what: [asked.topic, asked.step].filter((part) => part !== "").join(", "),
      since: at(asked.askedAt),
    })],
    html(language, "users-seen", { registered: at(user.registeredAt), seen: at(user.lastSeenAt) }),
    ...user.isActive ? [] : [html(language, "users-gone")],
  ].join("\n")
}

/** What the button does, and what is said where it may not. */
const press = (member: Member, user: ListedUser, wanted: Change): Reaction<Pressed> => {
  const { preferences: { language }, session: { sessionId }, user: { role, userId } } = member
  return change({ userId, role, sessionId, command: "/users" }, user.userId, wanted).pipe(
    Effect.as({ answer: plain(language, "users-changed") }),
    Effect.catchTag(
      "Unchanged",
      ({ reason }) => Effect.succeed({ answer: { text: plain(language, `users-unchanged.${reason}`), alert: true } }),
    ),
  )
}

const rows = (member: Member, user: ListedUser): ReadonlyArray<ReadonlyArray<Item>> => {
  const { preferences: { language }, visit: { nowMs } } = member
  const button = (text: string, wanted: Change): Item => ({ text, press: press(member, user, wanted) })
  return [
    Tier.literals.slice(0, 3).map((to) => button(chosen(user.tier === to, to), { what: "tier", to })),
    Tier.literals.slice(3).map((to) => button(chosen(user.tier === to, to), { what: "tier", to })),
    isBetaAt(user, nowMs)
      ? [button(plain(language, "users-beta-end"), { what: "beta", to: null })]
      : [button(plain(language, "users-beta-give"), { what: "beta", to: nowMs + BETA_MS })],
    ...deniedTo(member, "roles") === null && user.userId !== member.user.userId && !user.isGroup
      ? [Role.literals.map((to) => button(chosen(user.role === to, to), { what: "role", to }))]
      : [],
    [close(language)],
  ]
}

export const userMenu: Menu = {
  id: "user",
  permission: "users",
  draw: Effect.fn("Menu.user")(function* (member, param) {
    const directory = yield* Directory, sessions = yield* SessionClient
    const { preferences: { language }, visit: { nowMs } } = member
    const found = yield* directory.find(param, nowMs)
    if (Option.isNone(found)) {
      return { html: html(language, "users-unknown", { who: param }), rows: [[close(language)]] }
    }
    const user = found.value
    const state = `${user.userId} ${user.tier} ${user.role} ${user.betaUntil} ${member.user.role}`
    const { asked } = yield* sessions.look(user.telegramId)
    return { html: text(member, user, asked), rows: rows(member, user), state }
  }),
}
