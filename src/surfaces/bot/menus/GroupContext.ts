/**
 * What the menus of a group share: which group, who may tap, and saving its settings.
 *
 * In: a member, in the group itself or in private with the group's id as the menu's param. Out: the group, or the answer
 * to who may not decide for it. Promises: rights are asked of Telegram at each tap; in the group its own language is
 * spoken, in private the member's.
 */
import { Effect, Option } from "effect"
import type { Language, Preferences } from "../../../domain/Preferences.ts"
import { Users } from "../../../layers/Users.ts"
import { titleOf } from "../groups/Registrars.ts"
import { type Known, known, mayDecide } from "../groups/Rights.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member, Reaction } from "../Visit.ts"
import { close } from "./Choosing.ts"
import type { Drawn, Item, Menu } from "./Menu.ts"

/** The group that a menu is about. */
export const chatOf = ({ visit }: Member, param: string): string =>
  /^-\d{1,15}$/.test(param) && visit.isPrivate ? param : visit.chatId

export const guard: NonNullable<Menu["guard"]> = (member, param) =>
  Effect.map(
    mayDecide(chatOf(member, param), member.visit.telegramId),
    (may) => may ? null : plain(member.preferences.language, "group-admins-only"),
  )

export interface GroupView extends Known {
  readonly chatId: string
  readonly language: Language
  readonly title: string
  /** To another menu of the same group. */
  readonly to: (text: string, menu: string) => Item
  /** Changes what is stored now. */
  readonly save: (change: (stored: Preferences) => Preferences) => Reaction
}

/** Draws a menu of a group that is registered; of any other it says so. */
export const drawing = (draw: (view: GroupView, member: Member) => Reaction<Drawn>): Menu["draw"] => (member, param) =>
  Effect.gen(function* () {
    const chatId = chatOf(member, param)
    const found = yield* known(chatId)
    if (Option.isNone(found)) {
      const { language } = member.preferences
      return { html: html(language, "group-unknown"), rows: [[close(language)]] }
    }
    const { group, settings } = found.value
    const users = yield* Users
    return yield* draw({
      ...found.value,
      chatId,
      language: member.visit.isPrivate ? member.preferences.language : settings.language,
      title: titleOf(group),
      to: (text, menu) => ({ text, to: { menu, param } }),
      save: (change) =>
        Effect.flatMap(
          users.preferences(group.userId),
          (stored) => users.setPreferences(group.userId, change(stored), member.visit.nowMs),
        ),
    }, member)
  })
