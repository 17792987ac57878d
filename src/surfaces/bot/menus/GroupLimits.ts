/**
 * How many opportunities a group is sent an hour and a day.
 *
 * In: an admin of it. Out: buttons with figures. Promises: nothing above twice what the registrar's plan admits is
 * offered, and no stored figure is shown as more than that.
 */
import { Effect } from "effect"
import { html, plain } from "../texts/Fluent.ts"
import { chosen, inRows } from "./Choosing.ts"
import { drawing, type GroupView, guard } from "./GroupContext.ts"
import type { Item, Menu } from "./Menu.ts"

const HOURLY = [1, 3, 5, 10, 20, 40, 100, 200]
const DAILY = [5, 10, 20, 40, 100, 200, 500, 2_000]
const WIDTH = 4

const figures = (all: ReadonlyArray<number>, most: number): ReadonlyArray<number> => [
  ...all.filter((each) => each < most),
  most,
]

const choice = (
  { ceiling, save, settings }: GroupView,
  all: ReadonlyArray<number>,
  most: keyof GroupView["ceiling"],
  field: "maxPerHour" | "maxPerDay",
): ReadonlyArray<ReadonlyArray<Item>> => {
  const now = Math.min(settings[field], ceiling[most])
  return inRows(
    figures(all, ceiling[most]).map((figure) => ({
      text: chosen(figure === now, `${figure}`),
      press: Effect.as(save((stored) => ({ ...stored, [field]: figure })), {}),
    })),
    WIDTH,
  )
}

export const groupLimits: Menu = {
  id: "group-limits",
  permission: "settings",
  guard,
  draw: drawing((view) => {
    const { ceiling, language, settings, title, to } = view
    return Effect.succeed({
      html: html(language, "group-limits-text", {
        title,
        mostHour: ceiling.perHour,
        mostDay: ceiling.perDay,
        perHour: Math.min(settings.maxPerHour, ceiling.perHour),
        perDay: Math.min(settings.maxPerDay, ceiling.perDay),
      }),
      rows: [
        ...choice(view, HOURLY, "perHour", "maxPerHour"),
        ...choice(view, DAILY, "perDay", "maxPerDay"),
        [to(plain(language, "menu-back"), "group")],
      ],
    })
  }),
}
