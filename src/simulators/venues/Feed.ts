/**
 * The simulator as a live feed: the same ticks, each when Effect's Clock reaches its `ingestTime`.
 *
 * In: a feed request and a configuration. Out: batches of `FeedEvent` as a real venue's feed gives them. Promises: no
 * tick comes early or is dropped; a slow reader gets late ticks in larger batches (at most 4,096 ticks each); whoever
 * joins late gets every book's snapshot first. It fails only for a venue or market that the configuration lacks.
 */
import { Clock, Effect, Option, Schema, Stream } from "effect"
import type { FeedEvent, FeedRequest } from "../../domain/Feed.ts"
import type { Tick } from "../../domain/Tick.ts"
import type { SimulationConfig } from "./Config.ts"
import { begin, type Simulation } from "./Simulation.ts"
import { specsOf } from "./Venues.ts"

/** Neither is worth retrying: the configuration does not change. */
export class NotSimulated extends Schema.TaggedError<NotSimulated>()("NotSimulated", {
  reason: Schema.Literals(["unknown_venue", "unknown_instrument"]),
  venue: Schema.String,
  detail: Schema.String,
}) {}

const BATCH_TICKS = 4_096
/** Events skipped between two chances for other fibers to run. */
const SKIP_EVENTS = 10_000

const check = (request: FeedRequest, config: SimulationConfig): Effect.Effect<void, NotSimulated> => {
  const { venue } = request
  const known = specsOf(config, venue)
  if (Option.isNone(known)) {
    return Effect.fail(new NotSimulated({ reason: "unknown_venue", venue, detail: `no simulated venue ${venue}` }))
  }
  const names = new Set(known.value.map((spec) => spec.instrument))
  const missing = request.instruments.filter((instrument) => !names.has(instrument))
  return missing.length === 0 ? Effect.void : Effect.fail(
    new NotSimulated({ reason: "unknown_instrument", venue, detail: `not simulated: ${missing.join(", ")}` }),
  )
}

/** Runs through what has passed before the reader came. */
const skipTo = (simulation: Simulation, nowMs: number): Effect.Effect<void> =>
  Effect.gen(function* () {
    const unheard: Array<Tick> = []
    const isPast = (timeMs: number | null): boolean => timeMs !== null && timeMs < nowMs
    while (isPast(simulation.nextTimeMs())) {
      for (let i = 0; i < SKIP_EVENTS && isPast(simulation.nextTimeMs()); i++) {
        simulation.step(unheard)
        unheard.length = 0
      }
      yield* Effect.yieldNow
    }
    simulation.resnapshot()
  })

/** The venue's clock minus ours as a reader can tell it: the running minimum of receive time minus event time, negated. */
const offsetWatch = (venue: string) => {
  let least = Number.POSITIVE_INFINITY
  return (ticks: ReadonlyArray<Tick>): ReadonlyArray<FeedEvent> => {
    const before = least
    for (const tick of ticks) {
      if (tick.venueTime !== null) least = Math.min(least, tick.ingestTime - tick.venueTime)
    }
    const last = ticks.at(-1)
    return least === before || last === undefined
      ? []
      : [{ _tag: "ClockOffset", venue, offsetMs: -least, ingestTime: last.ingestTime }]
  }
}

/** All that is due, at least one tick; waits for it. Undefined at the end. */
const nextBatch = (simulation: Simulation): Effect.Effect<ReadonlyArray<Tick> | undefined> =>
  Effect.gen(function* () {
    const ticks: Array<Tick> = []
    for (;;) {
      const nowMs = yield* Clock.currentTimeMillis
      let nextMs = simulation.nextTimeMs()
      while (nextMs !== null && nextMs <= nowMs && ticks.length < BATCH_TICKS) {
        simulation.step(ticks)
        nextMs = simulation.nextTimeMs()
      }
      if (ticks.length > 0) return ticks
      if (nextMs === null) return undefined
      yield* Effect.sleep(Math.max(1, nextMs - nowMs))
    }
  })

/**
 * One venue's feed. Where the configuration has no `startTimeMs` the simulation starts when the stream does; feeds of
 * several venues need a common start, as `live` gives them.
 */
export const feed = (
  request: FeedRequest,
  config: SimulationConfig,
): Stream.Stream<ReadonlyArray<FeedEvent>, NotSimulated> =>
  Stream.unwrap(Effect.gen(function* () {
    yield* check(request, config)
    const nowMs = yield* Clock.currentTimeMillis
    const simulation = begin(config, config.startTimeMs ?? nowMs, request)
    yield* skipTo(simulation, nowMs)
    const offsets = offsetWatch(request.venue)
    const connected: ReadonlyArray<FeedEvent> = [
      { _tag: "State", venue: request.venue, state: "connected", detail: "simulated", ingestTime: nowMs },
    ]
    const ticks = Stream.unfold(simulation, (running) =>
      Effect.map(nextBatch(running), (batch) =>
        batch === undefined ? undefined : [
          [{ _tag: "Ticks", ticks: batch }, ...offsets(batch)] satisfies ReadonlyArray<FeedEvent>,
          running,
        ] as const))
    return Stream.concat(Stream.make(connected), ticks)
  }))

/** Fixes the start at the clock's now, unless the configuration names one: every feed of it shows one common world. */
export const live = (config: SimulationConfig): Effect.Effect<SimulationConfig> =>
  config.startTimeMs === null
    ? Effect.map(Clock.currentTimeMillis, (startTimeMs) => ({ ...config, startTimeMs }))
    : Effect.succeed(config)
