/**
 * Where a person lives: likely countries first, then all of them from A to Z, or by their location.
 *
 * In: a member; a part: "" likely ones, "all" the index, "<n>" its nth stretch. Out: buttons of countries. Promises: a
 * country whose zone is known sets the time zone too; an unknown part shows the likely ones.
 */
import { Effect } from "effect"
import { Users } from "../../../../layers/Users.ts"
import { askPlace } from "../../dialogues/AskedPlace.ts"
import { back, chosen, inRows, save } from "../../menus/Choosing.ts"
import type { Item } from "../../menus/Menu.ts"
import { byName, countryName, flag, likely, mainZoneOf, zonesOf } from "../../Places.ts"
import { html, plain } from "../../texts/Fluent.ts"
import type { Member } from "../../Visit.ts"
import type { Page, Way } from "../Page.ts"

const LIKELY = 16
const A_STRETCH = 20
const LETTERS = 3

/** Sets the country, and the zone where there is one or the main one will do. */
const settle = Effect.fnUntraced(function* (member: Member, code: string, zone: string | undefined) {
  const users = yield* Users
  yield* users.setCountry({ userId: member.user.userId, country: code, nowMs: member.visit.nowMs })
  if (zone !== undefined) yield* save(member, (stored) => ({ ...stored, timeZone: zone }))
})

/** `isRare`: to be asked for the zone as well would be one question too many. */
const button = (member: Member, way: Way, code: string, isRare: boolean): Item => {
  const { preferences: { language, timeZone }, user } = member
  const zones = zonesOf(code)
  const told = zones.length === 1 || isRare ? mainZoneOf(code) : undefined
  const saving = settle(member, code, zones.includes(timeZone) ? undefined : told)
  return {
    text: chosen(code === user.country, `${flag(code)} ${countryName(language, code)}`),
    press: told === undefined ? way.chosen(saving) : way.chosenWithZone(saving),
  }
}

const stretches = (member: Member): ReadonlyArray<ReadonlyArray<string>> => {
  const all = byName(member.preferences.language)
  return Array.from(
    { length: Math.ceil(all.length / A_STRETCH) },
    (_, at) => all.slice(at * A_STRETCH, (at + 1) * A_STRETCH),
  )
}

export const country: Page = (member, way) => {
  const { preferences: { language, timeZone }, visit } = member
  const parts = way.part === "" ? [] : stretches(member)
  const stretch = /^\d{1,2}$/.test(way.part) ? parts[Number(way.part)] : undefined
  const first = (code: string | undefined) => code === undefined ? "" : countryName(language, code).slice(0, LETTERS)
  if (stretch !== undefined) {
    return Effect.succeed({
      html: html(language, "onboarding-country"),
      rows: [
        ...inRows(stretch.map((code) => button(member, way, code, true)), 2),
        [{ ...back(language, ""), to: way.toPart("all") }],
      ],
    })
  }
  if (way.part === "all") {
    const index = parts.map((codes, at): Item => ({
      text: `${first(codes[0])} – ${first(codes.at(-1))}`,
      to: way.toPart(`${at}`),
    }))
    return Effect.succeed({
      html: html(language, "onboarding-country-index"),
      rows: [...inRows(index, 3), [{ ...back(language, ""), to: way.toPart("") }]],
    })
  }
  const codes = likely(language, visit.languageCode, timeZone, LIKELY)
  return Effect.succeed({
    html: html(language, "onboarding-country"),
    rows: [
      ...inRows(codes.map((code) => button(member, way, code, false)), 2),
      [
        { text: plain(language, "onboarding-place"), press: askPlace(member, way.mode) },
        { text: plain(language, "onboarding-country-all"), to: way.toPart("all") },
      ],
    ],
  })
}
