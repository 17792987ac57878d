/**
 * A link that tells that it was followed: what it says, without its signature.
 *
 * In: who was shown it, under which opportunity, to which instrument's page, and until when it holds. Out: text for the
 * end of an address, and the same read back. Promises: it names no address: where it leads is looked up in the table of
 * venue pages when it is followed, so no link, however made, leads anywhere else.
 */
import { Option, Schema } from "effect"
import { pageOf } from "./VenuePages.ts"

const Claim = Schema.Tuple([Schema.String, Schema.String, Schema.Boolean, Schema.String, Schema.String, Schema.Int])

export interface ClickLink {
  readonly userId: string
  readonly opportunityId: string
  readonly inGroup: boolean
  readonly venue: string
  readonly instrument: string
  /** Followed from then on (ms) it is refused. */
  readonly expiresAt: number
}

/** Opportunities are long gone by then; their venues' pages are not. */
export const LINK_LIFETIME_MS = 7 * 86_400_000

const ClaimJson = Schema.fromJsonString(Claim)
const encodeClaim = Schema.encodeSync(ClaimJson)
const decodeClaim = Schema.decodeUnknownOption(ClaimJson)

export const encode = ({ expiresAt, inGroup, instrument, opportunityId, userId, venue }: ClickLink): string =>
  encodeClaim([userId, opportunityId, inGroup, venue, instrument, expiresAt])

export const decode = (text: string): Option.Option<ClickLink> =>
  Option.map(decodeClaim(text), ([userId, opportunityId, inGroup, venue, instrument, expiresAt]) => ({
    userId,
    opportunityId,
    inGroup,
    venue,
    instrument,
    expiresAt,
  }))

/** Where it leads; null: nowhere any more. */
export const targetOf = ({ instrument, venue }: Pick<ClickLink, "venue" | "instrument">): string | null =>
  pageOf(venue, instrument)
