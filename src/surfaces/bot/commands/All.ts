/**
 * Every command, in the order in which Telegram's menu lists them.
 *
 * In: nothing.
 * Out: the list that the router and the menu are made from.
 */
import type { Command } from "../Command.ts"
import { help } from "./Help.ts"
import { logout } from "./Logout.ts"
import { opportunities } from "./Opportunities.ts"
import { session } from "./Session.ts"
import { start } from "./Start.ts"

export const COMMANDS: ReadonlyArray<Command> = [start, opportunities, session, logout, help]
