/**
 * The region table: in which countries a venue serves nobody.
 *
 * In: nothing. Out: countries by venue, with the page they come from and when it was read. Promises: only what a page
 * said that we could read; a venue without an entry blocks nobody, which means "unknown", not "allowed"; operators add to
 * it by `ARBEDGE_BLOCKED_REGIONS`. A change of any entry is a new `VERSION`, and a test holds it to that.
 */

/** Shown in traces of eligibility. */
export const VERSION = "2026-11-21"

export interface RegionEntry {
  readonly venues: ReadonlyArray<string>
  readonly source: string
  /** The venue's own page, or somebody's report of it. */
  readonly isOfVenue: boolean
  readonly read: string
  /** ISO 3166-1 alpha-2. A country that is served in part is not here. */
  readonly blocked: ReadonlyArray<string>
}

const READ = "2026-11-21"

export const REGION_TABLE: ReadonlyArray<RegionEntry> = [
  {
    venues: ["kraken", "krakenfutures"],
    source: "https://support.kraken.com/hc/ru/articles/360001368823",
    isOfVenue: true,
    read: READ,
    blocked: ["AF", "CD", "CG", "CU", "IQ", "IR", "KP", "LY", "SY", "TJ"],
  },
  {
    venues: ["binance", "binanceusdm", "binancecoinm"],
    source: "https://thecapital.ng/full-list-us-uk-canada-17-other-countries-where-binance-is-banned-restricted",
    isOfVenue: false,
    read: READ,
    blocked: ["CA", "US"],
  },
  {
    venues: ["binance", "binanceusdm", "binancecoinm"],
    source:
      "https://www.abokifx.com/news/list-of-countries-where-binance-operations-is-banned-restricted-nigerian-tribune",
    isOfVenue: false,
    read: READ,
    blocked: ["NL"],
  },
  {
    venues: ["binance", "binanceusdm", "binancecoinm"],
    source: "https://cryptoshib.com/binance-cuts-off-users-from-restricted-jurisdictions",
    isOfVenue: false,
    read: READ,
    blocked: ["IR"],
  },
  {
    venues: ["okx"],
    source: "https://revain.org/ru/exchanges/okex/review-d98b7b64-bfb2-40ad-9975-e4495915a7af",
    isOfVenue: false,
    read: READ,
    blocked: ["CU", "IR", "KP", "SY"],
  },
]

/** Countries by venue. */
export type BlockedRegions = ReadonlyMap<string, ReadonlySet<string>>

/** `OKX=US|CA` as an operator writes it; null: not of that form. */
const ofOperator = (text: string): readonly [venue: string, countries: ReadonlyArray<string>] | null => {
  const match = /^([a-z0-9_]+)=([A-Z]{2}(?:\|[A-Z]{2})*)$/i.exec(text)
  const [, venue, countries] = match ?? []
  return venue === undefined || countries === undefined
    ? null
    : [venue.toLowerCase(), countries.toUpperCase().split("|")]
}

/** The table with what the operator adds; and the texts that say nothing it can use. */
export const blockedRegions = (
  additions: ReadonlyArray<string>,
): { readonly regions: BlockedRegions; readonly unreadable: ReadonlyArray<string> } => {
  const regions = new Map<string, Set<string>>(), unreadable: Array<string> = []
  const add = (venue: string, countries: ReadonlyArray<string>) => {
    const known = regions.get(venue) ?? new Set()
    for (const country of countries) known.add(country)
    regions.set(venue, known)
  }
  for (const { blocked, venues } of REGION_TABLE) for (const venue of venues) add(venue, blocked)
  for (const text of additions) {
    const read = ofOperator(text)
    if (read === null) unreadable.push(text)
    else add(...read)
  }
  return { regions, unreadable }
}

/** Which of these venues serve nobody there. */
export const blockingVenues = (
  regions: BlockedRegions,
  venues: ReadonlyArray<string>,
  country: string,
): ReadonlyArray<string> => venues.filter((venue) => regions.get(venue)?.has(country) === true)
