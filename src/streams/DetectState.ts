/**
 * What a checkpoint keeps of one partition's detection.
 *
 * In: slots as they stand. Out: JSON, and slots that stand so again. Promises: deep books are not kept: they are rebuilt
 * from the stream.
 */
import { Schema } from "effect"
import { withDefault } from "../domain/ConfigValues.ts"
import { VolatilityState } from "../domain/Volatility.ts"
import { type Slot, STAMPED_KINDS } from "./detectors/Slot.ts"

const Stamp = Schema.Struct({ at: Schema.Int, ordinal: Schema.Int })

/**
 * An instrument as it stood at a checkpoint, in the order in which they were first heard of. Only books of quotes are
 * held here; deep ones are rebuilt from the stream instead.
 */
export const SlotState = Schema.Struct({
  venue: Schema.String,
  instrument: Schema.String,
  reference: Schema.Boolean,
  /** Its best level, where its book came from quotes. */
  quote: Schema.NullOr(Schema.Struct({
    bid: Schema.String,
    bidSize: Schema.String,
    ask: Schema.String,
    askSize: Schema.String,
    seq: Schema.NullOr(Schema.Int),
  })),
  broken: Schema.Boolean,
  /** Null: never. */
  seenAt: Schema.NullOr(Schema.Int),
  stamps: Schema.Struct({ quote: Stamp, book: Stamp, trade: Stamp, funding: Stamp, candle: Stamp }),
  /** Null: never measured; checkpoints of before there was any measuring have none. */
  volatility: withDefault(Schema.NullOr(VolatilityState), null),
})
export type SlotState = typeof SlotState.Type

/** All that a checkpoint keeps of one partition's detection. */
export const DetectState = Schema.Struct({
  slots: Schema.Array(SlotState),
  /** Each detector's own, by its name. */
  detectors: Schema.Record(Schema.String, Schema.Unknown),
})
export type DetectState = typeof DetectState.Type

/** A side that holds nothing. */
const EMPTY_LEVEL = ["0", "0"] as const

export const slotState = (slot: Slot, reference: boolean): SlotState => {
  const { asks, bids, fromQuotes, seq, state } = slot.book
  const [bid, bidSize] = bids.at(0) ?? EMPTY_LEVEL, [ask, askSize] = asks.at(0) ?? EMPTY_LEVEL
  return {
    venue: slot.venue,
    instrument: slot.instrument.name,
    reference,
    quote: fromQuotes ? { bid, bidSize, ask, askSize, seq } : null,
    broken: state === "broken",
    seenAt: slot.seenAt === -Infinity ? null : slot.seenAt,
    stamps: {
      quote: slot.lastStamp("quote"),
      book: slot.lastStamp("book"),
      trade: slot.lastStamp("trade"),
      funding: slot.lastStamp("funding"),
      candle: slot.lastStamp("candle"),
    },
    volatility: slot.volatility.snapshot(),
  }
}

/** Puts back what the stream does not tell again. */
export const resumeSlot = (slot: Slot, { quote, seenAt, stamps, volatility }: SlotState): void => {
  if (quote !== null) slot.quote(quote.bid, quote.bidSize, quote.ask, quote.askSize, quote.seq)
  for (const kind of STAMPED_KINDS) slot.restoreStamp(kind, stamps[kind].at, stamps[kind].ordinal)
  slot.seenAt = seenAt ?? -Infinity
  if (volatility !== null) slot.volatility.restore(volatility)
}
