/**
 * /preferences: which opportunities the user wants.
 *
 * In: a member.
 * Out: the menu of it.
 */
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"

export const preferences: Command = { name: "preferences", run: (member) => open(member, { menu: "prefs" }) }
