/**
 * What of the archive a command is about, and the list of its files.
 *
 * In: spans, venues, instruments, families as a person names them. Out: which files; what `arbedge archive ls` shows.
 * Promises: a filter on markets leaves events out; what is not named is not filtered.
 */
import { Effect, Option } from "effect"
import * as Layout from "../domain/ArchiveLayout.ts"
import * as Reader from "../streams/archive/Reader.ts"

/** One line a file: what `ls` shows. */
export interface Listed {
  readonly key: string
  readonly bytes: number
  readonly part: number | null
  readonly from: string
  readonly until: string
}

export const listArchive = Effect.fn("Archive.list")(function* (selection: Reader.Selection) {
  const files = yield* Reader.filesIn(selection)
  return files.map(({ bytes, fromMs, key, part, toMs }): Listed => ({
    key,
    bytes,
    part,
    from: new Date(fromMs).toISOString(),
    until: new Date(toMs).toISOString(),
  }))
})

/** Whatever of the layout is wanted; null: no bound. */
export interface Wanted {
  readonly fromMs: number | null
  readonly toMs: number | null
  /** Empty: all. */
  readonly venues: ReadonlyArray<string>
  readonly instruments: ReadonlyArray<string>
  /** "market-data", or a family of events. Empty: all. */
  readonly families: ReadonlyArray<string>
}

export const selectionOf = ({ families, fromMs, instruments, toMs, venues }: Wanted): Reader.Selection => {
  const names = new Set(
    venues.length === 0 ? [] : venues.flatMap((venue) => instruments.map((name) => Layout.marketName(venue, name))),
  )
  const ends = instruments.map((name) => Layout.marketName("", name))
  const ofMarket = (market: string): boolean =>
    names.size > 0
      ? names.has(market)
      : (venues.length === 0 || venues.some((venue) => market.startsWith(`${venue}-`))) &&
        (ends.length === 0 || ends.some((end) => market.slice(market.indexOf("-")) === end))
  return {
    fromMs,
    toMs,
    wanted: ({ family, market }) =>
      (families.length === 0 || families.includes(family ?? "market-data")) &&
      (market === null ? names.size === 0 && venues.length === 0 && instruments.length === 0 : ofMarket(market)),
  }
}

export const isWhole = ({ families, fromMs, instruments, toMs, venues }: Wanted): boolean =>
  fromMs === null && toMs === null && venues.length === 0 && instruments.length === 0 && families.length === 0

/** Ms of what a person writes for a moment: "2026-11-21", "2026-11-21T18", an ISO time; UTC where no zone is named. */
export const momentOf = (text: string): Option.Option<number> => {
  const whole = /^\d{4}-\d{2}-\d{2}T\d{2}$/.test(text) ? `${text}:00` : text
  const zoned = /T.*(?:Z|[+-]\d{2}:?\d{2})$/.test(whole) ? whole : whole.includes("T") ? `${whole}Z` : `${whole}T00:00Z`
  const ms = Date.parse(zoned)
  return Number.isFinite(ms) ? Option.some(ms) : Option.none()
}
