/**
 * What one venue's file says, in one shape for all venues.
 *
 * In: nothing. Out: `VenueAdapter` (which ccxt class, how to subscribe, how to read a frame) and `Part` (what a frame
 * says, values still unchecked). Promises: an adapter is pure data and functions; connecting, checking, continuity
 * and resynchronising are the driver's, the same for every venue.
 */
import type { FeedKind } from "../../domain/Feed.ts"
import type { VenueId } from "../../domain/Instrument.ts"
import type { CcxtClient, CcxtExchange, CcxtMarket } from "./CcxtShape.ts"
import type { NumericLevels } from "./Checksum.ts"
import type { Json } from "./Values.ts"

interface PartOf {
  /** The venue's name of the market on the wire, as `wireId` gives it. */
  readonly wireId: string
  /** The venue's event time, in any form `Values.time` reads. */
  readonly time: unknown
}

/** What a frame says of one market. Values are as they came: checked, and refused with a reason, by `Normalise`. */
export type Part =
  | PartOf & {
    readonly kind: "quote"
    readonly seq: unknown
    readonly bid: unknown
    readonly bidSize: unknown
    readonly ask: unknown
    readonly askSize: unknown
  }
  | PartOf & {
    readonly kind: "book"
    readonly snapshot: boolean
    readonly firstSeq: unknown
    readonly seq: unknown
    readonly prevSeq: unknown
    /** `[price, size, ...]` rows; in a delta size 0 removes. */
    readonly bids: unknown
    readonly asks: unknown
    /** The checksum the book must have after this frame; null where the venue gives none. */
    readonly checksum: number | null
  }
  | PartOf & {
    readonly kind: "trade"
    readonly tradeId: unknown
    readonly price: unknown
    readonly size: unknown
    /** The taker's side. */
    readonly side: unknown
  }
  | PartOf & {
    readonly kind: "funding"
    readonly rate: unknown
    readonly intervalMs: number
    readonly nextFundingTime: unknown
  }
  | PartOf & { readonly kind: "ticker"; readonly last: unknown; readonly baseVolume: unknown }

export type PartKind = Part["kind"]
export type BookPart = Extract<Part, { readonly kind: "book" }>

/** What an adapter may look at while it reads a frame. */
export interface ReadContext {
  /** The socket's URL: where a venue uses one market name on two of them, it tells which is meant. */
  readonly url: string
  /** Funding intervals by wire id, ms, as the venue said at the start of the session. */
  readonly fundingIntervalMs: ReadonlyMap<string, number>
  /** The adapter's own notes of this session (for venues that send only what changed). */
  readonly notes: Map<string, Json>
}

/** Starts subscriptions; each is a promise that settles with the first update and only its failure is of interest. */
export type Subscribe = (
  exchange: CcxtExchange,
  instruments: ReadonlyArray<string>,
  depth: number,
) => ReadonlyArray<unknown>

/** Asks for a new snapshot of one book; only its failure is of interest. */
export type Resnapshot = (
  exchange: CcxtExchange,
  client: CcxtClient,
  instrument: string,
  depth: number,
) => Promise<unknown>

/** A question over REST about several instruments; the answer in ccxt's own shapes. */
export type Ask = (exchange: CcxtExchange, instruments: ReadonlyArray<string>) => Promise<unknown>

/** How a venue without a file of its own is followed, by what ccxt says of it. */
export interface Filed {
  /** Kinds without a channel: asked for over REST at intervals. */
  readonly polled: ReadonlyArray<FeedKind>
  /** Best prices are in books alone. */
  readonly quotesByBook: boolean
  /** ccxt verifies books by the venue's checksum; else nobody says whether a delta was lost. */
  readonly checksummed: boolean
  readonly tickers: Ask | undefined
  readonly funding: Ask | undefined
}

export interface VenueAdapter {
  /** Also ccxt's name of the exchange. */
  readonly id: VenueId
  /** `options.fetchMarkets.types` of ccxt: which lists of markets are fetched. */
  readonly marketTypes: ReadonlyArray<string>
  readonly subscribe: { readonly [K in FeedKind]?: Subscribe }
  /** The market's name on the wire. */
  readonly wireId: (market: CcxtMarket) => string
  /** What a frame says; nothing for acknowledgements and heartbeats. */
  readonly read: (message: Json, context: ReadContext) => ReadonlyArray<Part>
  /** Texts that are no JSON and yet in order. */
  readonly isPong: (text: string) => boolean
  /** What to send so that a quiet venue answers: the n-th message of a session, or null for none. */
  readonly ping: (n: number, wireIds: ReadonlyArray<string>) => Json | string | null
  /** ccxt's message hash of an instrument's book. */
  readonly bookHash: (instrument: string) => string
  /** Whether a book's snapshot comes over REST (ccxt's cache shows it) instead of in a frame. */
  readonly restSnapshot: boolean
  /** How to get a new snapshot of one book over the living connection; or that only a new connection brings one. */
  readonly resync: Resnapshot | "reconnect"
  /** Whether a frame of this part must not reach ccxt, whose cache would mix it with another subscription's. */
  readonly ownOnly: (part: Part) => boolean
  /** The checksum of a book; absent where the venue has none. */
  readonly checksum?: (bids: NumericLevels, asks: NumericLevels, market: CcxtMarket) => number
  /** Set where no file of ours reads the frames: ccxt parses them, and what it filed is read instead of them. */
  readonly filed?: Filed
  /** Funding intervals by instrument, ms; absent where frames say it or there is no funding. */
  readonly fundingIntervals?: (
    exchange: CcxtExchange,
    instruments: ReadonlyArray<string>,
  ) => Promise<ReadonlyMap<string, number>>
}
