/**
 * Subjects: every name under which something travels on the bus, in one place.
 *
 * In: venues, instruments, opportunities. Out: NATS subjects and the declarations' names. Promises: tokens hold only
 * `a-zA-Z0-9-_`; a market subject can be read back into venue and instrument.
 */
import { Option, Schema } from "effect"
import * as Instrument from "./Instrument.ts"
import type { Partition } from "./Frame.ts"
import { leadingLeg, type Opportunity } from "./Opportunity.ts"
import { TICK_KINDS, type TickKind } from "./Tick.ts"

/** Durable frames of one partition: `md.frame.<p>`, or `md.venue.<venue>` of a venue's spot markets. */
export const frame = (partition: Partition): string =>
  typeof partition === "number" ? `md.frame.${partition}` : `md.venue.${Instrument.token(partition)}`
const isVenue = Schema.is(Instrument.VenueId)

/** What `frame` was made of; none for any other subject. */
export const parseFrame = (subject: string): Option.Option<Partition> => {
  const [md, kind, token = "", ...more] = subject.split(".")
  if (md !== "md" || more.length > 0) return Option.none()
  if (kind === "venue") return Option.filter(Instrument.fromToken(token), isVenue)
  const partition = Number(token)
  return kind === "frame" && /^\d+$/.test(token) && partition < Instrument.PARTITIONS
    ? Option.some(partition)
    : Option.none()
}
/** Every tick once. */
export const ALL_FRAMES = "md.frame.*"
/** The same ticks of spot markets once more, by venue. */
export const ALL_VENUE_FRAMES = "md.venue.*"

/** Live ticks: `md.v1.<venue>.<market>.<base>-<quote>.<kind>`. */
export const live = (venue: string, instrument: Instrument.Instrument, kind: string): string =>
  `md.v1.${Instrument.token(venue)}.${Instrument.marketToken(instrument)}.${Instrument.pairToken(instrument)}.${kind}`

export interface LiveSubject {
  readonly venue: string
  readonly instrument: Instrument.Instrument
  readonly kind: TickKind | "stale"
}

export const ALL_LIVE = "md.v1.>"

/** What `live` was made of; none for any other subject. */
export const parseLive = (subject: string): Option.Option<LiveSubject> => {
  const [md, version, venueToken, market, pair, kind, ...more] = subject.split(".")
  const kinds: ReadonlyArray<TickKind | "stale"> = [...TICK_KINDS, "stale"]
  const found = kinds.find((known) => known === kind)
  if (md !== "md" || version !== "v1" || more.length > 0 || found === undefined) return Option.none()
  return Option.gen(function* () {
    const venue = yield* Instrument.fromToken(venueToken ?? "")
    const instrument = yield* Instrument.fromTokens(market ?? "", pair ?? "")
    return { venue, instrument, kind: found }
  })
}

const opportunityEvent = (found: Pick<Opportunity, "type" | "legs">, event: string): string => {
  const pair = Option.map(Instrument.parse(leadingLeg(found)?.instrument ?? ""), Instrument.pairToken)
  return `opp.v1.${found.type}.${Option.getOrElse(pair, () => "unknown")}.${event}`
}

/** `opp.v1.<type>.<base>-<quote>.<state>`, by the pair of the leading leg. */
export const opportunity = (found: Pick<Opportunity, "type" | "legs" | "state">): string =>
  opportunityEvent(found, found.state)
/** Beside the transition that closed one whose time ran out. */
export const expired = (found: Pick<Opportunity, "type" | "legs">): string => opportunityEvent(found, "expired")
/** Whether it is said beside a transition, and none itself. */
export const isExpired = (subject: string): boolean => subject.endsWith(".expired")
export const ALL_OPPORTUNITIES = "opp.v1.>"

/** A durable fact: `evt.v1.<area>.<event>`. */
export const fact = (area: string, event: string): string => `evt.v1.${area}.${event}`
export const ALL_FACTS = "evt.v1.>"

/** Refused market events of one venue. */
export const quarantine = (venue: string): string => `quarantine.${Instrument.token(venue)}`
export const ALL_QUARANTINE = "quarantine.*"

/** Asked with anything, answered with the list of schemas, or with one of them: `schema.v1`, `schema.v1.<name>`. */
export const SCHEMAS = "schema.v1"
export const schema = (name: string): string => `${SCHEMAS}.${name}`
export const ALL_SCHEMAS = `${SCHEMAS}.>`
