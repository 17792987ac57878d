/**
 * What a command is: one file in `commands/` each, listed in `commands/All.ts`.
 *
 * In: a visit. Out: a reaction. Promises: whoever may use it stands in the type: a command for members cannot be run
 * for anyone else. To add one: its name in `texts/Texts.ts`, its file, its place in the list.
 */
import type { CommandName } from "./texts/Texts.ts"
import type { Member, Reaction, Visit } from "./Visit.ts"

export type Command =
  & { readonly name: CommandName }
  & (
    | { readonly access: "anyone"; readonly run: (visit: Visit) => Reaction }
    | { readonly access: "session"; readonly run: (member: Member) => Reaction }
  )
