/**
 * Menus at work: sent by commands, edited by taps.
 *
 * In: a member and where they want to go; a tap on a menu. Out: a message; the answer to the tap and what follows it.
 * Promises: each tap is judged by what the menu shows now, not by what it showed when it was sent; one whose menu has
 * changed meanwhile, or that was tapped twice, does nothing but show the menu as it is.
 */
import { Effect, Option } from "effect"
import type { Permission } from "../../../domain/Permission.ts"
import { Users } from "../../../layers/Users.ts"
import { deniedTo } from "../Gate.ts"
import { rebutton, rewrite, say } from "../Replies.ts"
import type { Tapped } from "../taps/Tapped.ts"
import { plain } from "../texts/Fluent.ts"
import type { BotError, BotServices, Member, Tap } from "../Visit.ts"
import { MENUS } from "./All.ts"
import * as Keyboard from "./Keyboard.ts"
import type { Menu, Pressed, Target } from "./Menu.ts"

const keyboards = Keyboard.make(MENUS.map(({ id }) => id))
const byId = new Map(MENUS.map((menu) => [menu.id, menu]))

const menuOf = (target: Target): Menu => {
  const menu = byId.get(target.menu)
  if (menu === undefined) throw new Error(`there is no menu "${target.menu}"`)
  return menu
}

/** The menu as it is now, as a message. */
const rendered = Effect.fnUntraced(function* (member: Member, target: Target) {
  const drawn = yield* menuOf(target).draw(member, target.param ?? "")
  return { html: drawn.html, buttons: yield* keyboards.buttons(target, drawn) }
})

/** The same member once something may have changed what is known of them. */
export const again = Effect.fnUntraced(function* (member: Member) {
  const users = yield* Users
  const { user, version } = Option.getOrElse(yield* users.current(member.visit.telegramId), () => member)
  return { ...member, user, version, preferences: yield* users.preferences(user.userId) } satisfies Member
})

/** Says a menu in a message of its own; what stands `above` goes away with the first tap. */
export const open = Effect.fn("Menus.open")(function* (member: Member, target: Target, above = "") {
  const { buttons, html } = yield* rendered(member, target)
  yield* say(member.visit.chatId, above === "" ? html : `${above}\n\n${html}`, buttons)
})

/** Makes the tapped message this menu; says it anew where the message is too old to be edited. */
const show = Effect.fn("Menus.show")(function* (member: Member, tap: Tap, target: Target) {
  if (tap.messageId === null) return yield* open(member, target)
  const { buttons, html } = yield* rendered(member, target)
  yield* rewrite(member.visit.chatId, tap.messageId, html, buttons)
})

const asAnswer = (answer: Pressed["answer"]): Tapped["answer"] =>
  answer === undefined || typeof answer === "string" ? { text: answer ?? "", alert: false } : answer

/** What a tap with this data takes; null: it is on no menu. */
export const permissionOf = (data: string): Permission | null =>
  Option.match(Keyboard.targetOf(data), {
    onNone: () => null,
    onSome: ({ menu }) => byId.get(menu)?.permission ?? null,
  })

/** The member has been admitted. */
export const tapped = Effect.fn("Menus.tapped")(
  function* (member: Member, tap: Tap, data: string): Effect.fn.Return<Tapped, BotError, BotServices> {
    const { language } = member.preferences
    const target = Keyboard.targetOf(data)
    const menu = Option.isSome(target) ? byId.get(target.value.menu) : undefined
    if (Option.isNone(target) || menu === undefined || deniedTo(member, menu.permission) !== null) {
      return { answer: { text: plain(language, "tap-unknown"), alert: false } }
    }
    const refusal = menu.guard === undefined ? null : yield* menu.guard(member, target.value.param)
    if (refusal !== null) return { answer: { text: refusal, alert: true } }
    const found = yield* keyboards.tapped(data, yield* menu.draw(member, target.value.param))
    if (Option.isNone(found) || found.value._tag === "Outdated") {
      const answer = { text: plain(language, "menu-outdated"), alert: false }
      return { answer, then: show(member, tap, target.value) }
    }
    const { item } = found.value
    if ("to" in item) return { answer: asAnswer(undefined), then: show(member, tap, item.to) }
    const { answer, then = Effect.void, to = target.value } = yield* item.press
    const next = to === null
      ? tap.messageId === null ? Effect.void : rebutton(member.visit.chatId, tap.messageId, [])
      : Effect.flatMap(again(member), (now) => show(now, tap, to))
    return { answer: asAnswer(answer), then: Effect.andThen(next, then) }
  },
)
