/**
 * /forget: erases everything that is held of the user, once they have confirmed it.
 *
 * In: a member, in private.
 * Out: the menu that asks.
 */
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"

export const forget: Command = { name: "forget", run: (member) => open(member, { menu: "forget" }) }
