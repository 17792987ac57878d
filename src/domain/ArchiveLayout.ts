/**
 * Where things lie in the archive: names of files from what is in them, and back.
 *
 * In: markets, families of events, times. Out: groups (a file's name without its ending), final names and parts. Promises:
 * names are lower case; all of one market and hour, or of one family and day (UTC), is one group; what is not spot names
 * its market; `parse` undoes `finalOf` and `partOf`.
 */
import { Option } from "effect"
import * as Instrument from "./Instrument.ts"

export const ROOT = "arbitrage-bot-data/"
export const MARKET_DATA = `${ROOT}market-data/`

/** What is kept for a time of its own, each in a folder of that name. */
export const SECTIONS = ["market-data", "analytics", "audit-logs"] as const
export type Section = typeof SECTIONS[number]

export const sectionFolder = (section: Section): string => `${ROOT}${section}/`

/** How far retention has come; it is no file of records. */
export const RETENTION = `${ROOT}retention.json`

export const ANALYTICS_FAMILIES = [
  "distribution-events",
  "session-analytics",
  "user-engagement",
  "analysis-results",
] as const
export const AUDIT_FAMILIES = ["user-actions", "system-events", "compliance-logs"] as const
/** A kind of event that has a file of its own each day. */
export type Family = typeof ANALYTICS_FAMILIES[number] | typeof AUDIT_FAMILIES[number]

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** When the day (UTC) of that moment began, ms. */
export const dayOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS

const padded = (value: number, width: number): string => String(value).padStart(width, "0")

interface Stamp {
  readonly year: string
  readonly month: string
  readonly day: string
  readonly hour: string
}

const stampOf = (atMs: number): Stamp => {
  const date = new Date(atMs)
  return {
    year: padded(date.getUTCFullYear(), 4),
    month: padded(date.getUTCMonth() + 1, 2),
    day: padded(date.getUTCDate(), 2),
    hour: padded(date.getUTCHours(), 2),
  }
}

const dayFolder = ({ day, month, year }: Stamp): string => `year=${year}/month=${month}/day=${day}/`

/** Every market's group of that hour lies under it. */
export const hourFolder = (atMs: number): string => {
  const stamp = stampOf(atMs)
  return `${MARKET_DATA}${dayFolder(stamp)}hour=${stamp.hour}/`
}

/** `kraken-btc-usdt`, `okx-btc-usdt-linear-usdt`, `binancecoinm-btc-usd-inverse-btc`. */
export const marketName = (venue: string, instrument: string): string => {
  const known = Option.getOrUndefined(Instrument.parse(instrument))
  const pair = known === undefined ? Instrument.token(instrument) : Instrument.pairToken(known)
  const market = known === undefined || known.market === "spot" ? "" : `-${Instrument.marketToken(known)}`
  return `${venue}-${pair}${market}`.toLowerCase()
}

/** Of a tick with that ingest time (ms); `market` as `marketName` gives it. */
export const marketGroup = (market: string, atMs: number): string => {
  const { day, hour, month, year } = stampOf(atMs)
  return `${hourFolder(atMs)}${market}-${year}${month}${day}-${hour}`
}

const sectionOf = (family: Family): Section => AUDIT_FAMILIES.some((one) => one === family) ? "audit-logs" : "analytics"

/** Of an event with that time (ms). */
export const familyGroup = (family: Family, atMs: number): string => {
  const stamp = stampOf(atMs)
  return `${sectionFolder(sectionOf(family))}${dayFolder(stamp)}${family}-${stamp.year}${stamp.month}${stamp.day}`
}

const ENDING = ".json.gz"

export const finalOf = (group: string): string => `${group}${ENDING}`
/** The batch's number is what a part is told from others by. */
export const partOf = (group: string, batch: number): string => `${group}.part-${padded(batch, 4)}${ENDING}`

export interface Place {
  readonly group: string
  /** Number of the batch; null: the final name. */
  readonly part: number | null
  /** What the group holds: `[fromMs, toMs)`. */
  readonly fromMs: number
  readonly toMs: number
  /** As `marketName` gives it; null for events. */
  readonly market: string | null
  /** Null for market data. */
  readonly family: Family | null
}

const FAMILIES: ReadonlyArray<Family> = [...ANALYTICS_FAMILIES, ...AUDIT_FAMILIES]
const NAME = /^(.+)-(\d{4})(\d{2})(\d{2})(?:-(\d{2}))?(?:\.part-(\d{4,}))?\.json\.gz$/

/** None for a name that is not of this layout, or lies where it does not belong. */
export const parse = (key: string): Option.Option<Place> => {
  const [, name = "", year, month, day, hour, part] = NAME.exec(key.slice(key.lastIndexOf("/") + 1)) ?? []
  const fromMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour ?? 0))
  if (!Number.isFinite(fromMs)) return Option.none()
  const family = FAMILIES.find((known) => known === name) ?? null
  const group = hour !== undefined ? marketGroup(name, fromMs) : family !== null ? familyGroup(family, fromMs) : null
  if (group === null) return Option.none()
  const number = part === undefined ? null : Number(part)
  if (key !== (number === null ? finalOf(group) : partOf(group, number))) return Option.none()
  const isMarket = hour !== undefined
  return Option.some({
    group,
    part: number,
    fromMs,
    toMs: fromMs + (isMarket ? HOUR_MS : DAY_MS),
    market: isMarket ? name : null,
    family: isMarket ? null : family,
  })
}

/** Folders that hold the market data of a span, hour by hour; none: the span is so long that listing all is less work. */
export const hourFolders = (fromMs: number, toMs: number): Option.Option<ReadonlyArray<string>> => {
  const first = Math.floor(fromMs / HOUR_MS), last = Math.ceil(toMs / HOUR_MS)
  if (!(last - first <= MOST_FOLDERS)) return Option.none()
  return Option.some(Array.from({ length: Math.max(0, last - first) }, (_, at) => hourFolder((first + at) * HOUR_MS)))
}
const MOST_FOLDERS = 72
