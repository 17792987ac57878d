/**
 * Every menu, by its id.
 *
 * In: nothing.
 * Out: the list that `Menus.ts` finds them in.
 */
import type { Menu } from "./Menu.ts"

export const MENUS: ReadonlyArray<Menu> = []
