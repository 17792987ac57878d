/**
 * /notifications: when and how often the user is told.
 *
 * In: a member.
 * Out: the menu of it.
 */
import type { Command } from "../Command.ts"
import { open } from "../menus/Menus.ts"

export const notifications: Command = { name: "notifications", run: (member) => open(member, { menu: "push" }) }
