/**
 * A value of the bucket `market_data`: the newest that is known of one market and kind, for us and for any NATS client.
 *
 * In: ticks, with where they came from and until when they may be used. Out: JSON and back. Promises: what is read back
 * is checked whole; a reader needs no code of ours: `ticks` are lines of a recording, times are integer milliseconds.
 */
import { Array as Arr, Option, Result, Schema } from "effect"
import { DataSource } from "./Frame.ts"
import { lifetimeMs, LONGEST_MS, paceAfter } from "./Lifetime.ts"
import type { VenueQuery } from "./MarketQuery.ts"
import { Tick } from "./Tick.ts"
import * as TickCodec from "./TickCodec.ts"

const TimeMs = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const MarketEntry = Schema.Struct({
  v: Schema.Literal(1),
  data: DataSource,
  source: Schema.Literals(["stream", "api"]),
  /** When the source last said that this holds. */
  asOf: TimeMs,
  /** From then on it is no longer to be used; never later than the bucket's time to live. */
  expiresAt: TimeMs,
  /** The pace of the market that `expiresAt` was made from, in basis points a second; null: not known, or no price. */
  bpsPerS: Schema.NullOr(Schema.Finite.check(Schema.isGreaterThanOrEqualTo(0))),
  /** One; of candles, as many as there are. */
  ticks: Schema.NonEmptyArray(Tick),
})
export type MarketEntry = typeof MarketEntry.Type

/** The ticks are read by their own codec, which is many times faster than their Schema. */
const Envelope = Schema.fromJsonString(
  Schema.Struct({ ...MarketEntry.fields, ticks: Schema.NonEmptyArray(Schema.Unknown) }),
)
const openEnvelope = Schema.decodeUnknownResult(Envelope)
const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const encode = (entry: MarketEntry): Uint8Array => encoder.encode(JSON.stringify(entry))

/** None if it is not what `encode` writes. */
export const decode = (bytes: Uint8Array): Option.Option<MarketEntry> => {
  const opened = openEnvelope(decoder.decode(bytes))
  if (Result.isFailure(opened)) return Option.none()
  const ticks: Array<Tick> = []
  for (const value of opened.success.ticks) {
    const tick = TickCodec.fromUnknown(value)
    if (TickCodec.isBad(tick)) return Option.none()
    ticks.push(tick)
  }
  return Arr.isArrayNonEmpty(ticks) ? Option.some({ ...opened.success, ticks }) : Option.none()
}

/** A price that stands for the market: the middle of a quote, the last of a ticker; null of everything else. */
const midOf = (tick: Tick): number | null =>
  tick.kind === "quote" ? (Number(tick.bid) + Number(tick.ask)) / 2 : tick.kind === "ticker" ? Number(tick.last) : null

const BOOK_MS = 5_000

/** Prices by the market's pace, a book 5 s, a funding rate as long as the bucket keeps it, candles until the next. */
const usableMs = (query: VenueQuery, bpsPerS: number | null): number => {
  switch (query.kind) {
    case "quote":
    case "ticker":
      return lifetimeMs(bpsPerS)
    case "book":
      return BOOK_MS
    case "funding":
      return LONGEST_MS
    case "candle":
      return Math.min(query.intervalMs, LONGEST_MS)
  }
}

/** `before`: the entry that this one takes the place of, if it is still known; the pace is measured from it on. */
export const entryOf = (
  query: VenueQuery,
  said: Pick<MarketEntry, "data" | "source" | "asOf" | "ticks">,
  before: MarketEntry | null,
): MarketEntry => {
  const mid = midOf(said.ticks[0]), midBefore = before === null ? null : midOf(before.ticks[0])
  const pace = mid === null || before === null || midBefore === null
    ? null
    : paceAfter({ mid: midBefore, atMs: before.asOf, bpsPerS: before.bpsPerS }, mid, said.asOf)
  const bpsPerS = pace?.bpsPerS ?? null
  return { v: 1, ...said, expiresAt: said.asOf + usableMs(query, bpsPerS), bpsPerS }
}
