/**
 * Topology: the durable streams of the product, declared in one place.
 *
 * In: nothing. Out: declarations for `Bus.ensureStream`. When a stream is full its oldest messages go first; who reads
 * slower than that is told by the jump in sequence.
 */
import { Duration, Effect } from "effect"
import * as Subject from "../domain/Subject.ts"
import { Bus, type BusError, type StreamSpec } from "../layers/Bus.ts"

const MEBIBYTE = 1024 * 1024

/** Frames, for a day at most. A frame that is published again within 30 s is stored once. */
export const MARKET_DATA: StreamSpec = {
  name: "MD",
  subjects: [Subject.ALL_FRAMES, Subject.ALL_VENUE_FRAMES],
  maxBytes: 1024 * MEBIBYTE,
  maxAge: Duration.hours(24),
  dedupWindow: Duration.seconds(30),
}

/** Transitions of opportunities, for a week. */
export const OPPORTUNITIES: StreamSpec = {
  name: "OPP",
  subjects: [Subject.ALL_OPPORTUNITIES],
  maxBytes: 256 * MEBIBYTE,
  maxAge: Duration.days(7),
  dedupWindow: Duration.minutes(2),
}

/** Facts, for a week; the archive and the dashboard read them. */
export const FACTS: StreamSpec = {
  name: "EVT",
  subjects: [Subject.ALL_FACTS],
  maxBytes: 256 * MEBIBYTE,
  maxAge: Duration.days(7),
  dedupWindow: Duration.minutes(2),
}

/** Market events that were refused, for three days. */
export const QUARANTINE: StreamSpec = {
  name: "QUARANTINE",
  subjects: [Subject.ALL_QUARANTINE],
  maxBytes: 64 * MEBIBYTE,
  maxAge: Duration.days(3),
  dedupWindow: Duration.minutes(2),
}

/** Creates what is missing and brings limits up to date; idempotent. */
export const ensureStreams: Effect.Effect<void, BusError, Bus> = Effect.gen(function* () {
  const bus = yield* Bus
  yield* Effect.forEach([MARKET_DATA, OPPORTUNITIES, FACTS, QUARANTINE], bus.ensureStream, { discard: true })
}).pipe(Effect.withSpan("Topology.ensureStreams"))
