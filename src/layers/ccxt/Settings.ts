/**
 * What the live feeds can be told.
 *
 * In: what the program chose. Out: settings with every default filled in. Promises: the defaults are those of
 * production; tests shorten times and point URLs to a local server.
 */
import type { VenueId } from "../../domain/Instrument.ts"
import type { CcxtExchange } from "./CcxtShape.ts"

export interface CcxtSettings {
  /** Other hosts for a venue's REST and websocket URLs: `http://127.0.0.1:1234` by venue. */
  readonly baseUrls: Readonly<Record<VenueId, string>>
  /** Whether ccxt keeps to the venue's request limits. Off only against a server of one's own. */
  readonly rateLimit: boolean
  /** How long a REST call waits for its share of the venue's budget before it is refused. */
  readonly restPatienceMs: number
  /** A store that did not answer for the budget is asked again after this; until then this process reckons alone. */
  readonly storePauseMs: number
  /** How often a venue is asked over REST for what it has no channel for. */
  readonly pollEveryMs: number
  /** Events a feed holds for a slow consumer; when full, new ones are dropped and a gap is announced. */
  readonly queueCapacity: number
  /** A longer frame is never parsed. */
  readonly maxFrameCharacters: number
  /** A price may grow or shrink by this fraction from one frame to the next; more must be confirmed. */
  readonly maxJump: number
  /** How often silent but living subscriptions say so, and how often the venue is asked to answer. */
  readonly heartbeatMs: number
  /** A socket that says nothing at all for so long, pongs included, is dead. */
  readonly silenceMs: number
  /** How often a whole book is repeated for those who come later. */
  readonly snapshotEveryMs: number
  /** A new snapshot has to be there after so long, else the connection is made anew. */
  readonly resyncTimeoutMs: number
  /** A connection that worked for so long starts its back-off afresh when it is lost. */
  readonly healthyAfterMs: number
  readonly backoffBaseMs: number
  readonly backoffCapMs: number
  /** Puts something else between a fresh exchange and its venue than the network; absent: nothing. */
  readonly wire?: (venue: VenueId, exchange: CcxtExchange) => void
}

export const defaultSettings: CcxtSettings = {
  baseUrls: {},
  rateLimit: true,
  restPatienceMs: 20_000,
  storePauseMs: 5_000,
  pollEveryMs: 30_000,
  queueCapacity: 65_536,
  maxFrameCharacters: 4 * 1024 * 1024,
  maxJump: 0.5,
  heartbeatMs: 1_000,
  silenceMs: 10_000,
  snapshotEveryMs: 10_000,
  resyncTimeoutMs: 10_000,
  healthyAfterMs: 10_000,
  backoffBaseMs: 250,
  backoffCapMs: 30_000,
}
