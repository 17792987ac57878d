/**
 * What menus of settings share: saving a change, marks, and choices of which "all" is one.
 *
 * In: a member and what they chose. Out: preferences saved, effective at once; texts of buttons. Promises: a change is
 * made to what is stored now, so that two of them do not undo each other; an empty choice means all and is shown so.
 */
import { Effect } from "effect"
import type { Language, Preferences, Weekday } from "../../../domain/Preferences.ts"
import { Users } from "../../../layers/Users.ts"
import { plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import type { Item, Pressed } from "./Menu.ts"

/** Changes what is stored; out: what is stored then. */
export const save = Effect.fn("Choosing.save")(
  function* ({ user, visit }: Member, change: (stored: Preferences) => Preferences) {
    const users = yield* Users
    const changed = change(yield* users.preferences(user.userId))
    yield* users.setPreferences(user.userId, changed, visit.nowMs)
    return changed
  },
)

/** A button that sets something, and says nothing more than the menu then does. */
export const setting = (member: Member, text: string, changes: Partial<Preferences>): Item => ({
  text,
  press: Effect.as(save(member, (stored) => ({ ...stored, ...changes })), {} satisfies Pressed),
})

/** A button that only says why it does nothing. */
export const saying = (text: string, answer: string): Item => ({ text, press: Effect.succeed({ answer }) })

export const ticked = (on: boolean, text: string): string => `${on ? "✅" : "▫️"} ${text}`
export const chosen = (on: boolean, text: string): string => on ? `● ${text}` : text

/** Adds or takes away; in the order of `all`. Empty and complete both mean all, and are stored empty. */
export const toggled = <A>(all: ReadonlyArray<A>, some: ReadonlyArray<A>, one: A): ReadonlyArray<A> => {
  const before = some.length === 0 ? all : some
  const after = all.filter((each) => each === one ? !before.includes(one) : before.includes(each))
  return after.length === all.length ? [] : after
}

/** Two buttons a row, say. */
export const inRows = (items: ReadonlyArray<Item>, width: number): ReadonlyArray<ReadonlyArray<Item>> =>
  Array.from({ length: Math.ceil(items.length / width) }, (_, row) => items.slice(row * width, (row + 1) * width))

export const WEEKDAYS: ReadonlyArray<Weekday> = [1, 2, 3, 4, 5, 6, 7]

export const weekday = (language: Language, day: Weekday): string => plain(language, `notifications-day.d${day}`)

/** "Mon, Tue" or "every day". */
export const weekdays = (language: Language, days: ReadonlyArray<Weekday>): string =>
  days.length === 0 || days.length === WEEKDAYS.length
    ? plain(language, "notifications-every-day")
    : WEEKDAYS.filter((day) => days.includes(day)).map((day) => weekday(language, day)).join(", ")

/** "22:30"; 1440 is "24:00". */
export const clock = (minute: number): string =>
  `${Math.floor(minute / 60)}`.padStart(2, "0") + `:${`${minute % 60}`.padStart(2, "0")}`

/** The page that a param names: one that does not exist is the first. */
export const pageOf = (param: string, pages: number): number => {
  const page = /^\d{1,3}$/.test(param) ? Number(param) : 0
  return page < pages ? page : 0
}

/** "‹" and "›" to the pages beside this one. */
export const turning = (menu: string, page: number, pages: number, prefix = ""): ReadonlyArray<Item> => [
  ...page > 0 ? [{ text: "‹", to: { menu, param: `${prefix}${page - 1}` } }] : [],
  ...page < pages - 1 ? [{ text: "›", to: { menu, param: `${prefix}${page + 1}` } }] : [],
]

export const back = (language: Language, menu: string, param = ""): Item => ({
  text: plain(language, "menu-back"),
  to: { menu, param },
})

export const close = (language: Language): Item => ({
  text: plain(language, "menu-close"),
  press: Effect.succeed({ to: null }),
})
