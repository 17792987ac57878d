/**
 * When a group is sent anything: its active hours, in its own time zone.
 *
 * In: an admin of it. Out: steps of an hour at both ends, a few usual choices, and the admin's own zone. Promises: equal
 * ends mean around the clock and are shown so.
 */
import { Effect } from "effect"
import { html, plain } from "../texts/Fluent.ts"
import { chosen } from "./Choosing.ts"
import { drawing, type GroupView, guard } from "./GroupContext.ts"
import { hoursOf } from "./Group.ts"
import type { Item, Menu } from "./Menu.ts"

const USUAL = [[8, 22], [9, 18], [0, 0]] as const

const hour = (value: number): number => (value + 24) % 24

const step = ({ save }: GroupView, text: string, from: number, to: number): Item => ({
  text,
  press: Effect.as(
    save((stored) => ({
      ...stored,
      activeHoursStart: hour(stored.activeHoursStart + from),
      activeHoursEnd: hour(stored.activeHoursEnd + to),
    })),
    {},
  ),
})

export const groupHours: Menu = {
  id: "group-hours",
  permission: "settings",
  guard,
  draw: drawing((view, member) => {
    const { language, save, settings, title, to } = view
    const { activeHoursEnd: end, activeHoursStart: start, timeZone } = settings
    const hours = hoursOf(settings)
    const own = member.preferences.timeZone
    return Effect.succeed({
      html: html(language, hours === "" ? "group-hours-text.always" : "group-hours-text", {
        title,
        hours,
        zone: timeZone,
      }),
      rows: [
        [
          step(view, plain(language, "group-hours-from", { by: "−1" }), -1, 0),
          step(view, plain(language, "group-hours-from", { by: "+1" }), 1, 0),
          step(view, plain(language, "group-hours-to", { by: "−1" }), 0, -1),
          step(view, plain(language, "group-hours-to", { by: "+1" }), 0, 1),
        ],
        USUAL.map(([from, until]) => ({
          text: chosen(
            from === until ? start === end : start === from && end === until,
            from === until ? plain(language, "group-hours-always") : `${from}–${until}`,
          ),
          press: Effect.as(save((stored) => ({ ...stored, activeHoursStart: from, activeHoursEnd: until })), {}),
        })),
        ...own === timeZone ? [] : [[{
          text: plain(language, "group-zone", { zone: own }),
          press: Effect.as(save((stored) => ({ ...stored, timeZone: own })), {}),
        }]],
        [to(plain(language, "menu-back"), "group")],
      ],
    })
  }),
}
