/**
 * Ticks and frames for tests of the stream path, short to write: what a test does not name is an ordinary value.
 *
 * In: the few fields a test is about. Out: valid ticks, and frames packed from them as the pipeline packs them.
 */
import { Schema } from "effect"
import { DetectConfig } from "../../src/domain/DetectConfig.ts"
import type { DataSource, Frame } from "../../src/domain/Frame.ts"
import type { Level, Tick, TickOf } from "../../src/domain/Tick.ts"
import { Framing } from "../../src/streams/Framing.ts"

/** The instant at which recordings made here begin. */
export const T0 = 1_723_161_254_000

export const quote = (
  venue: string,
  instrument: string,
  ingestTime: number,
  [bid, ask]: readonly [bid: string, ask: string],
  changes: Partial<TickOf<"quote">> = {},
): TickOf<"quote"> => ({
  v: 1,
  venue,
  instrument,
  venueTime: null,
  ingestTime,
  kind: "quote",
  seq: null,
  bid,
  bidSize: "1",
  ask,
  askSize: "1",
  ...changes,
})

export const book = (
  venue: string,
  instrument: string,
  ingestTime: number,
  sides: { readonly bids?: ReadonlyArray<Level>; readonly asks?: ReadonlyArray<Level> },
  changes: Partial<TickOf<"book">> = {},
): TickOf<"book"> => ({
  v: 1,
  venue,
  instrument,
  venueTime: null,
  ingestTime,
  kind: "book",
  snapshot: true,
  firstSeq: null,
  seq: null,
  prevSeq: null,
  bids: [],
  asks: [],
  ...sides,
  ...changes,
})

export const gap = (venue: string, instrument: string, ingestTime: number): TickOf<"gap"> => ({
  v: 1,
  venue,
  instrument,
  venueTime: null,
  ingestTime,
  kind: "gap",
  reason: "disconnect",
})

export const heartbeat = (venue: string, instrument: string, ingestTime: number): TickOf<"heartbeat"> => ({
  v: 1,
  venue,
  instrument,
  venueTime: null,
  ingestTime,
  kind: "heartbeat",
})

/** Every frame that these ticks, in this order, fill. */
export const framesOf = (ticks: ReadonlyArray<Tick>, source: DataSource = "recorded"): ReadonlyArray<Frame> => {
  const framing = new Framing("test.0", source)
  for (const tick of ticks) framing.push(tick)
  framing.flush()
  return framing.take()
}

const decode = Schema.decodeUnknownSync(DetectConfig)

/** No fees on the venues "a" to "e", no lot rules, no staleness, threshold 0, one line an episode. */
export const configOf = (changes: Readonly<Record<string, unknown>> = {}): DetectConfig =>
  decode({
    fees: Object.fromEntries([..."abcde"].map((venue) => [venue, { taker: "0" }])),
    lots: {},
    staleness: null,
    minNetBps: 0,
    hysteresis: false,
    ...changes,
  })
