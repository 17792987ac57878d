/**
 * Countries and time zones, as people choose them.
 *
 * In: a language, what Telegram tells of an app, a place on earth. Out: names, guesses, the zones of a country, the zone
 * of a place. Promises: all of it offline (tz database by two kept libraries, names by the runtime's own); of zones that
 * keep the same time a country is offered one; a country is never guessed from a zone that several share.
 */
import tzLookup from "@photostructure/tz-lookup"
import * as Tz from "countries-and-timezones"
import { DateTime, Option } from "effect"
import type { Language } from "../../domain/Preferences.ts"
import { inRussian } from "./CityNames.ts"

/** ISO 3166-1 alpha-2 codes of every country that has a time zone. */
const COUNTRIES: ReadonlyArray<string> = Object.values(Tz.getAllCountries()).flatMap(({ id, timezones }) =>
  timezones.length === 0 ? [] : [`${id}`]
)
const known = new Set(COUNTRIES)

/** Offered before all others, where most readers may be. */
const COMMON = ["US", "IN", "GB", "DE", "BR", "NG", "TR", "ID", "RU", "UA", "VN", "MX", "FR", "CA", "AU", "ES"]

/** Where else a language is widely spoken. */
const SPOKEN: Readonly<Record<Language, ReadonlyArray<string>>> = {
  en: ["US", "GB", "CA", "AU"],
  ru: ["RU", "KZ", "BY", "UA"],
}

/** Of zones that keep the same time, those that people know; of a country's, the one most keep comes first. */
const WELL_KNOWN = new Set([
  "America/New_York",
  "America/Toronto",
  "America/Sao_Paulo",
  "America/Mexico_City",
  "America/Argentina/Buenos_Aires",
  "America/Santiago",
  "America/Guayaquil",
  "America/Nuuk",
  "Africa/Kinshasa",
  "Asia/Almaty",
  "Asia/Gaza",
  "Asia/Ho_Chi_Minh",
  "Asia/Jakarta",
  "Asia/Kuala_Lumpur",
  "Asia/Nicosia",
  "Asia/Shanghai",
  "Asia/Tashkent",
  "Asia/Ulaanbaatar",
  "Australia/Sydney",
  "Europe/Berlin",
  "Europe/Kyiv",
  "Europe/Lisbon",
  "Europe/Madrid",
  "Europe/Moscow",
  "Pacific/Auckland",
  "Pacific/Port_Moresby",
  "Pacific/Tahiti",
  "America/Anchorage",
  "America/Chicago",
  "America/Denver",
  "America/Edmonton",
  "America/Halifax",
  "America/Los_Angeles",
  "America/Manaus",
  "America/Phoenix",
  "America/Tijuana",
  "America/Vancouver",
  "America/Winnipeg",
  "Asia/Novosibirsk",
  "Asia/Vladivostok",
  "Australia/Brisbane",
  "Europe/Samara",
])

/** Zones of a base, an islet or a place in dispute, which would make most of a country choose for the sake of a few. */
const ELSEWHERE = new Set(["AU Asia/Tokyo", "CA America/Panama", "CA America/Puerto_Rico", "UA Europe/Simferopol"])

/** One for each time that many people keep, for those who name no country. */
const WORLD: ReadonlyArray<string> = [
  "America/Los_Angeles",
  "America/Chicago",
  "America/New_York",
  "America/Sao_Paulo",
  "UTC",
  "Europe/London",
  "Europe/Berlin",
  "Europe/Kyiv",
  "Europe/Moscow",
  "Asia/Dubai",
  "Asia/Tashkent",
  "Asia/Kolkata",
  "Asia/Bangkok",
  "Asia/Shanghai",
  "Asia/Tokyo",
  "Australia/Sydney",
]

export const isCountry = (code: string): boolean => known.has(code)

export const countryName = (language: Language, code: string): string =>
  new Intl.DisplayNames(language, { type: "region" }).of(code) ?? code

/** Two regional letters, which apps show as a flag. */
export const flag = (code: string): string =>
  String.fromCodePoint(...[...code].map((letter) => 0x1f1e6 + letter.charCodeAt(0) - 65))

const regionOf = (locale: string): string | undefined => {
  try {
    return new Intl.Locale(locale).maximize().region
  } catch {
    return undefined
  }
}

/** Guesses first, by the zone, by what the app and the person speak, then the common ones; `count` of them. */
export const likely = (
  language: Language,
  languageCode: string | null,
  zone: string,
  count: number,
): ReadonlyArray<string> => {
  const guesses = [languageCode ?? "", language].map(regionOf).flatMap((code) => code === undefined ? [] : [code])
  const there = countriesOf(zone), first = guesses.filter((code) => there.includes(code))
  return [...new Set([...first, ...there.slice(0, THERE), ...guesses, ...SPOKEN[language], ...COMMON])].filter(
    isCountry,
  ).slice(0, count)
}

/** All of them, in the order of their names. */
export const byName = (language: Language): ReadonlyArray<string> => {
  const order = new Intl.Collator(language)
  const names = COUNTRIES.map((code) => ({ code, name: countryName(language, code) }))
  return names.sort((a, b) => order.compare(a.name, b.name)).map(({ code }) => code)
}

/** A zone may be shared by many countries. */
const THERE = 6

const isZone = (zone: string): boolean => Option.isSome(DateTime.zoneMakeNamed(zone))

/** Each time that is kept there once, from west to east; of no country: each of the world's. */
export const zonesOf = (country: string | null): ReadonlyArray<string> => {
  if (country === null) return WORLD
  const byTime = new Map<string, { readonly zone: string; readonly offset: number }>()
  for (const { dstOffset, name, utcOffset } of Tz.getTimezonesForCountry(country) ?? []) {
    if (ELSEWHERE.has(`${country} ${name}`)) continue
    const time = `${utcOffset} ${dstOffset}`
    if (isZone(name) && (!byTime.has(time) || WELL_KNOWN.has(name))) byTime.set(time, { zone: name, offset: utcOffset })
  }
  return [...byTime.values()].sort((a, b) => a.offset - b.offset).map(({ zone }) => zone)
}

/** The one that most people of a country keep, where it has several. */
export const mainZoneOf = (country: string): string | undefined => {
  const zones = zonesOf(country)
  return [...WELL_KNOWN].find((zone) => zones.includes(zone)) ?? zones[0]
}

/** None: no place on earth, or over no land that keeps a time we know. */
export const zoneAt = (latitude: number, longitude: number): Option.Option<string> => {
  try {
    return Option.filter(Option.some(tzLookup(latitude, longitude)), isZone)
  } catch {
    return Option.none()
  }
}

/** Countries that keep this zone. */
export const countriesOf = (zone: string): ReadonlyArray<string> =>
  (Tz.getTimezone(zone)?.countries ?? []).map((code) => `${code}`).filter(isCountry)

const cityOf = (zone: string): string => (zone.split("/").at(-1) ?? zone).replaceAll("_", " ")

const offsetOf = (zone: string, atMs: number): string =>
  new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "shortOffset" }).formatToParts(atMs)
    .find(({ type }) => type === "timeZoneName")?.value ?? ""

/** "New York": the zone's city. */
export const zoneName = (language: Language, zone: string): string =>
  (language === "ru" ? inRussian(zone) : undefined) ?? cityOf(zone)

/** "New York (UTC−5)", by the offset that holds now. */
export const zoneLabel = (language: Language, zone: string, atMs: number): string => {
  const offset = offsetOf(zone, atMs).replace("GMT", "UTC").replace("-", "−")
  return zone === "UTC" ? "UTC" : `${zoneName(language, zone)} (${offset})`
}
