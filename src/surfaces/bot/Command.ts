/**
 * What a command is: one file in `commands/` each, listed in `commands/All.ts`.
 *
 * In: a visit. Out: a reaction. Promises: whoever may use it stands in the table of `domain/Permission.ts`, and so in the
 * type: a command for members cannot be run for anyone else. To add one: its line in the table, its description in
 * `texts/<language>/commands.ftl`, its file, its place in the list.
 */
import { type Permission, PERMISSIONS } from "../../domain/Permission.ts"
import type { Member, Reaction, Visit } from "./Visit.ts"

/** Permissions that take no session. */
type Open = { [P in Permission]: (typeof PERMISSIONS)[P]["session"] extends false ? P : never }[Permission]

export type Command =
  | { readonly name: Open; readonly run: (visit: Visit) => Reaction }
  | { readonly name: Exclude<Permission, Open>; readonly run: (member: Member) => Reaction }

export type CommandName = Command["name"]

/** One that takes no session. */
export type OpenCommand = Extract<Command, { readonly name: Open }>

export const isOpen = (command: Command): command is OpenCommand => !PERMISSIONS[command.name].session
