/**
 * What the live feeds count, by venue.
 *
 * In: batches of feed events, counters of a connection. Out: Effect metrics. Promises: nothing is refused, dropped,
 * repeated or broken without being counted here under its reason.
 */
import { Effect, Metric } from "effect"
import type { FeedEvent } from "../../domain/Feed.ts"

const frames = Metric.counter("feed_frames_total", { description: "Frames received from a venue" })
const duplicates = Metric.counter("feed_duplicates_total", {
  description: "Book deltas received again and not applied",
})
const dropped = Metric.counter("feed_dropped_total", {
  description: "Events dropped because the feed's queue was full",
})
const bad = Metric.counter("feed_bad_total", { description: "Frames refused, by reason" })
const gaps = Metric.counter("feed_gaps_total", { description: "Breaks of continuity, by reason" })
const dials = Metric.counter("feed_dials_total", { description: "Connections begun to a venue" })
const refusals = Metric.counter("rest_refusals_total", { description: "REST calls a venue refused as too many" })
const waits = Metric.counter("rest_waits_total", {
  description: "REST calls held back: the budget was spent, or the breaker open",
})
const offset = Metric.gauge("feed_clock_offset_seconds", { description: "Estimated venue clock minus ours, by venue" })

const add = (counter: Metric.Counter<number>, by: number, attributes: Record<string, string>): Effect.Effect<void> =>
  by === 0 ? Effect.void : Metric.update(Metric.withAttributes(counter, attributes), by)

/** Counts what stands in a batch. */
export const countEvents = (venue: string, events: ReadonlyArray<FeedEvent>): Effect.Effect<void> => {
  const updates: Array<Effect.Effect<void>> = []
  for (const event of events) {
    if (event._tag === "Bad") updates.push(add(bad, 1, { venue, reason: event.reason }))
    else if (event._tag === "ClockOffset") {
      updates.push(Metric.update(Metric.withAttributes(offset, { venue }), event.offsetMs / 1_000))
    } else if (event._tag === "State") {
      if (event.state === "connecting") updates.push(add(dials, 1, { venue }))
    } else {
      for (const tick of event.ticks) {
        if (tick.kind === "gap") updates.push(add(gaps, 1, { venue, reason: tick.reason }))
      }
    }
  }
  return updates.length === 0 ? Effect.void : Effect.all(updates, { discard: true })
}

export interface Counts {
  readonly frames: number
  readonly duplicates: number
  readonly dropped: number
}

/** Counts what came since `before`. */
export const countFrames = (venue: string, before: Counts, now: Counts): Effect.Effect<void> =>
  Effect.all([
    add(frames, now.frames - before.frames, { venue }),
    add(duplicates, now.duplicates - before.duplicates, { venue }),
    add(dropped, now.dropped - before.dropped, { venue }),
  ], { discard: true })

/** A REST call was refused by the venue. */
export const countRefusal = (venue: string): Effect.Effect<void> => add(refusals, 1, { venue })

/** A REST call was not let through at once. */
export const countWait = (venue: string, reason: "blocked" | "spent"): Effect.Effect<void> =>
  add(waits, 1, { venue, reason })
