/**
 * /settings: everything that can be changed.
 *
 * In: a member. Out: the menu of it in a private chat; in a group where to find it, since it shows what is the member's
 * own.
 */
import type { Command } from "../Command.ts"
import { privateButton } from "../Gate.ts"
import { open } from "../menus/Menus.ts"
import { say } from "../Replies.ts"
import { html } from "../texts/Fluent.ts"

export const settings: Command = {
  name: "settings",
  run: (member) => {
    const { preferences: { language }, visit } = member
    return visit.isPrivate
      ? open(member, { menu: "settings" })
      : say(visit.chatId, html(language, "settings-group"), privateButton(visit, language, "settings"))
  },
}
