/**
 * /setup: what is set up and what is missing.
 *
 * In: a member.
 * Out: the menu of it.
 */
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"

export const setup: Command = { name: "setup", run: (member) => open(member, { menu: "setup" }) }
