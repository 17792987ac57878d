/**
 * Which time a person keeps: the times of their country, or those of the world.
 *
 * In: a member.
 * Out: a button a time zone with its offset as of now, and one for their location.
 */
import { Effect } from "effect"
import { askPlace } from "../../dialogues/AskedPlace.ts"
import { chosen, inRows, save } from "../../menus/Choosing.ts"
import { zoneLabel, zonesOf } from "../../Places.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Page } from "../Page.ts"

export const zone: Page = (member, way) => {
  const { preferences: { language, timeZone }, user, visit } = member
  const zones = zonesOf(user.country).map((each) => ({
    text: chosen(each === timeZone && each !== "UTC", zoneLabel(language, each, visit.nowMs)),
    press: way.chosen(save(member, (stored) => ({ ...stored, timeZone: each }))),
  }))
  return Effect.succeed({
    html: html(language, "onboarding-zone"),
    rows: [
      ...inRows(zones, 2),
      [{ text: plain(language, "onboarding-place"), press: askPlace(member, way.mode) }],
    ],
  })
}
