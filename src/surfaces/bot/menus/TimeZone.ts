/**
 * The user's time zone: by region and city, or typed.
 *
 * In: a member; a region and page such as "Europe.2". Out: buttons for regions, then for its zones. Promises: every zone
 * that the runtime knows can be reached; an unknown region shows the regions.
 */
import { Effect } from "effect"
import { REGIONS, zonesOf } from "../../../domain/TimeZones.ts"
import type { Language } from "../../../domain/Preferences.ts"
import { localTimeAt } from "../../../domain/QuietTime.ts"
import { inRussian } from "../CityNames.ts"
import { askZone } from "../dialogues/TypedZone.ts"
import { html, plain } from "../texts/Fluent.ts"
import type { Member } from "../Visit.ts"
import { back, chosen, clock, inRows, pageOf, save, turning } from "./Choosing.ts"
import type { Item, Menu } from "./Menu.ts"

const ID = "push-zone"
const A_PAGE = 16
const SHOWN = 24

const zoneButton = (member: Member, zone: string, shown: string): Item => ({
  text: chosen(zone === member.preferences.timeZone, shown.replaceAll("_", " ").slice(0, SHOWN)),
  press: Effect.as(save(member, (stored) => ({ ...stored, timeZone: zone })), { to: { menu: "push" } }),
})

/** "Moscow", "Argentina/Ushuaia"; in Russian where we know it. */
const inOwnWords = (language: Language, zone: string, region: string): string =>
  (language === "ru" ? inRussian(zone) : undefined) ?? zone.slice(region.length + 1)

const regions = (member: Member): ReadonlyArray<ReadonlyArray<Item>> => {
  const { language } = member.preferences
  return [
    ...inRows(
      [
        ...REGIONS.map((region): Item => ({
          text: plain(language, `notifications-region.${region}`),
          to: { menu: ID, param: `${region}.0` },
        })),
        zoneButton(member, "UTC", "UTC"),
      ],
      3,
    ),
    [
      { text: plain(language, "notifications-zone-write"), press: Effect.succeed({ then: askZone(member) }) },
      back(language, "push"),
    ],
  ]
}

export const timeZone: Menu = {
  id: ID,
  permission: "notifications",
  draw: (member, param) => {
    const { preferences: { language, timeZone: zone }, visit } = member
    const [region = "", at = ""] = param.split(".")
    const zones = REGIONS.includes(region) ? zonesOf(region) : []
    const pages = Math.ceil(zones.length / A_PAGE), page = pageOf(at, Math.max(1, pages))
    const shown = zones.slice(page * A_PAGE, (page + 1) * A_PAGE)
    return Effect.succeed({
      html: html(language, "notifications-zone", { zone, now: clock(localTimeAt(zone, visit.nowMs).minute) }),
      state: zone,
      rows: zones.length === 0 ? regions(member) : [
        ...inRows(shown.map((name) => zoneButton(member, name, inOwnWords(language, name, region))), 2),
        turning(ID, page, pages, `${region}.`),
        [back(language, ID)],
      ],
    })
  },
}
