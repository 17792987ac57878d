/**
 * Time zones by name, as people look for them.
 *
 * In: what somebody typed. Out: the zones that it may mean. Promises: only names that `Preferences` takes; a city alone
 * is enough, case and blanks do not matter.
 */
import { Schema } from "effect"
import { TimeZone } from "./Preferences.ts"

/** Every zone that this runtime knows, by name. */
export const TIME_ZONES: ReadonlyArray<string> = [...new Set(["UTC", ...Intl.supportedValuesOf("timeZone")])]

/** "Europe", "Asia": the first parts of names, those with many zones. */
export const REGIONS: ReadonlyArray<string> = [
  ...new Set(TIME_ZONES.flatMap((name) => name.includes("/") ? [name.slice(0, name.indexOf("/"))] : [])),
].filter((region) => region !== "Etc").sort()

export const zonesOf = (region: string): ReadonlyArray<string> =>
  TIME_ZONES.filter((name) => name.startsWith(`${region}/`))

const isTimeZone = Schema.is(TimeZone)

/** The one that is named exactly, else those that have it in their name. */
export const zonesLike = (text: string): ReadonlyArray<string> => {
  const wanted = text.trim().replaceAll(/\s+/g, "_").toLowerCase()
  if (wanted.length < 3 || wanted.length > 40) return []
  const exact = TIME_ZONES.filter((name) => {
    const lower = name.toLowerCase()
    return lower === wanted || lower.endsWith(`/${wanted}`)
  })
  if (exact.length > 0) return exact
  // An older name of a zone, such as "Asia/Calcutta".
  const given = text.trim()
  if (given.includes("/") && isTimeZone(given)) return [given]
  return TIME_ZONES.filter((name) => name.toLowerCase().includes(wanted))
}
