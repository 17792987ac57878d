/**
 * /keys: the exchange keys that the user entrusted.
 *
 * In: a member, in private.
 * Out: the menu of them.
 */
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"

export const keys: Command = { name: "keys", run: (member) => open(member, { menu: "keys" }) }
