/**
 * What a page of a choice is: the same in the guided setup and in the settings, which differ in where they go on.
 *
 * In: a member and the way. Out: a text and its buttons. Promises: a page changes nothing by being drawn; what a button
 * has saved is in force at once.
 */
import type { Drawn, Pressed, Target } from "../menus/Menu.ts"
import type { Member, Reaction } from "../Visit.ts"

export interface Way {
  /** What of the page is shown, such as its second part; "" at first. */
  readonly part: string
  /** Where another part of it is. */
  readonly toPart: (part: string) => Target
  /** What becomes of the message once something was chosen and saved. */
  readonly chosen: (saving: Reaction<unknown>) => Reaction<Pressed>
  /** The same where the answer told the time zone too. */
  readonly chosenWithZone: (saving: Reaction<unknown>) => Reaction<Pressed>
  /** Comes back to by a message instead of a tap. */
  readonly mode: "setup" | "settings"
}

export type Page = (member: Member, way: Way) => Reaction<Pick<Drawn, "html" | "rows">>
