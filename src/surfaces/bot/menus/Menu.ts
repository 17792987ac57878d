/**
 * What a menu is: a message whose buttons are edited in place, tap after tap; a file here each, listed in `All.ts`. A
 * command or another menu leads there: `Menus.open(member, { menu: "push" })`, a button `{ text, to: { menu: "push" } }`.
 * In: a member. Out: `draw`, all that it shows, as is: it runs before a tap is judged and after it was done. `press`, what
 * a button changes and where it goes on, within the second that an answer may take; longer work goes to `then`.
 * Promises: session and permission are checked at each tap; a menu that has changed since it was shown (`state`, by
 * default its text) is drawn anew instead, so a double tap does what one does; callback data is opaque and within 64
 * bytes: ids up to 12 characters, params up to 16, without "/".
 */
import type { Permission } from "../../../domain/Permission.ts"
import type { TapAnswer } from "../Replies.ts"
import type { Member, Reaction } from "../Visit.ts"

/** A menu, and what of it: a page, a key's id, a step. */
export interface Target {
  readonly menu: string
  readonly param?: string
}

export interface Pressed {
  /** A passing line, or an answer of its own; left out: none. */
  readonly answer?: string | TapAnswer
  /** Where the message goes on; left out: the same menu, drawn anew. `null`: its buttons go away, its text stays. */
  readonly to?: Target | null
  /** Done after the message was drawn. */
  readonly then?: Reaction
}

/** Buttons that one may not use are left out by `draw`. */
export type Item =
  | { readonly text: string; readonly press: Reaction<Pressed> }
  | { readonly text: string; readonly to: Target }
  | { readonly text: string; readonly url: string }

export interface Drawn {
  readonly html: string
  readonly rows: ReadonlyArray<ReadonlyArray<Item>>
  /** What has to be as it was for a tap to count; default: the text. Give it where the text changes by itself. */
  readonly state?: string
}

export interface Menu {
  /** 1 to 12 letters, digits or "-". */
  readonly id: string
  /** Who may open it and tap on it; the same as its command's. */
  readonly permission: Permission
  /** What more it takes at each tap, before anything is drawn: null, or the answer to who may not. */
  readonly guard?: (member: Member, param: string) => Reaction<string | null>
  /** `param` is "" unless the way here gave one; it may come from an old message, so it is checked like any input. */
  readonly draw: (member: Member, param: string) => Reaction<Drawn>
}
